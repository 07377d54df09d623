// The OpenAPI document is held against the routes, the routes against it, and the answers against both.

import ControlPlaneData
import FleetModel
import Foundation
import HTTPTypes
import InventoryStore
import Testing

@testable import ControlPlane

@Suite struct OpenAPITests {
    let document: JSONValue
    let schema: JSONSchema

    init() throws {
        document = try JSONDecoder().decode(JSONValue.self, from: Data(ControlPlaneFile.openAPI))
        schema = JSONSchema(definitions: document["components"]?["schemas"]?.members ?? [:])
    }

    private func operations() -> [String: JSONValue] {
        (document["paths"]?.members ?? [:]).reduce(into: [:]) { all, path in
            for (method, operation) in path.value.members { all["\(method.uppercased()) \(path.key)"] = operation }
        }
    }

    private func table() throws -> [Route] {
        let server = try Fixture().server()
        return RouteTable(core: server.core, sessions: server.sessions).routes
    }

    @Test("every route is in the document, and the document has no other")
    func sameRoutes() throws {
        let routes = try table().map { "\($0.method.rawValue) \($0.path)" }
        #expect(Set(routes).count == routes.count)
        #expect(routes.sorted() == operations().keys.sorted())
    }

    @Test("every route's status codes are those of the document")
    func sameCodes() throws {
        let operations = operations()
        for route in try table() {
            let name = "\(route.method.rawValue) \(route.path)"
            let documented = Set((operations[name]?["responses"]?.members ?? [:]).keys.compactMap { Int($0) })
            #expect(documented == route.entranceAnswers.union(route.answers), "\(name)")
        }
    }

    @Test("every route asks for the role that the document says, and every body is described")
    func sameAccess() throws {
        let operations = operations()
        for route in try table() {
            let operation = try #require(operations["\(route.method.rawValue) \(route.path)"])
            #expect((operation["requestBody"] != nil) == (route.bodyLimit > 0), "\(route.path)")
            switch route.access {
            case .role(let role): #expect(operation["x-muster-role"] == .string(role.rawValue), "\(route.path)")
            case .open: #expect(operation["security"] == .array([]), "\(route.path)")
            case .handOff, .cookie: #expect(operation["x-muster-role"] == nil, "\(route.path)")
            }
        }
    }

    @Test("every /v1 route but health needs a token")
    func tokens() async throws {
        let plane = try await Fixture().serving()
        for route in try table() where route.path.hasPrefix("/v1/") && route.path != "/v1/health" {
            let path = route.path.replacing("{name}", with: "eu1-01").replacing("{id}", with: "p-1")
            let (bare, wrong) = (
                try await plane.ask(route.method, path), try await plane.ask(route.method, path, TokenText.make())
            )
            #expect(bare.status == 401 && wrong.status == 401, "\(route.path)")
            #expect(try bare.problem.code == "token-missing" && wrong.problem.code == "token-unknown", "\(route.path)")
        }
    }

    @Test("every example fits its schema")
    func examples() {
        var count = 0
        func visit(_ value: JSONValue, _ place: String) {
            if let example = value["example"], let described = value["schema"] {
                count += 1
                #expect(schema.findings(example, described) == [], "\(place)")
            }
            for (name, member) in value.members { visit(member, "\(place)/\(name)") }
        }
        visit(document, "")
        #expect(count > 20)
    }

    @Test("the policy of the example is one that the control plane takes")
    func policyExample() throws {
        let body = operations()["POST /v1/plans"]?["requestBody"]?["content"]?["application/json"]?["example"]
        let data = try JSONEncoder().encode(try #require(body))
        #expect(try JSONDecoder().decode(PlanWanted.self, from: data).policy?.region == "eu1")
    }

    @Test("real answers fit their schemas, a region with a lost host too")
    func realAnswers() async throws {
        let fixture = try Fixture()
        fixture.operations.change { $0.lost = [5] }
        let plane = try await fixture.serving()
        await plane.core.observe()
        _ = try await plane.ask(.get, "/v1/sealed-copy", as: .admin)
        let planned = try await plane.ask(
            .post, "/v1/plans", as: .operator, json: PlanWanted(policy: SampleRegion.policy()))
        let id = try planned.json(PlanAnswer.self).id
        try check(planned, "POST /v1/plans", "200")
        for path in ["status", "region", "clusters", "hosts", "hosts/eu1-05", "events", "tokens", "plans/\(id)"] {
            let role: APIRole = path == "tokens" ? .admin : .viewer
            let route = path.replacing("eu1-05", with: "{name}").replacing("\(id)", with: "{id}")
            try check(try await plane.ask(.get, "/v1/" + path, as: role), "GET /v1/\(route)", "200")
        }
        try check(try await plane.ask(.get, "/v1/health"), "GET /v1/health", "200")
        try check(try await plane.ask(.post, "/v1/page-codes", as: .viewer), "POST /v1/page-codes", "201")
        try check(
            try await plane.ask(.post, "/v1/plans/\(id)/apply", as: .operator), "POST /v1/plans/{id}/apply", "200")
    }

    private func check(_ reply: InProcess.Reply, _ operation: String, _ status: String) throws {
        #expect(String(reply.status) == status, "\(operation): \(reply.text)")
        let media = operations()[operation]?["responses"]?[status]?["content"]?["application/json"]
        let described = try #require(media?["schema"], "\(operation)")
        #expect(schema.findings(try reply.json(JSONValue.self), described) == [], "\(operation)")
    }
}
