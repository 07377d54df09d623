// Runs: whatever must be true together is written together. A run begins with its lease, its target and its policy in
// one transaction, and ends with its outcome when the lease goes; so a crash leaves either none of it or all of it.

package import FleetModel
import GRDB

/// What a run's beginning or its going on with another plan writes.
package struct RunPlan: Sendable {
    package var id: PlanID
    package var blueprint: Blueprint
    /// Its policy becomes the region's, its drains the lives of hosts.
    package var order: PlanOrder

    package init(id: PlanID, plan: Plan, order: PlanOrder) {
        (self.id, self.blueprint, self.order) = (id, plan.blueprint, order)
    }
}

/// What happened in a run: for those who watch it, and for the audit log.
package struct RunNews: Sendable {
    package var events: [RunEvent]
    package var audit: [FleetEvent]

    package init(events: [RunEvent] = [], audit: [FleetEvent] = []) { (self.events, self.audit) = (events, audit) }

    package var isEmpty: Bool { events.isEmpty && audit.isEmpty }
}

extension Inventory {
    /// Begins a run: takes the lease, makes the plan's blueprint the target and its policy the region's. Refused, with
    /// who holds it and since when, while another run goes on.
    package func begin(_ run: Run, with plan: RunPlan, _ news: RunNews) async throws(FleetProblem) {
        let path = path
        try await write("begin run `\(run.id)`") { database in
            let region = try RegionRow.require(database, path)
            if let lease = try RunRow.lease(database) { throw InventoryProblem.leased(region.name, by: lease) }
            try database.execute(
                sql: "INSERT INTO run (id, plan, actor, state, started_at) VALUES (?, ?, ?, 'running', ?)",
                arguments: [run.id.rawValue, run.plan.rawValue, run.actor, run.startedAt.secondsSinceEpoch])
            try database.execute(
                sql: "INSERT INTO lease (id, run, plan, holder, epoch, since) VALUES (1, ?, ?, ?, ?, ?)",
                arguments: [
                    run.id.rawValue, run.plan.rawValue, run.actor, region.ownership.epoch,
                    run.startedAt.secondsSinceEpoch,
                ])
            try RunRow.aim(at: plan, time: run.startedAt, in: database, path: path)
            try RunRow.note(news, of: run.id, in: database)
        }
    }

    /// Lets the run that goes on execute another plan, made anew after a restart.
    package func `continue`(
        _ run: RunID, with plan: RunPlan, _ news: RunNews, at time: Timestamp
    ) async throws(FleetProblem) {
        let path = path
        try await write("go on with run `\(run)`") { database in
            try RunRow.requireLease(of: run, in: database)
            try database.execute(sql: "UPDATE lease SET plan = ?", arguments: [plan.id.rawValue])
            try database.execute(
                sql: "UPDATE run SET plan = ? WHERE id = ?", arguments: [plan.id.rawValue, run.rawValue])
            try RunRow.aim(at: plan, time: time, in: database, path: path)
            try RunRow.note(news, of: run, in: database)
        }
    }

    /// Notes what happened in a run, all of it with one sync of the disk.
    package func note(_ news: RunNews, of run: RunID) async throws(FleetProblem) {
        try await write("note what happened in run `\(run)`") { try RunRow.note(news, of: run, in: $0) }
    }

    /// Notes that a run was told to stop. Once more is no second time.
    package func cancel(_ run: RunID, _ news: RunNews) async throws(FleetProblem) {
        try await write("cancel run `\(run)`") { database in
            try RunRow.requireLease(of: run, in: database)
            try database.execute(
                sql: "UPDATE run SET state = 'cancelling' WHERE id = ? AND state = 'running'",
                arguments: [run.rawValue])
            if database.changesCount > 0 { try RunRow.note(news, of: run, in: database) }
        }
    }

    /// Ends a run, and gives the lease back with it.
    package func end(
        _ run: RunID, _ outcome: RunOutcome, _ news: RunNews, at time: Timestamp
    ) async throws(FleetProblem) {
        try await write("end run `\(run)`") { database in
            try RunRow.requireLease(of: run, in: database)
            try RunRow.note(news, of: run, in: database)
            try database.execute(
                sql: "UPDATE run SET state = ?, ended_at = ?, outcome = ? WHERE id = ?",
                arguments: [
                    outcome.state.rawValue, time.secondsSinceEpoch, try StoredValue.text(outcome), run.rawValue,
                ])
            try database.execute(sql: "DELETE FROM lease")
        }
    }
}

extension Inventory {
    /// The lease of the run that goes on; nil when none does.
    package func lease() async throws(FleetProblem) -> RunLease? {
        try await read("read the lease") { try RunRow.lease($0) }
    }

    package func run(_ id: RunID) async throws(FleetProblem) -> Run? {
        try await read("read run `\(id)`") { database in
            try Row.fetchOne(database, sql: "SELECT * FROM run WHERE id = ?", arguments: [id.rawValue])
                .map(RunRow.run)
        }
    }

    /// The runs, the newest first; at most `limit` and at most 1000.
    package func runs(limit: Int) async throws(FleetProblem) -> [Run] {
        try await read("list runs") { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM run ORDER BY sequence DESC LIMIT ?", arguments: [rowLimit(limit)]
            ).map(RunRow.run)
        }
    }

    /// How many steps of a run changed something, whatever plans it has executed.
    package func changes(in run: RunID) async throws(FleetProblem) -> Int {
        try await read("count the changes of run `\(run)`") { database in
            let sql = "SELECT count(*) FROM run_event WHERE run = ? AND content ->> '$.outcome' = 'changed'"
            return try Int.fetchOne(database, sql: sql, arguments: [run.rawValue]) ?? 0
        }
    }

    /// How many steps of the plan that a run executes now have ended, well or badly.
    package func endedSteps(of run: RunID) async throws(FleetProblem) -> Int {
        try await read("count the steps of run `\(run)`") { database in
            let sql = """
                SELECT count(*) FROM run_event WHERE run = :run AND content ->> '$.kind' = 'finished' AND sequence >
                (SELECT max(sequence) FROM run_event WHERE run = :run AND content ->> '$.kind' = 'planned')
                """
            return try Int.fetchOne(database, sql: sql, arguments: ["run": run.rawValue]) ?? 0
        }
    }

    /// The steps of a run that ended well.
    package func finishedSteps(of run: RunID) async throws(FleetProblem) -> Set<StepID> {
        try await read("read the steps of run `\(run)`") { database in
            let sql = """
                SELECT content ->> '$.step' FROM run_event
                WHERE run = ? AND content ->> '$.outcome' IN ('changed', 'unchanged')
                """
            return Set(try String.fetchAll(database, sql: sql, arguments: [run.rawValue]).map { StepID($0) })
        }
    }

    /// What happened in a run after a sequence (0: from its beginning), the oldest first; at most 1000.
    package func events(of run: RunID, after sequence: Int = 0) async throws(FleetProblem) -> [RunEvent] {
        try await read("read the events of run `\(run)`") { database in
            let sql = """
                SELECT sequence, content FROM run_event WHERE run = ? AND sequence > ?
                ORDER BY sequence LIMIT \(Limits.rows)
                """
            return try Row.fetchAll(database, sql: sql, arguments: [run.rawValue, sequence]).map { row in
                var event = try row.json("content", as: RunEvent.self)
                event.sequence = row["sequence"]
                return event
            }
        }
    }

    /// The same, those to come included. It does not end by itself: `ended` is a run's last event.
    package func eventStream(of run: RunID, after sequence: Int) -> LogStream<RunEvent> {
        LogStream(inventory: self, newest: "SELECT max(sequence) FROM run_event", after: sequence) { last in
            try await self.events(of: run, after: last).map { ($0.sequence, $0) }
        }
    }
}

/// The statements on runs, used inside transactions.
private enum RunRow {
    static func run(_ row: Row) throws -> Run {
        Run(
            id: row.name("id"), plan: row.name("plan"), actor: row["actor"],
            state: try row.word("state", as: Run.State.self), startedAt: row.time("started_at"),
            endedAt: row.optionalTime("ended_at"), outcome: try StoredValue.value(RunOutcome.self, row["outcome"]))
    }

    static func lease(_ database: Database) throws -> RunLease? {
        try Row.fetchOne(database, sql: "SELECT * FROM lease").map { row in
            RunLease(
                run: row.name("run"), plan: row.name("plan"), holder: row["holder"], epoch: row["epoch"],
                since: row.time("since"))
        }
    }

    static func requireLease(of run: RunID, in database: Database) throws {
        guard try lease(database)?.run == run else { throw InventoryProblem.noRun(run) }
    }

    static func aim(at plan: RunPlan, time: Timestamp, in database: Database, path: String) throws {
        try Inventory.setTarget(plan.blueprint, at: time, in: database, path: path)
        try HostRow.sync(plan.blueprint, at: time, in: database)
        try RegionRow.adopt(plan.order.policy, at: time, in: database, path: path)
        try database.execute(
            sql: "INSERT OR REPLACE INTO plan_order (plan, content) VALUES (?, ?)",
            arguments: [plan.id.rawValue, try StoredValue.text(plan.order)])
        try HostRow.keep(plan.order.intents, in: database)
    }

    static func note(_ news: RunNews, of run: RunID, in database: Database) throws {
        for event in news.events {
            try database.execute(
                sql: "INSERT INTO run_event (run, content) VALUES (?, ?)",
                arguments: [run.rawValue, try StoredValue.text(event)])
        }
        try EventRow.append(news.audit, in: database)
    }
}
