// The way in: every request passes here, in this order: from where, in which stage, by whom, how much, how long. A
// route's handler runs only for those who may.

import FleetModel
import FoundationEssentials
import Hummingbird
import InventoryStore

/// Lets requests in to one route.
struct Entrance: Sendable {
    let route: Route
    let core: ControlPlaneCore
    let sessions: PageSessions
    /// The address that a request comes from; tests, which have no sockets, say another.
    let peer: @Sendable (Request, RequestScope) -> String?

    func respond(_ request: Request, _ scope: RequestScope) async throws -> Response {
        let gate = await core.gate
        try checkPeer(peer(request, scope), gate, request)
        try checkStage(gate)
        let (actor, digest) = try await identify(request, gate)
        return try await Self.within(route.deadline, request) {
            let body = try await read(request)
            return try await route.handle(
                Asked(request: request, scope: scope, actor: actor, tokenSHA256: digest, body: body))
        }
    }

    private func checkPeer(_ peer: String?, _ gate: ControlPlaneCore.Gate, _ request: Request) throws {
        guard !gate.peers.allows(peer) else { return }
        throw APIProblem(
            .forbidden, .refused, "address-not-allowed", subject: "address `\(peer ?? "unknown")`",
            "the region's `controlPlane.allowFrom` does not have it",
            hint: "ask from an allowed network, or allow this one in the region's manifest")
    }

    private func checkStage(_ gate: ControlPlaneCore.Gate) throws {
        guard route.needsInventory, !gate.stage.isReadable else { return }
        throw APIProblem(
            .serviceUnavailable,
            gate.stage.problem
                ?? FleetProblem(
                    .unavailable, "stage-\(gate.stage.word)", subject: "control plane",
                    "it is `\(gate.stage.word)` and has nothing to answer from",
                    hint: "look at `GET /v1/health`, then ask again"))
    }

    private func read(_ request: Request) async throws -> Data {
        guard route.bodyLimit > 0 else { return Data() }
        if let text = request.headers[.contentLength], let length = Int(text), length > route.bodyLimit {
            throw APIProblem(
                .contentTooLarge, .rejected, "body-too-large",
                subject: "\(request.method.rawValue) \(request.uri.path)",
                "the body has \(length) bytes, this route takes \(route.bodyLimit)")
        }
        var request = request
        return Data(buffer: try await request.collectBody(upTo: route.bodyLimit))
    }

    /// Runs `body` for at most `deadline`; the clock is monotonic.
    static func within(
        _ deadline: Duration, _ request: Request, _ body: @escaping @Sendable () async throws -> Response
    ) async throws -> Response {
        try await withThrowingTaskGroup(of: Response.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: deadline)
                throw APIProblem(
                    .serviceUnavailable, .unavailable, "deadline",
                    subject: "\(request.method.rawValue) \(request.uri.path)",
                    "it took longer than \(deadline.components.seconds) s",
                    hint: "look at `muster status`, then ask again")
            }
            defer { group.cancelAll() }
            guard let response = try await group.next() else { throw CancellationError() }
            return response
        }
    }
}

extension Entrance {
    private func identify(_ request: Request, _ gate: ControlPlaneCore.Gate) async throws -> (String, String) {
        switch route.access {
        case .open: return ("anybody", "")
        case .handOff:
            let digest = try bearer(request)
            guard TokenText.isSame(digest, core.configuration.handOffTokenSHA256) else { throw unknownToken(request) }
            return ("operator", digest)
        case .role(let least): return try await identify(try bearer(request), least, gate, request)
        case .cookie:
            guard let digest = await sessions.token(of: request), let inventory = gate.inventory,
                let token = try await inventory.token(sha256: digest)
            else { throw signedOut(request) }
            return (token.name, digest)
        }
    }

    private func identify(
        _ digest: String, _ least: APIRole, _ gate: ControlPlaneCore.Gate, _ request: Request
    ) async throws -> (String, String) {
        guard let token = try await gate.inventory?.token(sha256: digest) else { throw unknownToken(request) }
        guard token.role >= least else {
            throw APIProblem(
                .forbidden, .refused, "role-too-low", subject: "token `\(token.name)`",
                "it has the role `\(token.role.rawValue)`, this needs `\(least.rawValue)`",
                hint: "use a token with that role; an admin makes one with `muster token create`")
        }
        return (token.name, digest)
    }

    /// The digest of the bearer token. Tokens are looked up and compared by digest only, so the time that it takes
    /// tells nothing of the token.
    private func bearer(_ request: Request) throws -> String {
        guard let header = request.headers[.authorization], header.lowercased().hasPrefix("bearer ") else {
            throw APIProblem(
                .unauthorized, .rejected, "token-missing", subject: "\(request.method.rawValue) \(request.uri.path)",
                "it needs a token", hint: "send `Authorization: Bearer muster_…`")
        }
        return TokenText.sha256(of: String(header.dropFirst(7)))
    }

    private func unknownToken(_ request: Request) -> APIProblem {
        APIProblem(
            .unauthorized, .rejected, "token-unknown", subject: "\(request.method.rawValue) \(request.uri.path)",
            "the token is not known here, or was revoked", hint: "use a token of this region, or ask an admin for one")
    }

    private func signedOut(_ request: Request) -> APIProblem {
        APIProblem(
            .unauthorized, .rejected, "signed-out", subject: "\(request.method.rawValue) \(request.uri.path)",
            "this browser is not signed in", hint: "run `muster open`")
    }
}

extension Data {
    init(buffer: ByteBuffer) { self = buffer.withUnsafeReadableBytes { Data($0) } }
}
