// A route as a value: what it is called, who may call it, in which stages, with how large a body and for how long.
// The router is built from the table of these, and the OpenAPI document is held against the same table.

import FleetModel
import FoundationEssentials
import Hummingbird
import InventoryStore

/// One route.
struct Route: Sendable {
    /// Who is let in.
    enum Access: Hashable, Sendable {
        /// Anybody who may connect.
        case open
        /// Who holds the hand-off token.
        case handOff
        /// Who holds a token of at least this role.
        case role(APIRole)
        /// A browser that a one-time code let in.
        case cookie
    }

    let method: HTTPRequest.Method
    /// As OpenAPI writes it: `/v1/hosts/{name}`.
    let path: String
    let access: Access
    /// Whether it answers only when there is an inventory to be read.
    var needsInventory = true
    /// The status codes of its own answers; what the way in adds (401, 403, 503 …) comes from `Access`.
    let answers: [Int]
    /// The largest body it reads, in bytes.
    var bodyLimit = 0
    /// How long its handler may take. 30 s is ten times what a full disk makes of an export; half would fail there,
    /// twice would only hide it.
    var deadline = Duration.seconds(30)
    let handle: @Sendable (Asked) async throws -> Response
}

/// A request that was let in.
struct Asked: Sendable {
    let request: Request
    let scope: RequestScope
    /// Who asks: the token's name, or `operator` for the hand-off token.
    let actor: String
    /// SHA-256 of the token that let it in; empty where none is needed.
    let tokenSHA256: String
    let body: Data

    var subject: String { "\(request.method.rawValue) \(request.uri.path)" }

    func parameter(_ name: String) throws -> String {
        guard let value = scope.parameters.get(name), let text = value.removingPercentEncoding else {
            throw APIProblem(.badRequest, .rejected, "path-invalid", subject: subject, "the path has no `\(name)`")
        }
        return text
    }

    /// A number in the query, within bounds.
    func number(_ name: String, in bounds: ClosedRange<Int>, default fallback: Int) throws -> Int {
        guard let text = request.uri.queryParameters[Substring(name)] else { return fallback }
        guard let number = Int(text), bounds.contains(number) else {
            throw APIProblem(
                .badRequest, .rejected, "query-invalid", subject: subject,
                "`\(name)` must be a number from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return number
    }

    func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONAnswer.body(type, of: body, subject: subject)
    }
}

/// The context of one request: whose connection it came on.
struct RequestScope: RequestContext {
    var coreContext: CoreRequestContextStorage
    let peer: String?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress?.ipAddress
    }
}

extension Route {
    /// What the way in to this route may answer besides its own codes.
    var entranceAnswers: Set<Int> {
        var codes: Set<Int> = [403, 500]
        if access != .open { codes.insert(401) }
        if needsInventory { codes.insert(503) }
        if bodyLimit > 0 { codes.formUnion([400, 413]) }
        return codes
    }
}
