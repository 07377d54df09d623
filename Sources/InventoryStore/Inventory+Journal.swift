// The journal: an entry is durable before the call returns, and the host's life changes in the same transaction
// (decision 5). What a killed run had not finished is read back from here.

package import FleetModel
import GRDB

extension Inventory {
    /// Writes an entry, and the host's life with it when given. Returns the entry's sequence.
    @discardableResult
    package func record(_ entry: JournalEntry, life: HostLife? = nil) async throws(FleetProblem) -> Int {
        let result = await withCheckedContinuation { written in
            if journalQueue.add(JournalQueue.Waiting(entry: entry, life: life, written: written)) { writeWaiting() }
        }
        return try unwrapped(result, "note step `\(entry.step)` as \(entry.phase.rawValue)")
    }

    private func writeWaiting() {
        let (path, batch) = (path, JournalQueue.Batch(of: journalQueue))
        pool.asyncWrite { database in
            try Schema.checkVersion(database, path: path)
            return try batch.entries.map { try Self.insert($0.entry, life: $0.life, in: database) }
        } completion: { _, result in
            batch.end(with: result)
        }
    }

    /// Writes many entries with one sync of the disk, all or none. Returns the sequence of the last.
    @discardableResult
    package func record(_ entries: [JournalEntry]) async throws(FleetProblem) -> Int {
        try await write("note \(entries.count) steps") { database in
            try entries.reduce(0) { _, entry in try Self.insert(entry, life: nil, in: database) }
        }
    }

    /// The entries after a sequence (0: from the beginning), at most `limit` and at most 1000.
    package func journal(after sequence: Int = 0, limit: Int = 1_000) async throws(FleetProblem) -> [JournalEntry] {
        try await read("read the journal") { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM journal WHERE sequence > ? ORDER BY sequence LIMIT ?",
                arguments: [sequence, rowLimit(limit)]
            ).map(Self.entry)
        }
    }

    /// The last entry of each step that was begun and not seen to end: intended, started or unknown. The same step has
    /// the same id in every plan, so a later plan that ended it closes it. With a plan: only steps that it began last.
    /// Not cut at 1000 like other queries: leaving one out would run it blindly.
    package func unfinishedSteps(of plan: PlanID? = nil) async throws(FleetProblem) -> [JournalEntry] {
        try await read("read unfinished steps") { database in
            let sql = """
                SELECT * FROM journal WHERE sequence IN (SELECT max(sequence) FROM journal GROUP BY step)
                AND phase IN ('intended', 'started', 'unknown') AND (:plan IS NULL OR plan = :plan) ORDER BY sequence
                """
            return try Row.fetchAll(database, sql: sql, arguments: ["plan": plan?.rawValue]).map(Self.entry)
        }
    }

    private static func insert(_ entry: JournalEntry, life: HostLife?, in database: Database) throws -> Int {
        let sql = """
            INSERT INTO journal (at, region, plan, step, host, phase, is_change, detail)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        try database.execute(
            sql: sql,
            arguments: [
                entry.at.secondsSinceEpoch, entry.region.rawValue, entry.plan.rawValue, entry.step.rawValue,
                entry.host.rawValue, entry.phase.rawValue, entry.isChange, entry.detail,
            ])
        let sequence = Int(database.lastInsertedRowID)
        if let life { try HostRow.setLife(life, of: entry.host, in: database) }
        return sequence
    }

    private static func entry(_ row: Row) throws -> JournalEntry {
        JournalEntry(
            sequence: row["sequence"], at: row.time("at"), region: row.name("region"), plan: row.name("plan"),
            step: row.name("step"), host: row.name("host"),
            phase: try row.word("phase", as: JournalEntry.Phase.self), isChange: row["is_change"],
            detail: row["detail"])
    }
}
