// Routes in process: who is let in, what is refused and how, what is written down.

import FleetModel
import Foundation
import HTTPTypes
import Hummingbird
import InventoryStore
import Testing

@testable import ControlPlane

@Suite struct EntranceTests {
    @Test("roles: a viewer reads, an operator plans, an admin hands out tokens")
    func roles() async throws {
        let plane = try await Fixture().serving()
        #expect(try await plane.ask(.get, "/v1/status", as: .viewer).status == 200)
        #expect(
            try await plane.ask(.post, "/v1/plans", as: .viewer, json: PlanWanted(policy: SampleRegion.policy())).status
                == 403)
        let planned = try await plane.ask(
            .post, "/v1/plans", as: .operator, json: PlanWanted(policy: SampleRegion.policy()))
        #expect(planned.status == 200, "\(planned.text)")
        #expect(try await plane.ask(.get, "/v1/tokens", as: .operator).problem.code == "role-too-low")
        #expect(try await plane.ask(.get, "/v1/tokens", as: .admin).status == 200)
        #expect(try await plane.ask(.get, "/v1/sealed-copy", as: .operator).status == 403)
    }

    @Test("addresses: the manifest's networks, the region's hosts and this machine; a token elsewhere opens nothing")
    func addresses() async throws {
        let plane = try await Fixture().serving()
        for (peer, status) in [("198.18.77.1", 200), ("127.0.0.1", 200), ("192.0.2.1", 403), (nil, 403)] {
            let reply = try await plane.ask(.get, "/v1/status", Fixture.tokens[.admin], peer: peer)
            #expect(reply.status == status, "\(peer ?? "nobody")")
        }
        #expect(try await plane.ask(.get, "/v1/health", peer: "192.0.2.1").problem.code == "address-not-allowed")
    }

    @Test("F48: bodies: too large, no JSON, the wrong shape, each with its own words")
    func bodies() async throws {
        let plane = try await Fixture().serving()
        func make(_ text: String) async throws -> InProcess.Reply {
            try await plane.ask(.post, "/v1/tokens", Fixture.tokens[.admin], body: Data(text.utf8))
        }
        #expect(try await make(String(repeating: "x", count: 20_000)).status == 413)
        #expect(try await make("{").problem.code == "body-invalid")
        #expect(try await make("{\"role\":\"admin\"}").problem.message.contains("`name` is missing"))
        #expect(try await make("{\"name\":1,\"role\":\"admin\"}").problem.message.contains("`name` has the wrong type"))
        #expect(try await make("{\"name\":\"a\",\"role\":\"king\"}").problem.message.contains("`role`"))
        #expect(try await make("{\"name\":\"../a b\",\"role\":\"admin\"}").problem.code == "token-name")
    }

    @Test("every answer has the headers that keep browsers tame, errors too")
    func headers() async throws {
        let plane = try await Fixture().serving()
        for path in ["/v1/health", "/v1/status", "/", "/page.js", "/nowhere"] {
            let headers = try await plane.ask(.get, path).headers
            #expect(headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true, "\(path)")
            #expect(headers[.contentSecurityPolicy]?.contains("unsafe") == false, "\(path)")
            #expect(headers[.xContentTypeOptions] == "nosniff", "\(path)")
            for name in [
                "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy",
            ] {
                #expect(headers[try #require(HTTPField.Name(name))] != nil, "\(path) \(name)")
            }
            #expect(headers[.strictTransportSecurity] != nil && headers[.cacheControl] == "no-store", "\(path)")
        }
    }

    @Test("what is not there is 404 in JSON; a wrong method too; odd queries are 400")
    func notThere() async throws {
        let plane = try await Fixture().serving()
        #expect(try await plane.ask(.get, "/v1/nothing", as: .admin).problem.code == "no-such-route")
        #expect(try await plane.ask(.delete, "/v1/status", as: .admin).status == 404)
        #expect(try await plane.ask(.get, "/v1/hosts/none", as: .viewer).problem.code == "host-unknown")
        #expect(try await plane.ask(.get, "/v1/plans/p-none", as: .viewer).problem.code == "plan-unknown")
        for query in ["after=-1", "after=x", "limit=0", "limit=1001"] {
            #expect(try await plane.ask(.get, "/v1/events?\(query)", as: .viewer).problem.code == "query-invalid")
        }
    }

    @Test("a handler that takes too long is answered for")
    func deadline() async throws {
        let request = Request(
            head: .init(method: .get, scheme: nil, authority: nil, path: "/x"), body: .init(buffer: .init()))
        await #expect(throws: APIProblem.self) {
            try await Entrance.within(.milliseconds(20), request) {
                try await Task.sleep(for: .seconds(60))
                return Response(status: .ok)
            }
        }
    }
}

@Suite struct PlanRouteTests {
    @Test("an empty plan is kept, answered with its execs, and applied without a write")
    func empty() async throws {
        let plane = try await Fixture().serving()
        let answer = try await plane.ask(
            .post, "/v1/plans", as: .operator, json: PlanWanted(policy: SampleRegion.policy())
        ).json(
            PlanAnswer.self)
        #expect(answer.isEmpty && answer.execsPerHost.count == 5 && answer.observation.reachable == 5)
        #expect(try await plane.ask(.get, "/v1/plans/\(answer.id)", as: .viewer).json(Plan.self) == answer.plan)
        let applied = try await plane.ask(.post, "/v1/plans/\(answer.id)/apply", as: .operator).json(ApplyAnswer.self)
        #expect(
            applied
                == ApplyAnswer(
                    id: answer.id, remoteWrites: 0, generation: 1, isPolicyChanged: false, isTargetChanged: false))
        #expect(try await plane.events().map(\.kind) == ["hand-off"])
    }

    @Test("an empty plan may bring a new policy and a new target; the witness follows, the audit names who")
    func newPolicy() async throws {
        let fixture = try Fixture()
        let plane = try await fixture.serving()
        var policy = SampleRegion.policy()
        policy.controlPlane.allowFrom = ["192.0.2.0/24"]
        var wanted = SampleRegion.blueprint(generation: 2)
        wanted = Blueprint(
            region: wanted.region, generation: 2, parent: 1, clusters: wanted.clusters, hosts: wanted.hosts,
            controlPlane: DesiredControlPlane(
                cluster: "control", home: "eu1-01", image: "muster:new", port: 8443, allowFrom: ["192.0.2.0/24"]))
        fixture.operations.change { $0.wanted = wanted }
        let answer = try await plane.ask(.post, "/v1/plans", as: .operator, json: PlanWanted(policy: policy)).json(
            PlanAnswer.self)
        let applied = try await plane.ask(.post, "/v1/plans/\(answer.id)/apply", as: .operator).json(ApplyAnswer.self)
        #expect(applied.generation == 2 && applied.isPolicyChanged && applied.isTargetChanged)
        #expect(fixture.operations.state.witnesses.max()?.generation == 2)
        #expect(try await plane.ask(.get, "/v1/status", Fixture.tokens[.viewer], peer: "192.0.2.9").status == 200)
        #expect(try await plane.events().last?.actor == "the-operator")
    }

    @Test("a plan from before the policy changed is stale; a policy of another region is refused")
    func stale() async throws {
        let plane = try await Fixture().serving()
        var policies = [SampleRegion.policy(), SampleRegion.policy()]
        (policies[0].budgets, policies[1].budgets) = (
            BudgetPolicy(failedHosts: .hosts(1)), .init(failedHosts: .hosts(2))
        )
        var answers: [PlanAnswer] = []
        for policy in policies {
            answers.append(
                try await plane.ask(.post, "/v1/plans", as: .operator, json: PlanWanted(policy: policy)).json(
                    PlanAnswer.self))
        }
        #expect(answers[0].id != answers[1].id)
        #expect(try await plane.ask(.post, "/v1/plans/\(answers[1].id)/apply", as: .operator).status == 200)
        let late = try await plane.ask(.post, "/v1/plans/\(answers[0].id)/apply", as: .operator)
        #expect(try late.status == 409 && late.problem.code == "plan-stale")
        #expect(try await plane.core.opened().region.policy == policies[1])
        var other = SampleRegion.policy()
        other.region = "us1"
        #expect(
            try await plane.ask(.post, "/v1/plans", as: .operator, json: PlanWanted(policy: other)).problem.code
                == "other-region")
    }
}

@Suite struct TokenRouteTests {
    @Test("a token is made, works, is listed without its text, is revoked, and each change is in the audit log")
    func life() async throws {
        let plane = try await Fixture().serving()
        let made = try await plane.ask(.post, "/v1/tokens", as: .admin, json: TokenWanted(name: "ci", role: .viewer))
        let token = TokenText(Secret(try made.json(TokenMade.self).token))
        #expect(made.status == 201)
        let first = try await plane.ask(.get, "/v1/status", token)
        #expect(first.status == 200, "\(first.text)")
        let list = try await plane.ask(.get, "/v1/tokens", as: .admin)
        #expect(
            try list.json(TokensAnswer.self).tokens.contains { $0.name == "ci" }
                && !list.text.contains(token.secret.exposed))
        #expect(
            try await plane.ask(.post, "/v1/tokens", as: .admin, json: TokenWanted(name: "ci", role: .viewer)).status
                == 409)
        #expect(try await plane.ask(.delete, "/v1/tokens/ci", as: .admin).status == 204)
        #expect(try await plane.ask(.get, "/v1/status", token).status == 401)
        #expect(try await plane.ask(.delete, "/v1/tokens/ci", as: .admin).status == 404)
        let audit = try await plane.events().filter { $0.kind == "token" }
        #expect(audit.map(\.message) == ["created with the role `viewer`", "revoked"])
        #expect(audit.allSatisfy { $0.actor == "the-admin" && !"\($0)".contains(token.secret.exposed) })
    }

    @Test("the last admin stays")
    func lastAdmin() async throws {
        let plane = try await Fixture().serving()
        #expect(try await plane.ask(.delete, "/v1/tokens/the-admin", as: .admin).problem.code == "last-admin")
    }
}

@Suite struct PageRouteTests {
    private func open(_ plane: InProcess) async throws -> (reply: InProcess.Reply, code: String) {
        let code = try await plane.ask(.post, "/v1/page-codes", as: .viewer).json(PageCodeMade.self).code
        return (try await plane.ask(.get, "/open?code=\(code)"), code)
    }

    private func cookie(_ reply: InProcess.Reply) -> HTTPFields {
        [.cookie: String(reply.headers[.setCookie]?.prefix { $0 != ";" } ?? "")]
    }

    @Test("a code opens once: a cookie that scripts, other sites and plain HTTP never see")
    func once() async throws {
        let plane = try await Fixture().serving()
        let (opened, code) = try await open(plane)
        let cookie = try #require(opened.headers[.setCookie])
        #expect(opened.status == 303 && opened.headers[.location] == "/")
        for word in ["__Host-muster=", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
            #expect(cookie.contains(word))
        }
        #expect(try await plane.ask(.get, "/open?code=\(code)").status == 401)
        #expect(try await plane.ask(.get, "/open").status == 401)
        #expect(try await plane.ask(.get, "/", headers: self.cookie(opened)).status == 200)
        #expect(try await plane.ask(.get, "/page/status", headers: self.cookie(opened)).status == 200)
    }

    @Test("F46: a code is good for 60 s and a session for 12 h, by the clock that nobody sets")
    func expiry() async throws {
        let fixture = try Fixture()
        let plane = try await fixture.serving()
        let code = try await plane.ask(.post, "/v1/page-codes", as: .viewer).json(PageCodeMade.self).code
        fixture.clock.advance(.seconds(61))
        #expect(try await plane.ask(.get, "/open?code=\(code)").status == 401)
        let (opened, _) = try await open(plane)
        fixture.clock.advance(.seconds(12 * 3600 - 1))
        #expect(try await plane.ask(.get, "/page/status", headers: cookie(opened)).status == 200)
        fixture.clock.advance(.seconds(2))
        #expect(try await plane.ask(.get, "/page/status", headers: cookie(opened)).status == 401)
    }

    @Test("a cookie changes nothing, opens no /v1 route, and ends with its token")
    func onlyReads() async throws {
        let plane = try await Fixture().serving()
        let code = try await plane.ask(.post, "/v1/page-codes", as: .admin).json(PageCodeMade.self).code
        let session = cookie(try await plane.ask(.get, "/open?code=\(code)"))
        for (method, path) in [(HTTPRequest.Method.get, "/v1/status"), (.post, "/v1/take-back"), (.post, "/v1/tokens")]
        {
            #expect(try await plane.ask(method, path, headers: session).status == 401, "\(path)")
        }
        _ = try await plane.ask(.post, "/v1/tokens", as: .admin, json: TokenWanted(name: "second", role: .admin))
        _ = try await plane.ask(.delete, "/v1/tokens/the-admin", as: .admin)
        #expect(try await plane.ask(.get, "/page/status", headers: session).status == 401)
        #expect(try await plane.ask(.get, "/", headers: session).text.contains("Signed out"))
    }

    @Test("nobody fills the memory with codes: the oldest makes room")
    func bounds() async throws {
        let sessions = PageSessions(elapsed: { .zero })
        var codes: [Secret] = []
        for _ in 0...PageSessions.most { codes.append(await sessions.makeCode(for: "digest")) }
        #expect(await sessions.redeem(codes[PageSessions.most].exposed) != nil)
        var living = 0
        for code in codes where await sessions.redeem(code.exposed) != nil { living += 1 }
        #expect(living == PageSessions.most - 1)
    }
}
