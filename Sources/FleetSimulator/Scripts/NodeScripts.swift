// The scripts with which a running region grows and shrinks: drain, activate, demote, remove; and those for Swarms that
// others made: evict, adopt.
package import FleetModel

extension SimulatedWorld {
    func drainNode(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let (swarm, node) = try await nodeInHand(run, "drain-node")
        let isChange = swarm[node]?.availability != "drain"
        if isChange {
            swarm[node]?.availability = "drain"
            effect("node drained", swarm[node]?.host.rawValue ?? "")
        }
        let isIdle = try await poll(run, seconds: Int(run.argument(1)) ?? 60) {
            !swarm.services.values.contains { $0.home == node && runningTasks(of: $0, in: swarm) > 0 }
        }
        guard isIdle else { throw .fails("drain-tasks", "muster-\(run.region).1 Running") }
        return isChange ? Self.changed : Self.unchanged
    }

    func activateNode(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let (swarm, node) = try await nodeInHand(run, "activate-node")
        if swarm[node]?.availability == "active" { return Self.unchanged }
        swarm[node]?.availability = "active"
        effect("node activated", swarm[node]?.host.rawValue ?? "")
        return Self.changed
    }

    func demoteNode(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let (swarm, node) = try await nodeInHand(run, "demote-node")
        guard swarm.voters.contains(node) else { return Self.unchanged }
        let others = swarm.voters.subtracting([node])
        let answering = others.filter { swarm[$0].map { isUp($0, swarm) } ?? false }.count
        guard answering >= others.count / 2 + 1 else {
            throw .fails("demote-majority", "\(answering) of the \(others.count) others answer")
        }
        swarm[node]?.role = .worker
        effect("node demoted", swarm[node]?.host.rawValue ?? "")
        // The managers agree on it first, and let it out of Raft a moment later.
        let id = swarm.id
        later(.seconds(2)) { await $0.letGo(node, of: id) }
        guard try await poll(run, seconds: 60, { !swarm.voters.contains(node) }) else {
            throw .fails("demote-node", "Raft has not let it go in 60 s: reachable")
        }
        return Self.changed
    }

    /// As swarmkit does it: not before the others hold a majority; a leader hands over first.
    private func letGo(_ node: NodeID, of id: String) async {
        // Managers try for as long as they run; after two hours nobody here waits for it.
        for _ in 0..<1440 {
            guard let swarm = swarms[id], swarm[node]?.role == .worker, swarm.voters.contains(node) else { return }
            refresh(swarm)
            if canLetGo(node, swarm) {
                return watchingQuorum(swarm, "demotion of \(node)") {
                    swarm.voters.remove(node)
                    if swarm.leader == node { handOver(swarm) }
                }
            }
            await time.wait(.seconds(5))
        }
    }

    private func canLetGo(_ node: NodeID, _ swarm: SimulatedSwarm) -> Bool {
        guard let leader = swarm.leader.flatMap({ swarm[$0] }) else { return false }
        let others = swarm.voters.subtracting([node])
        let heard = others.filter { other in
            swarm[other].map { isUp($0, swarm) && network.connects($0.host, leader.host) } ?? false
        }
        return heard.count >= others.count / 2 + 1
    }

    func removeNode(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let node = NodeID(run.act.arguments.last ?? "")
        try await stroke(run, 20...100, "before the node is looked at")
        guard try speaker(run, "remove-node")[node] != nil else { return Self.unchanged }
        let isDown = try await poll(run, seconds: 30) {
            guard let swarm = spoken(by: run.host), let listed = swarm[node] else { return false }
            return listedState(of: listed) == "down"
        }
        guard isDown else { throw .fails("node-not-down", "ready") }
        try await stroke(run, 20...100, "before the node is removed")
        let swarm = try speaker(run, "remove-node")
        guard swarm[node]?.role != .manager else {
            throw .fails("remove-node", "node \(node) is a cluster manager and is a member of the raft cluster")
        }
        if let gone = swarm[node] {
            if gone.labels[MusterLabel.region] != run.region, !isPast(gone) {
                violation("node \(gone.hostname) without a label is removed, and is nobody's past")
            }
            effect("node removed", gone.host.rawValue)
        }
        swarm[node] = nil
        return Self.changed
    }

    /// Whether the host that was this node is another one now, or none.
    private func isPast(_ node: SimulatedSwarm.Node) -> Bool {
        hosts[node.host].map { $0.membership?.node != node.id } ?? false
    }

    // MARK: - Swarms that others made

    func evictSwarm(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        if stateOfEngine(run.host) == .inactive { return Self.unchanged }
        if run.host.made?["swarm"]?.isEmpty == false {
            throw .fails("other-swarm", "this region put the host into its Swarm")
        }
        try checkSwarm(of: run.host, is: run.argument(1))
        try await leave(run)
        return Self.changed
    }

    func adoptSwarm(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let cluster = run.argument(1)
        if run.host.madeHas("swarm", cluster) { return Self.unchanged }
        if run.host.made?["swarm"]?.isEmpty == false {
            throw .fails("other-swarm", "this region put the host into another cluster's Swarm")
        }
        guard stateOfEngine(run.host) == .active else { throw .fails("not-in-swarm", run.host.swarmState.rawValue) }
        try checkSwarm(of: run.host, is: run.argument(2))
        try await stroke(run, 1...5, "before the Swarm is written down")
        run.host.madeSet("swarm", cluster, region: run.region)
        effect("swarm adopted", run.host.name.rawValue)
        return Self.changed
    }

    /// People named the Swarm by its id, or on a worker by its node's.
    private func checkSwarm(of host: SimulatedHost, is id: String) throws(ScriptStop) {
        let own = [host.membership?.node?.rawValue, isManager(host) ? host.membership?.swarm : nil].compactMap { $0 }
        if !own.contains(id) { throw .fails("other-swarm", own.joined(separator: " ")) }
    }

    /// Puts hosts into a Swarm that no region made: the first is its manager.
    package func makeForeignSwarm(of names: [HostID]) {
        let swarm = SimulatedSwarm(id: random.identifier(25))
        swarms[swarm.id] = swarm
        for (index, host) in names.compactMap({ hosts[$0] }).enumerated() {
            for package in Self.enginePackages { host.packages[package] = .installed }
            host.engine = SimulatedHost.Engine(isRunning: true)
            addNode(host, to: swarm, index == 0 ? .manager : .worker, address: host.address)
        }
        refreshSwarms()
        note("hosts \(names): in a Swarm of somebody else's")
    }
}
