// The audit log, which is also the stream that pages and `muster events` follow. Append-only: the schema's triggers
// refuse anything else, whoever asks.

package import FleetModel
import GRDB

extension Inventory {
    /// Writes an event; returns its sequence.
    @discardableResult
    package func append(_ event: FleetEvent) async throws(FleetProblem) -> Int {
        try await write("note an event of kind `\(event.kind)`") { database in
            try database.execute(
                sql: "INSERT INTO event (at, kind, actor, subject, message) VALUES (?, ?, ?, ?, ?)",
                arguments: [event.at.secondsSinceEpoch, event.kind, event.actor, event.subject, event.message])
            return Int(database.lastInsertedRowID)
        }
    }

    /// The events after a sequence (0: from the beginning), the oldest first; at most `limit` and at most 1000.
    package func events(after sequence: Int = 0, limit: Int = 1_000) async throws(FleetProblem) -> [FleetEvent] {
        try await read("read the events") { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?",
                arguments: [sequence, rowLimit(limit)]
            ).map(Self.event)
        }
    }

    /// The newest events, the newest first; at most `limit` and at most 1000.
    package func latestEvents(limit: Int) async throws(FleetProblem) -> [FleetEvent] {
        try await read("read the latest events") { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM event ORDER BY sequence DESC LIMIT ?", arguments: [rowLimit(limit)]
            ).map(Self.event)
        }
    }

    /// All events after a sequence, those to come included, each once and in order. It ends when the task that reads
    /// it is cancelled. Only events that this process writes wake it up.
    package func eventStream(after sequence: Int) -> EventStream { EventStream(inventory: self, after: sequence) }

    private static func event(_ row: Row) -> FleetEvent {
        FleetEvent(
            sequence: row["sequence"], at: row.time("at"), kind: row["kind"], actor: row["actor"],
            subject: row["subject"], message: row["message"])
    }
}

/// Follows the events. It reads a page when its consumer asks for the next event, so a slow consumer (a browser behind
/// a bad line) costs one page of memory and nothing else.
package struct EventStream: AsyncSequence, Sendable {
    let inventory: Inventory
    let after: Int

    init(inventory: Inventory, after sequence: Int) { (self.inventory, self.after) = (inventory, sequence) }

    package func makeAsyncIterator() -> Iterator {
        let newest = ValueObservation.tracking { try Int.fetchOne($0, sql: "SELECT max(sequence) FROM event") ?? 0 }
        // Only the newest number counts: what it skipped is in the next page.
        let changes = newest.values(in: inventory.pool, bufferingPolicy: .bufferingNewest(1))
        return Iterator(inventory: inventory, last: after, changes: changes.makeAsyncIterator())
    }

    package struct Iterator: AsyncIteratorProtocol {
        let inventory: Inventory
        var last: Int
        var changes: AsyncValueObservation<Int>.AsyncIterator
        var page: ArraySlice<FleetEvent> = []

        package mutating func next() async throws -> FleetEvent? {
            while page.isEmpty {
                guard let newest = try await changes.next() else { return nil }
                if newest > last { page = try await inventory.events(after: last)[...] }
            }
            let event = page.removeFirst()
            last = event.sequence
            return event
        }
    }
}
