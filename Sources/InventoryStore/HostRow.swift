// The statements on one row of `host`, used inside transactions of others.

import FleetModel
import GRDB

enum HostRow {
    static let select = """
        SELECT host.*, host_key.fingerprint FROM host LEFT JOIN host_key ON host_key.host = host.name
        """

    static func fetch(_ database: Database, _ name: HostID) throws -> HostRecord? {
        try Row.fetchOne(database, sql: select + " WHERE name = ?", arguments: [name.rawValue]).map(record)
    }

    static func record(_ row: Row) throws -> HostRecord {
        HostRecord(
            name: row.name("name"), address: row["address"], domain: row.name("domain"),
            cluster: row.name("cluster"), role: try row.word("role", as: NodeRole.self),
            life: try row.word("life", as: HostLife.self),
            facts: try StoredValue.value(HostFacts.self, row["facts"]), observedAt: row.optionalTime("observed_at"),
            unreachable: try StoredValue.value(FleetProblem.self, row["unreachable"]), since: row.time("since"),
            hostKey: row["fingerprint"], generation: row["generation"])
    }

    static func setLife(_ life: HostLife, of name: HostID, in database: Database) throws {
        try database.execute(
            sql: "UPDATE host SET life = :life, generation = generation + 1 WHERE name = :name AND life <> :life",
            arguments: ["life": life.rawValue, "name": name.rawValue])
    }

    /// What people asked for and is kept: who has no work, until somebody says otherwise.
    static func keep(_ intents: FleetIntents, in database: Database) throws {
        for host in intents.draining.sorted() { try setLife(.draining, of: host, in: database) }
        for host in intents.activating.sorted() where try fetch(database, host)?.life == .draining {
            try setLife(.ready, of: host, in: database)
        }
    }

    static func sync(_ blueprint: Blueprint, at time: Timestamp, in database: Database) throws {
        for (name, host) in blueprint.hosts.sorted(by: { $0.key < $1.key }) {
            try sync(host, name, at: time, in: database)
        }
        // Whom it neither wants nor waits for has gone, without an answer perhaps. A region that goes says it by step.
        guard !blueprint.hosts.isEmpty else { return }
        let known = try String.fetchAll(database, sql: "SELECT name FROM host WHERE life <> 'removed'").map {
            HostID($0)
        }
        for name in known where blueprint.hosts[name] == nil && blueprint.leaving[name] == nil {
            try setLife(.removed, of: name, in: database)
        }
    }

    static func sync(_ host: DesiredHost, _ name: HostID, at time: Timestamp, in database: Database) throws {
        let sql = """
            INSERT INTO host (name, address, domain, cluster, role, life, since)
            VALUES (:name, :address, :domain, :cluster, :role, 'admitted', :time)
            ON CONFLICT (name) DO UPDATE SET
                address = excluded.address, domain = excluded.domain, cluster = excluded.cluster,
                role = excluded.role, life = CASE life WHEN 'removed' THEN 'admitted' ELSE life END,
                generation = generation + 1
            WHERE (address, domain, cluster, role) <> (:address, :domain, :cluster, :role) OR life = 'removed'
            """
        try database.execute(
            sql: sql,
            arguments: [
                "name": name.rawValue, "address": host.address, "domain": host.domain.rawValue,
                "cluster": host.cluster.rawValue, "role": host.role.rawValue, "time": time.secondsSinceEpoch,
            ])
    }

    /// `since` stays unless the host was never looked at, or answers now and did not before, or the reverse.
    static func save(
        _ seen: HostObservation, of name: HostID, at time: Timestamp, in database: Database
    ) throws {
        let guardOlder = "WHERE name = :name AND (looked_at IS NULL OR looked_at <= :time)"
        switch seen {
        case .reachable(let facts):
            let sql = """
                UPDATE host SET facts = :value, observed_at = :time, unreachable = NULL, looked_at = :time,
                    since = CASE WHEN looked_at IS NULL OR unreachable IS NOT NULL THEN :time ELSE since END
                """
            try update(sql + " " + guardOlder, StoredValue.text(facts), name, time, database)
        case .unreachable(let problem):
            let sql = """
                UPDATE host SET unreachable = :value, looked_at = :time,
                    since = CASE WHEN looked_at IS NULL OR unreachable IS NULL THEN :time ELSE since END
                """
            try update(sql + " " + guardOlder, StoredValue.text(problem), name, time, database)
        }
    }

    private static func update(
        _ sql: String, _ value: String, _ name: HostID, _ time: Timestamp, _ database: Database
    ) throws {
        try database.execute(
            sql: sql, arguments: ["value": value, "name": name.rawValue, "time": time.secondsSinceEpoch])
    }
}
