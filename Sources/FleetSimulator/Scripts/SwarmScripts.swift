// The scripts that make, join and leave Swarms, and those that a manager runs for others.
import FleetModel

extension SimulatedWorld {
    private static let notASwarmManager = "Error response from daemon: This node is not a swarm manager."
    private static let noLeader =
        "Error response from daemon: rpc error: code = Unknown desc = The swarm does not have a leader."

    func initSwarm(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let (host, cluster) = (run.host, run.argument(1))
        switch stateOfEngine(host) {
        case .active?:
            guard host.madeHas("swarm", cluster) else { throw .fails("foreign-swarm", host.membership?.swarm ?? "") }
            return Self.unchanged
        case .inactive?: break
        case nil: throw .fails("engine-silent", "no engine answers")
        case let state?: throw .fails("half-joined", "\(state.rawValue) \(host.membership?.errorText ?? "")")
        }
        try await stroke(run, 1...5, "before the Swarm is written down")
        host.madeSet("swarm", cluster, region: run.region)
        try await stroke(run, 500...2000, "before the Swarm is made")
        guard stateOfEngine(host) == .inactive else { throw .fails("swarm-init", Self.alreadyInSwarm) }
        let swarm = SimulatedSwarm(id: random.identifier(25))
        swarms[swarm.id] = swarm
        let node = addNode(host, to: swarm, .manager, address: value(after: "--advertise-addr", run) ?? host.address)
        swarm.leader = node
        host.membership?.state = .active
        effect("swarm made", cluster)
        return Self.changed
    }

    private static let alreadyInSwarm = "Error response from daemon: This node is already part of a swarm."

    private func value(after word: String, _ run: ScriptRun) -> String? {
        run.act.arguments.firstIndex(of: word).map { run.argument($0 + 1) }
    }

    /// The state as the engine gives it; nil when no engine answers.
    func stateOfEngine(_ host: SimulatedHost) -> SwarmFacts.State? {
        guard host.isEngineRunning else { return nil }
        if let swarm = swarm(of: host) { refresh(swarm) }
        return host.swarmState
    }

    /// Enters `host` into `swarm` as a new node, at once and on both sides.
    @discardableResult
    func addNode(
        _ host: SimulatedHost, to swarm: SimulatedSwarm, _ role: NodeRole, address: String
    ) -> NodeID {
        let node = NodeID(random.identifier(25))
        swarm[node] = SimulatedSwarm.Node(
            id: node, host: host.name, hostname: host.name.rawValue, address: address, role: role)
        host.membership = SimulatedHost.Membership(swarm: swarm.id, node: node, address: address, state: .pending)
        host.activeAt = time.uptime()
        if role == .manager { swarm.voters.insert(node) }
        return node
    }

    // MARK: - Leaving

    func leaveSwarm(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let (host, cluster) = (run.host, run.argument(1))
        if (stateOfEngine(host) ?? .inactive) == .inactive {
            host.madeDrop("swarm", region: run.region)
            return Self.unchanged
        }
        guard host.madeHas("swarm", cluster) else {
            throw .fails("foreign-swarm", "this region did not put the host into its Swarm")
        }
        if run.argument(2) == "as-worker" {
            guard try await poll(run, seconds: 60, { !isManager(host) }) else {
                throw .fails("still-manager", "after 60 s")
            }
        }
        try await leave(run)
        try await stroke(run, 1...5, "before the Swarm is no longer written down")
        host.madeDrop("swarm", region: run.region)
        return Self.changed
    }

    func resetSwarm(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        guard run.host.madeHas("swarm", run.argument(1)) else {
            throw .fails("foreign-swarm", "half joined, but not by this region")
        }
        guard run.host.isEngineRunning else { throw .fails("swarm-leave", "Cannot connect to the Docker daemon") }
        try await stroke(run, 20...80, "before its state is read")
        // The join of a run that was killed may still go on.
        _ = try await poll(run, seconds: 25) { stateOfEngine(run.host) != .pending }
        if stateOfEngine(run.host) == .active { return Self.unchanged }
        try await leave(run, unlessActive: true)
        return run.host.swarmState == .active ? Self.unchanged : Self.changed
    }

    /// `docker swarm leave`: the node stays in the list and falls silent.
    func leave(_ run: ScriptRun, unlessActive: Bool = false) async throws(ScriptStop) {
        let host = run.host
        try await stroke(run, 500...3000, "before it leaves")
        if unlessActive, stateOfEngine(host) == .active { return }
        watchingQuorum(swarm(of: host), of: host.made?["swarm"]?.first, "leave of \(host.name)") {
            host.membership = nil
        }
        effect("swarm left", host.name.rawValue)
    }

    // MARK: - What a manager does for others

    func swarmToken(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try await stroke(run, 5...50, "before the token is read")
        let swarm = try speaker(run, "swarm-token")
        guard let role = NodeRole(rawValue: run.argument(0)) else { throw .fails("swarm-token", "unknown role") }
        return ["token \(swarm.token(role))"]
    }

    func labelNode(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let (swarm, node) = try await nodeInHand(run, "label-node")
        let words = run.act.arguments
        for (word, next) in zip(words, words.dropFirst()) {
            let parts = next.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if word == "--label-add", parts.count == 2 { swarm[node]?.labels[parts[0]] = parts[1] }
            if word == "--label-rm" { swarm[node]?.labels[next] = nil }
        }
        effect("node labelled", swarm[node]?.host.rawValue ?? "")
        return Self.changed
    }

    func promoteNode(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let (swarm, node) = try await nodeInHand(run, "promote-node")
        if swarm[node]?.role != .manager { effect("node promoted", swarm[node]?.host.rawValue ?? "") }
        swarm[node]?.role = .manager
        if let host = swarm[node].flatMap({ hosts[$0.host] }) { host.activeAt = time.uptime() + .seconds(2) }
        return Self.changed
    }

    /// The Swarm of the script's host, and the node that its last word names.
    func nodeInHand(
        _ run: ScriptRun, _ code: String
    ) async throws(ScriptStop) -> (SimulatedSwarm, NodeID) {
        try await stroke(run, 20...100, "before the node is changed")
        let swarm = try speaker(run, code)
        let node = NodeID(run.act.arguments.last ?? "")
        guard swarm[node] != nil else { throw .fails(code, "Error: No such node: \(node)") }
        return (swarm, node)
    }

    /// The Swarm for which the script's host speaks, or what docker says when it does not.
    func speaker(_ run: ScriptRun, _ code: String) throws(ScriptStop) -> SimulatedSwarm {
        guard run.host.isEngineRunning else { throw .fails(code, "Cannot connect to the Docker daemon") }
        guard isManager(run.host) else { throw .fails(code, Self.notASwarmManager) }
        guard let swarm = spoken(by: run.host) else { throw .fails(code, Self.noLeader) }
        return swarm
    }
}
