// The audit log, which is also the stream that pages and `muster events` follow. Append-only: the schema's triggers
// refuse anything else, whoever asks.

package import FleetModel
import GRDB

extension Inventory {
    /// Writes an event; returns its sequence.
    @discardableResult
    package func append(_ event: FleetEvent) async throws(FleetProblem) -> Int { try await append([event]) }

    /// Writes many events with one sync of the disk, all or none. Returns the sequence of the last; 0 for none.
    @discardableResult
    package func append(_ events: [FleetEvent]) async throws(FleetProblem) -> Int {
        guard let first = events.first else { return 0 }
        return try await write("note \(events.count) events, the first of kind `\(first.kind)`") { database in
            try EventRow.append(events, in: database)
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
    package func eventStream(after sequence: Int) -> LogStream<FleetEvent> {
        LogStream(inventory: self, newest: "SELECT max(sequence) FROM event", after: sequence) { last in
            try await self.events(after: last).map { ($0.sequence, $0) }
        }
    }

    private static func event(_ row: Row) -> FleetEvent {
        FleetEvent(
            sequence: row["sequence"], at: row.time("at"), kind: row["kind"], actor: row["actor"],
            subject: row["subject"], message: row["message"])
    }
}

/// The statement on the audit log, used inside transactions of others.
enum EventRow {
    static func append(_ events: [FleetEvent], in database: Database) throws {
        for event in events {
            try database.execute(
                sql: "INSERT INTO event (at, kind, actor, subject, message) VALUES (?, ?, ?, ?, ?)",
                arguments: [event.at.secondsSinceEpoch, event.kind, event.actor, event.subject, event.message])
        }
    }
}

/// Follows a log. It reads a page when its consumer asks for the next entry, so a slow consumer (a browser behind a bad
/// line) costs one page of memory and nothing else.
package struct LogStream<Entry: Sendable>: AsyncSequence, Sendable {
    package typealias Page = @Sendable (Int) async throws -> [(sequence: Int, entry: Entry)]

    let inventory: Inventory
    /// A query for the highest sequence.
    let newest: String
    let after: Int
    /// The next entries after a sequence.
    let page: Page

    init(inventory: Inventory, newest: String, after sequence: Int, page: @escaping Page) {
        (self.inventory, self.newest, self.after, self.page) = (inventory, newest, sequence, page)
    }

    package func makeAsyncIterator() -> Iterator {
        let query = newest
        let observation = ValueObservation.tracking { try Int.fetchOne($0, sql: query) ?? 0 }
        // Only the newest number counts: what it skipped is in the next page.
        let changes = observation.values(in: inventory.pool, bufferingPolicy: .bufferingNewest(1))
        return Iterator(read: page, last: after, changes: changes.makeAsyncIterator())
    }

    package struct Iterator: AsyncIteratorProtocol {
        let read: Page
        var last: Int
        var changes: AsyncValueObservation<Int>.AsyncIterator
        var page: ArraySlice<(sequence: Int, entry: Entry)> = []

        package mutating func next() async throws -> Entry? {
            while page.isEmpty {
                guard let newest = try await changes.next() else { return nil }
                if newest > last { page = try await read(last)[...] }
            }
            let (sequence, entry) = page.removeFirst()
            last = sequence
            return entry
        }
    }
}
