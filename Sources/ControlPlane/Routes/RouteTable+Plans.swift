// Handlers of the routes for plans and tokens.

import FleetModel
import FoundationEssentials
import HTTPTypes
import Hummingbird
package import InventoryStore

package struct TokensAnswer: Codable, Hashable, Sendable { package var tokens: [APIToken] }

/// What `POST /v1/tokens` wants.
package struct TokenWanted: Codable, Hashable, Sendable {
    package var name: String
    package var role: APIRole

    package init(name: String, role: APIRole) { (self.name, self.role) = (name, role) }
}

/// What `POST /v1/tokens` answers: the only time that the token's text is seen.
struct TokenMade: Codable, Sendable {
    var name: String
    var role: APIRole
    var token: String
}

/// What `POST /v1/page-codes` answers.
struct PageCodeMade: Codable, Sendable {
    var code: String
    var goodForSeconds: Int
}

extension RouteTable {
    func makePlan(_ asked: Asked) async throws -> Response {
        try JSONAnswer.response(try await core.makePlan(try asked.json(PlanWanted.self), by: asked.actor))
    }

    func plan(_ asked: Asked) async throws -> Response {
        try JSONAnswer.response(try await core.plan(PlanID(try asked.parameter("id"))))
    }

    func applyPlan(_ asked: Asked) async throws -> Response {
        let approved = try asked.number("approve", in: 0...Int.max, default: -1)
        let id = PlanID(try asked.parameter("id"))
        switch try await core.apply(id, approved: approved < 0 ? nil : approved, by: asked.actor) {
        case .atOnce(let answer): return try JSONAnswer.response(answer)
        case .begun(let run): return try JSONAnswer.response(run, status: .accepted)
        }
    }
}

extension RouteTable {
    func tokens(_ asked: Asked) async throws -> Response {
        try JSONAnswer.response(TokensAnswer(tokens: try await core.opened().inventory.tokens()))
    }

    func makeToken(_ asked: Asked) async throws -> Response {
        let wanted = try asked.json(TokenWanted.self)
        guard Self.isTokenName(wanted.name) else {
            throw APIProblem(
                .badRequest, .rejected, "token-name", subject: asked.subject,
                "`name` must be 1 to 63 of a-z, 0-9, `.`, `_`, `-`, and begin with a letter or digit")
        }
        let token = TokenText.make()
        try await core.addToken(token, wanted, by: asked.actor)
        let made = TokenMade(name: wanted.name, role: wanted.role, token: token.secret.exposed)
        return try JSONAnswer.response(made, status: .created)
    }

    private static func isTokenName(_ name: String) -> Bool {
        let isLetterOrDigit = { (byte: UInt8) in (97...122).contains(byte) || (48...57).contains(byte) }
        guard (1...63).contains(name.utf8.count), let first = name.utf8.first, isLetterOrDigit(first) else {
            return false
        }
        return name.utf8.allSatisfy { isLetterOrDigit($0) || [45, 46, 95].contains($0) }
    }

    func revokeToken(_ asked: Asked) async throws -> Response {
        try await core.revokeToken(try asked.parameter("name"), by: asked.actor)
        return Response(status: .noContent)
    }

    func makePageCode(_ asked: Asked) async throws -> Response {
        let code = await sessions.makeCode(for: asked.tokenSHA256)
        let made = PageCodeMade(code: code.exposed, goodForSeconds: Int(PageSessions.codeLifetime.components.seconds))
        return try JSONAnswer.response(made, status: .created)
    }
}

extension ControlPlaneCore {
    func addToken(_ token: TokenText, _ wanted: TokenWanted, by actor: String) async throws {
        let (inventory, _) = try await opened()
        try await inventory.addToken(name: wanted.name, role: wanted.role, sha256: token.sha256, at: now())
        try await audit("token", by: actor, "token `\(wanted.name)`", "created with the role `\(wanted.role.rawValue)`")
    }

    func revokeToken(_ name: String, by actor: String) async throws {
        let (inventory, _) = try await opened()
        let living = try await inventory.tokens().filter { $0.revokedAt == nil }
        guard let token = living.first(where: { $0.name == name }) else {
            throw APIProblem(
                .notFound, .rejected, "token-unknown", subject: "token `\(name)`", "no living token has this name",
                hint: "`muster token list` names them")
        }
        // Nobody could make a token any more.
        guard token.role < .admin || living.filter({ $0.role == .admin }).count > 1 else {
            throw FleetProblem(
                .refused, "last-admin", subject: "token `\(name)`", "it is the last token with the role `admin`",
                hint: "create another one first")
        }
        try await inventory.revokeToken(name: name, at: now())
        try await audit("token", by: actor, "token `\(name)`", "revoked")
    }
}
