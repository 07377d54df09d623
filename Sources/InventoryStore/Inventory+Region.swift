// The region's own row: its policy, who may change it (one owner per epoch, F45), and whether it is paused.

package import FleetModel
import GRDB

/// What the inventory knows of its region as a whole.
package struct RegionRecord: Hashable, Codable, Sendable {
    package var policy: FleetPolicy
    package var adoptedAt: Timestamp
    package var ownership: Ownership
    package var ownedSince: Timestamp
    package var isPaused: Bool
    /// Generation of the target blueprint; nil before the first.
    package var targetGeneration: Int?

    package var name: RegionID { policy.region }

    package init(
        policy: FleetPolicy, adoptedAt: Timestamp, ownership: Ownership, ownedSince: Timestamp, isPaused: Bool,
        targetGeneration: Int?
    ) {
        (self.policy, self.adoptedAt, self.ownership) = (policy, adoptedAt, ownership)
        (self.ownedSince, self.isPaused, self.targetGeneration) = (ownedSince, isPaused, targetGeneration)
    }
}

extension Inventory {
    /// Makes the file hold the policy's region, owned by the operator's machine in epoch 1; of a region that is held
    /// already only the policy changes. Refused when the file holds another region.
    @discardableResult
    package func adopt(policy: FleetPolicy, at time: Timestamp) async throws(FleetProblem) -> RegionRecord {
        let path = path
        return try await write("adopt region `\(policy.region)`") { database in
            try RegionRow.adopt(policy, at: time, in: database, path: path)
            return try RegionRow.require(database, path)
        }
    }

    /// The region of this file; nil when there is none yet.
    package func region() async throws(FleetProblem) -> RegionRecord? {
        try await read("read the region") { try RegionRow.fetch($0) }
    }

    /// Gives the right to change the region to `owner` and begins the next epoch, if the present epoch is still
    /// `epoch`. Otherwise it is refused, and the problem names who holds it and since when.
    @discardableResult
    package func transferOwnership(
        to owner: Ownership.Owner, expecting epoch: Int, at time: Timestamp
    ) async throws(FleetProblem) -> Ownership {
        let path = path
        return try await write("hand the region over") { database in
            let region = try RegionRow.require(database, path)
            guard region.ownership.epoch == epoch else {
                throw InventoryProblem.ownedByOther(
                    region.name, present: region.ownership, since: region.ownedSince, expected: epoch)
            }
            try database.execute(
                sql: "UPDATE region SET owner = ?, epoch = ?, owned_since = ?",
                arguments: [owner.rawValue, epoch + 1, time.secondsSinceEpoch])
            return Ownership(owner: owner, epoch: epoch + 1)
        }
    }

    /// Notes that nothing may be changed for now; who acts on the region looks at `isPaused`.
    package func pause() async throws(FleetProblem) { try await setPaused(true) }

    /// Ends a pause.
    package func resume() async throws(FleetProblem) { try await setPaused(false) }

    private func setPaused(_ isPaused: Bool) async throws(FleetProblem) {
        let path = path
        try await write(isPaused ? "pause the region" : "resume the region") { database in
            _ = try RegionRow.require(database, path)
            try database.execute(sql: "UPDATE region SET is_paused = ?", arguments: [isPaused])
        }
    }
}

/// Reads the region's row inside a transaction.
enum RegionRow {
    static func fetch(_ database: Database) throws -> RegionRecord? {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM region"),
            let policy = try StoredDocument.value(FleetPolicy.self, row["policy"])
        else { return nil }
        return RegionRecord(
            policy: policy, adoptedAt: row.time("adopted_at"),
            ownership: Ownership(owner: try row.word("owner", as: Ownership.Owner.self), epoch: row["epoch"]),
            ownedSince: row.time("owned_since"), isPaused: row["is_paused"],
            targetGeneration: row["target_generation"])
    }

    static func adopt(_ policy: FleetPolicy, at time: Timestamp, in database: Database, path: String) throws {
        if let held = try fetch(database)?.name, held != policy.region {
            throw InventoryProblem.otherRegion(path, held: held, asked: policy.region)
        }
        let sql = """
            INSERT INTO region (id, name, policy, adopted_at, owner, epoch, owned_since)
            VALUES (1, :name, :policy, :time, :owner, 1, :time)
            ON CONFLICT (id) DO UPDATE SET policy = excluded.policy, adopted_at = excluded.adopted_at
            """
        try database.execute(
            sql: sql,
            arguments: [
                "name": policy.region.rawValue, "policy": try StoredValue.text(policy),
                "time": time.secondsSinceEpoch, "owner": Ownership.Owner.operatorMachine.rawValue,
            ])
    }

    static func require(_ database: Database, _ path: String) throws -> RegionRecord {
        guard let region = try fetch(database) else { throw InventoryProblem.noRegion(path) }
        return region
    }
}
