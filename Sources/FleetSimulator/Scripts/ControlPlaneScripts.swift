// The scripts of the control plane's service, its secrets and its witness.
import FleetModel

extension SimulatedWorld {
    func startControlPlane(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let (name, words) = (run.argument(1), run.act.arguments)
        var isChange = false
        for line in (run.act.secret?.exposed ?? "").split(separator: "\n") {
            let secret = String(line.prefix { $0 != " " })
            if try speaker(run, "make-secret").secrets[secret] != nil { continue }
            try await stroke(run, 20...80, "before secret \(secret)")
            try speaker(run, "make-secret").secrets[secret] = run.region
            effect("secret made", secret)
            isChange = true
        }
        if try speaker(run, "make-service").services[name] == nil {
            try await stroke(run, 50...200, "before the service")
            let swarm = try speaker(run, "make-service")
            let home = words.first { $0.hasPrefix("node.id==") }.map { NodeID($0.dropFirst(9)) } ?? NodeID("")
            let image = words.firstIndex(of: "--no-resolve-image").map { run.argument($0 + 1) } ?? ""
            swarm.services[name] = SimulatedSwarm.Service(name: name, image: image, home: home, made: time.uptime())
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
