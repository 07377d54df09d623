// Blueprints and plans. A blueprint becomes the target only if its parent still is: compare-and-swap in one
// transaction, so that of two planners one is told that it planned from the past.

package import FleetModel
import GRDB

extension Inventory {
    /// The blueprint that the region is to become; nil before the first.
    package func targetBlueprint() async throws(FleetProblem) -> Blueprint? {
        try await read("read the target blueprint") { database in
            let sql = "SELECT content FROM blueprint JOIN region ON generation = target_generation"
            return try StoredDocument.value(Blueprint.self, String.fetchOne(database, sql: sql))
        }
    }

    /// A blueprint that is or was the target; nil when there never was one with this generation.
    package func blueprint(_ generation: Int) async throws(FleetProblem) -> Blueprint? {
        try await read("read blueprint \(generation)") { database in
            let sql = "SELECT content FROM blueprint WHERE generation = ?"
            return try StoredDocument.value(
                Blueprint.self, String.fetchOne(database, sql: sql, arguments: [generation]))
        }
    }

    /// Makes a blueprint the target if its parent is the target now (0: there is none). Repeating the call that made
    /// the present target is no conflict: who crashed before the answer came may ask again.
    package func setTarget(_ blueprint: Blueprint, at time: Timestamp) async throws(FleetProblem) {
        let path = path
        try await write("set blueprint \(blueprint.generation) as the target") { database in
            try Self.setTarget(blueprint, at: time, in: database, path: path)
        }
    }

    /// The same inside of a transaction.
    static func setTarget(
        _ blueprint: Blueprint, at time: Timestamp, in database: Database, path: String
    ) throws {
        let region = try RegionRow.require(database, path)
        guard blueprint.region == region.name else {
            throw InventoryProblem.otherRegion(path, held: region.name, asked: blueprint.region)
        }
        let (present, content) = (region.targetGeneration ?? 0, try StoredValue.text(blueprint))
        if present == blueprint.generation, try Self.content(database, of: present) == content { return }
        guard blueprint.parent == present, blueprint.generation == present + 1 else {
            throw InventoryProblem.targetConflict(region.name, made: blueprint, present: present)
        }
        try database.execute(
            sql: "INSERT INTO blueprint (generation, parent, made_at, content) VALUES (?, ?, ?, ?)",
            arguments: [blueprint.generation, blueprint.parent, time.secondsSinceEpoch, content])
        try database.execute(sql: "UPDATE region SET target_generation = ?", arguments: [blueprint.generation])
    }

    private static func content(_ database: Database, of generation: Int) throws -> String? {
        try String.fetchOne(
            database, sql: "SELECT content FROM blueprint WHERE generation = ?", arguments: [generation])
    }
}

extension Inventory {
    /// Keeps a plan under an id, with what it was asked for. Saving the same plan again does nothing; another plan with
    /// this id is refused.
    package func savePlan(
        id: PlanID, plan: Plan, order: PlanOrder? = nil, at time: Timestamp
    ) async throws(FleetProblem) {
        try await write("save plan `\(id)`") { database in
            let content = try StoredValue.text(plan)
            let sql = "SELECT content FROM plan WHERE id = ?"
            let present = try String.fetchOne(database, sql: sql, arguments: [id.rawValue])
            if let present, present != content { throw InventoryProblem.planExists(id) }
            if present == nil {
                try database.execute(
                    sql: "INSERT INTO plan (id, generation, saved_at, content) VALUES (?, ?, ?, ?)",
                    arguments: [id.rawValue, plan.blueprint.generation, time.secondsSinceEpoch, content])
            }
            guard let order else { return }
            try database.execute(
                sql: "INSERT OR REPLACE INTO plan_order (plan, content) VALUES (?, ?)",
                arguments: [id.rawValue, try StoredValue.text(order)])
        }
    }

    /// What a plan was asked for; nil for one that was saved without.
    package func order(of plan: PlanID) async throws(FleetProblem) -> PlanOrder? {
        try await read("read the order of plan `\(plan)`") { database in
            let sql = "SELECT content FROM plan_order WHERE plan = ?"
            return try StoredDocument.value(
                PlanOrder.self, String.fetchOne(database, sql: sql, arguments: [plan.rawValue]))
        }
    }

    /// A saved plan; nil when there is none with this id.
    package func plan(_ id: PlanID) async throws(FleetProblem) -> Plan? {
        try await read("read plan `\(id)`") { database in
            let sql = "SELECT content FROM plan WHERE id = ?"
            return try StoredDocument.value(Plan.self, String.fetchOne(database, sql: sql, arguments: [id.rawValue]))
        }
    }

    /// The plan that was saved last.
    package func latestPlanID() async throws(FleetProblem) -> PlanID? {
        try await read("read the latest plan") { database in
            try String.fetchOne(database, sql: "SELECT id FROM plan ORDER BY sequence DESC LIMIT 1")
                .map { PlanID($0) }
        }
    }

    /// Ids of the plans saved last, the newest first.
    package func planIDs(limit: Int) async throws(FleetProblem) -> [PlanID] {
        try await read("list plans") { database in
            try String.fetchAll(
                database, sql: "SELECT id FROM plan ORDER BY sequence DESC LIMIT ?", arguments: [rowLimit(limit)]
            ).map { PlanID($0) }
        }
    }
}

/// Every query is bounded, whatever its caller asks for.
func rowLimit(_ limit: Int) -> Int { min(max(limit, 0), Limits.rows) }
