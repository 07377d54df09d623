// API tokens and settings. A token is 256 random bits made elsewhere; here only its SHA-256 arrives, so that a copy of
// the inventory opens nothing.

package import FleetModel
import GRDB

/// What a token may do; each role may all that the one before it may.
package enum APIRole: String, Codable, Sendable, CaseIterable, Comparable {
    case viewer, `operator`, admin

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .admin: 2
        }
    }

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}

/// One API token as the inventory knows it: everything but the token.
package struct APIToken: Hashable, Codable, Sendable {
    package var name: String
    package var role: APIRole
    package var createdAt: Timestamp
    package var revokedAt: Timestamp?

    package init(name: String, role: APIRole, createdAt: Timestamp, revokedAt: Timestamp? = nil) {
        (self.name, self.role, self.createdAt, self.revokedAt) = (name, role, createdAt, revokedAt)
    }
}

extension Inventory {
    /// Adds a token. `sha256` is the digest of the token in 64 lower-case hexadecimal digits. Refused when a living
    /// token has the name, or the digest is known already.
    package func addToken(
        name: String, role: APIRole, sha256: String, at time: Timestamp
    ) async throws(FleetProblem) {
        guard sha256.utf8.count == 64, sha256.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { throw InventoryProblem.badDigest(name) }
        try await write("add token `\(name)`") { database in
            let sql = "SELECT 1 FROM api_token WHERE sha256 = ? OR (name = ? AND revoked_at IS NULL)"
            if try Row.fetchOne(database, sql: sql, arguments: [sha256, name]) != nil {
                throw InventoryProblem.tokenExists(name)
            }
            try database.execute(
                sql: "INSERT INTO api_token (sha256, name, role, created_at) VALUES (?, ?, ?, ?)",
                arguments: [sha256, name, role.rawValue, time.secondsSinceEpoch])
        }
    }

    /// All tokens, revoked ones too, in the order in which they were made; at most 1000.
    package func tokens() async throws(FleetProblem) -> [APIToken] {
        try await read("list tokens") { database in
            let sql = "SELECT * FROM api_token ORDER BY created_at, name, rowid LIMIT \(Limits.rows)"
            return try Row.fetchAll(database, sql: sql).map(Self.token)
        }
    }

    /// Revokes the living token of this name, from now on.
    package func revokeToken(name: String, at time: Timestamp) async throws(FleetProblem) {
        try await write("revoke token `\(name)`") { database in
            try database.execute(
                sql: "UPDATE api_token SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL",
                arguments: [time.secondsSinceEpoch, name])
            if database.changesCount == 0 { throw InventoryProblem.noToken(name) }
        }
    }

    /// The living token with this digest; nil when there is none or it was revoked.
    package func token(sha256: String) async throws(FleetProblem) -> APIToken? {
        try await read("look a token up") { database in
            let sql = "SELECT * FROM api_token WHERE sha256 = ? AND revoked_at IS NULL"
            return try Row.fetchOne(database, sql: sql, arguments: [sha256]).map(Self.token)
        }
    }

    private static func token(_ row: Row) throws -> APIToken {
        APIToken(
            name: row["name"], role: try row.word("role", as: APIRole.self), createdAt: row.time("created_at"),
            revokedAt: row.optionalTime("revoked_at"))
    }
}

extension Inventory {
    /// A setting of the tool; nil when it was never set.
    package func setting(_ key: String) async throws(FleetProblem) -> String? {
        try await read("read setting `\(key)`") { database in
            try String.fetchOne(database, sql: "SELECT value FROM setting WHERE key = ?", arguments: [key])
        }
    }

    /// Sets a setting; nil removes it.
    package func setSetting(_ key: String, value: String?) async throws(FleetProblem) {
        try await write("set setting `\(key)`") { database in
            guard let value else {
                return try database.execute(sql: "DELETE FROM setting WHERE key = ?", arguments: [key])
            }
            try database.execute(
                sql: "INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)", arguments: [key, value])
        }
    }
}
