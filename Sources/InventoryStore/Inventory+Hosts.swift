// The hosts: what was decided about each (guarded by a generation, so that no change is lost) and what was last seen of
// it. Looks at a host never raise its generation: they change no decision and would make every editor lose its race.

package import FleetModel
import GRDB

extension Inventory {
    /// Every host, removed ones too, by name.
    package func hosts() async throws(FleetProblem) -> [HostRecord] {
        try await read("read the hosts") { database in
            try Row.fetchAll(database, sql: HostRow.select + " ORDER BY name LIMIT \(Limits.hosts)")
                .map(HostRow.record)
        }
    }

    /// Who has no work because people asked for it.
    package func drainingHosts() async throws(FleetProblem) -> Set<HostID> {
        try await read("read the drained hosts") { database in
            let sql = "SELECT name FROM host WHERE life = ? LIMIT \(Limits.hosts)"
            return Set(
                try String.fetchAll(database, sql: sql, arguments: [HostLife.draining.rawValue]).map { HostID($0) })
        }
    }

    package func host(_ name: HostID) async throws(FleetProblem) -> HostRecord? {
        try await read("read host `\(name)`") { try HostRow.fetch($0, name) }
    }

    /// Notes what was seen. Facts and their time are replaced only when the host answered; `since` moves only when its
    /// reachability flips; a look older than the last one, and hosts that were never admitted, are passed over.
    package func save(_ observation: FleetObservation) async throws(FleetProblem) {
        try await write("save an observation") { database in
            for (host, seen) in observation.hosts {
                try HostRow.save(seen, of: host, at: observation.takenAt, in: database)
            }
        }
    }

    /// Admits the hosts of a blueprint that are not there yet (or were removed), and makes address, domain, cluster
    /// and role of the others what it says. Hosts that it does not name are removed.
    package func syncHosts(with blueprint: Blueprint, at time: Timestamp) async throws(FleetProblem) {
        try await write("take over the hosts of blueprint \(blueprint.generation)") { database in
            try HostRow.sync(blueprint, at: time, in: database)
        }
    }

    /// Keeps who is drained, and who is no more.
    package func keep(_ intents: FleetIntents) async throws(FleetProblem) {
        try await write("keep what was asked of hosts") { try HostRow.keep(intents, in: $0) }
    }

    /// Writes address, domain, cluster, role and life of a record that was read before, if nobody changed the host in
    /// between (its `generation` is still the same). Returns the record with its new generation.
    @discardableResult
    package func updateHost(_ record: HostRecord) async throws(FleetProblem) -> HostRecord {
        try await write("update host `\(record.name)`") { database in
            guard let present = try HostRow.fetch(database, record.name) else {
                throw InventoryProblem.noHost(record.name)
            }
            guard present.generation == record.generation else {
                throw InventoryProblem.hostConflict(
                    record.name, expected: record.generation, present: present.generation)
            }
            let sql = """
                UPDATE host SET address = ?, domain = ?, cluster = ?, role = ?, life = ?, generation = generation + 1
                WHERE name = ?
                """
            try database.execute(
                sql: sql,
                arguments: [
                    record.address, record.domain.rawValue, record.cluster.rawValue, record.role.rawValue,
                    record.life.rawValue, record.name.rawValue,
                ])
            return try HostRow.fetch(database, record.name) ?? record
        }
    }
}

extension Inventory {
    /// Remembers a host's key fingerprint. Pinning the same again does nothing; a different one is refused unless
    /// `isReplacing`, which only a person's `trust` may say (decision 6). The host need not be admitted yet.
    package func pin(
        hostKey fingerprint: String, for host: HostID, at time: Timestamp, isReplacing: Bool = false
    ) async throws(FleetProblem) {
        try await write("pin the key of host `\(host)`") { database in
            let sql = "SELECT fingerprint, pinned_at FROM host_key WHERE host = ?"
            if let row = try Row.fetchOne(database, sql: sql, arguments: [host.rawValue]), !isReplacing {
                let present: String = row["fingerprint"]
                if present == fingerprint { return }
                throw InventoryProblem.hostKeyPinned(host, present: present, since: row.time("pinned_at"))
            }
            try database.execute(
                sql: "INSERT OR REPLACE INTO host_key (host, fingerprint, pinned_at) VALUES (?, ?, ?)",
                arguments: [host.rawValue, fingerprint, time.secondsSinceEpoch])
        }
    }

    /// The pinned fingerprint; nil when none was pinned.
    package func hostKey(for host: HostID) async throws(FleetProblem) -> String? {
        try await read("read the key of host `\(host)`") { database in
            try String.fetchOne(
                database, sql: "SELECT fingerprint FROM host_key WHERE host = ?", arguments: [host.rawValue])
        }
    }

    /// All pinned fingerprints.
    package func hostKeys() async throws(FleetProblem) -> [HostID: String] {
        try await read("read the pinned keys") { database in
            let rows = try Row.fetchAll(database, sql: "SELECT host, fingerprint FROM host_key LIMIT \(Limits.hosts)")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0.name("host"), $0["fingerprint"]) })
        }
    }
}
