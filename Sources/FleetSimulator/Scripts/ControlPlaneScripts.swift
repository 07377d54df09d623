// The scripts of the control plane's service, its secrets and its witness.
import FleetModel

extension SimulatedWorld {
    func startControlPlane(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let (name, words) = (run.argument(1), run.act.arguments)
        let label = "\(MusterLabel.regionKey)="
        let key = words.first { $0.hasPrefix(label) }.map { String($0.dropFirst(label.count)) } ?? ""
        var isChange = try await removeControlPlane(of: key, name, run)
        for line in (run.act.secret?.exposed ?? "").split(separator: "\n") {
            let secret = String(line.prefix { $0 != " " })
            if try speaker(run, "make-secret").secretKeys[secret] == key { continue }
            try await stroke(run, 20...80, "before secret \(secret)")
            let swarm = try speaker(run, "make-secret")
            swarm.secrets[secret] = run.region
            swarm.secretKeys[secret] = key
            effect("secret made", secret)
            isChange = true
        }
        if try speaker(run, "make-service").services[name] == nil {
            try await stroke(run, 50...200, "before the service")
            let swarm = try speaker(run, "make-service")
            let home = words.first { $0.hasPrefix("node.id==") }.map { NodeID($0.dropFirst(9)) } ?? NodeID("")
            let image = words.firstIndex(of: "--no-resolve-image").map { run.argument($0 + 1) } ?? ""
            swarm.services[name] = SimulatedSwarm.Service(
                name: name, image: image, home: home, made: time.uptime(), regionKey: key)
            effect("service made", name)
            isChange = true
        }
        let isRunning = try await poll(run, seconds: 120) {
            guard let swarm = spoken(by: run.host), let service = swarm.services[name] else { return false }
            let isUp = runningTasks(of: service, in: swarm) == 1
            if isUp, let home = swarm[service.home].flatMap({ hosts[$0.host] }) { home.volumes[name] = run.region }
            return isUp
        }
        guard isRunning else { throw .fails("start-service", "Pending: no suitable node") }
        return isChange ? Self.changed : Self.unchanged
    }

    /// One that was started by another folder's keys goes, with its volume, unless it has been handed the region.
    private func removeControlPlane(of key: String, _ name: String, _ run: ScriptRun) async throws(ScriptStop) -> Bool {
        guard let old = try speaker(run, "make-service").services[name], old.regionKey != key else { return false }
        guard try speaker(run, "make-service").configs.isEmpty else {
            throw .fails("control-plane-owns", "it was handed the region")
        }
        try await stroke(run, 100...500, "before another folder's service goes")
        let swarm = try speaker(run, "remove-service")
        swarm.services[name] = nil
        if let home = swarm[old.home].flatMap({ hosts[$0.host] }) { home.volumes[name] = nil }
        effect("another folder's service removed", name)
        return true
    }

    /// The public key of the folder that started the control plane; nil where none is in the Swarm of its home.
    func keyOfControlPlane(_ region: RegionID, home: HostID) -> String? {
        hosts[home].flatMap { swarm(of: $0) }?.services["muster-\(region)"]?.regionKey
    }

    /// Whether the Swarms that were seen have one, and none of `key`'s folder.
    func isControlPlane(of region: RegionID, otherThan key: String, in seen: FleetObservation) -> Bool {
        let keys = seen.hosts.keys.compactMap { host in
            seen.facts(of: host)?.swarm.cluster?.services.first { $0.name == "muster-\(region)" }?.spec?.regionKey
        }
        return !keys.isEmpty && !keys.contains(key)
    }

    /// The control plane writes down in its own Swarm that the region is its.
    func noteHandOff(_ region: RegionID, home: HostID) {
        hosts[home].flatMap { swarm(of: $0) }?.configs["muster-\(region)-2-1"] = region.rawValue
    }

    func letsIn(_ key: String, at host: HostID) -> Bool {
        hosts[host]?.authorizedKeys.contains { $0.contains(" \(key) ") } == true
    }

    func removeControlPlane(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let name = run.argument(1)
        var isChange = false
        guard let swarm = spoken(by: run.host) else {
            // Docker lists nothing where nobody leads, and the script takes that for an empty list.
            return Self.unchanged
        }
        if swarm.services[name] != nil {
            try await stroke(run, 100...500, "before the service goes")
            try speaker(run, "remove-service").services[name] = nil
            effect("service removed", name)
            isChange = true
        }
        if swarm.secrets.values.contains(run.region) || swarm.configs.values.contains(run.region) {
            try await stroke(run, 1000...3000, "before secrets and configs go")
            let swarm = try speaker(run, "remove-secret")
            swarm.secrets = swarm.secrets.filter { $0.value != run.region }
            swarm.secretKeys = swarm.secretKeys.filter { swarm.secrets[$0.key] != nil }
            swarm.configs = swarm.configs.filter { $0.value != run.region }
            effect("secrets removed", name)
            isChange = true
        }
        return isChange ? Self.changed : Self.unchanged
    }

    func recordWitness(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let (name, kept) = (run.argument(1), Set(run.act.arguments.dropFirst(1)))
        let isThere = try speaker(run, "record-witness").configs[name] != nil
        try await stroke(run, 20...100, "before the witness")
        let swarm = try speaker(run, "record-witness")
        swarm.configs[name] = run.region
        swarm.configs = swarm.configs.filter { $0.value != run.region || kept.contains($0.key) }
        return isThere ? Self.unchanged : Self.changed
    }
}
