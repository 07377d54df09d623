// How Swarms live: who hears whom, who leads, who has fallen silent. Looked at whenever somebody asks or something
// changes, so that no Swarm needs a heartbeat of its own.
package import FleetModel

extension SimulatedWorld {
    /// How long managers wait for a silent node before they call it down: three heartbeats of five seconds.
    static let downAfter = Duration.seconds(15)

    func swarm(of host: SimulatedHost) -> SimulatedSwarm? { host.membership.flatMap { swarms[$0.swarm] } }

    func refreshSwarms() {
        for id in swarms.keys.sorted() { if let swarm = swarms[id] { refresh(swarm) } }
    }

    /// Brings leader, silence and memberships up to now.
    func refresh(_ swarm: SimulatedSwarm) {
        elect(swarm)
        for node in swarm.sortedNodes {
            let isHeard = leads(swarm, node) && isUp(node, swarm)
            if isHeard {
                swarm[node.id]?.silentSince = nil
            } else if node.silentSince == nil {
                swarm[node.id]?.silentSince = time.uptime()
            }
            settle(node, swarm, isHeard: isHeard)
        }
    }

    /// A manager leads as long as a majority of the voters hears it; else those that hear each other agree on another.
    private func elect(_ swarm: SimulatedSwarm) {
        if let leader = swarm.leader, hasMajority(leader, swarm) { return swarm.electionEnds = nil }
        swarm.leader = nil
        guard let candidate = swarm.voters.sorted().first(where: { hasMajority($0, swarm) }) else {
            return swarm.electionEnds = nil
        }
        guard let ends = swarm.electionEnds else {
            return swarm.electionEnds = time.uptime() + random.milliseconds(1000...8000)
        }
        guard ends <= time.uptime() else { return }
        swarm.electionEnds = nil
        swarm.leader = candidate
        note("swarm \(swarm.id): \(candidate) leads")
    }

    /// A leader that goes in order gives the lead to another, without an election.
    func handOver(_ swarm: SimulatedSwarm) {
        swarm.leader = swarm.voters.sorted().first { hasMajority($0, swarm) }
    }

    private func hasMajority(_ voter: NodeID, _ swarm: SimulatedSwarm) -> Bool {
        guard let own = swarm[voter], isUp(own, swarm) else { return false }
        let heard = swarm.voters.filter { other in
            swarm[other].map { isUp($0, swarm) && network.connects($0.host, own.host) } ?? false
        }
        return heard.count >= swarm.majority
    }

    /// The node's engine runs and still is this node.
    func isUp(_ node: SimulatedSwarm.Node, _ swarm: SimulatedSwarm) -> Bool {
        guard let host = hosts[node.host], host.isEngineRunning else { return false }
        return host.membership?.node == node.id && host.membership?.swarm == swarm.id
    }

    private func leads(_ swarm: SimulatedSwarm, _ node: SimulatedSwarm.Node) -> Bool {
        guard let leader = swarm.leader.flatMap({ swarm[$0] }) else { return false }
        return network.connects(leader.host, node.host)
    }

    /// A node that is heard becomes active, and what its role says, some time after its engine came up.
    private func settle(_ node: SimulatedSwarm.Node, _ swarm: SimulatedSwarm, isHeard: Bool) {
        guard isHeard, let host = hosts[node.host], host.activeAt <= time.uptime() else { return }
        if host.swarmState == .pending { host.membership?.state = .active }
        if node.role == .manager, host.swarmState == .active { swarm.voters.insert(node.id) }
    }

    // MARK: - What a host's engine answers

    /// The Swarm for which `host` can speak now: it is one of its managers, and there is a leader that it hears.
    func spoken(by host: SimulatedHost) -> SimulatedSwarm? {
        guard host.isEngineRunning, let swarm = swarm(of: host), let node = host.membership?.node else { return nil }
        refresh(swarm)
        guard swarm.voters.contains(node), let leader = swarm.leader.flatMap({ swarm[$0] }),
            network.connects(leader.host, host.name)
        else { return nil }
        return swarm
    }

    func isManager(_ host: SimulatedHost) -> Bool {
        guard let swarm = swarm(of: host), let node = host.membership?.node else { return false }
        return swarm.voters.contains(node)
    }

    /// `ready` or `down`, as a manager lists it.
    func listedState(of node: SimulatedSwarm.Node) -> String {
        guard let silent = node.silentSince else { return "ready" }
        return time.uptime() - silent < Self.downAfter ? "ready" : "down"
    }

    /// Tasks of the service that run now. Whenever one does, its host has the service's volume.
    func runningTasks(of service: SimulatedSwarm.Service, in swarm: SimulatedSwarm) -> Int {
        guard let node = swarm[service.home], listedState(of: node) == "ready", node.availability == "active",
            let host = hosts[node.host],
            host.images.contains(service.image), time.uptime() - service.made >= .seconds(2)
        else { return 0 }
        host.volumes[service.name] = host.madeRegion
        return 1
    }

    // MARK: - Changes of membership

    /// Notes when a change that Muster made leaves voters without the majority that they had (I5).
    func watchingQuorum(
        _ swarm: SimulatedSwarm?, of cluster: String? = nil, _ what: String, _ change: () -> Void
    ) {
        guard let swarm, cluster.map({ !givenUp.contains($0) }) ?? true else { return change() }
        refresh(swarm)
        let had = swarm.voters.contains { hasMajority($0, swarm) }
        change()
        let has = swarm.voters.contains { hasMajority($0, swarm) }
        // A Swarm whose last node goes has nobody who could miss its majority.
        let isInhabited = swarm.nodes.values.contains { isUp($0, swarm) }
        if had, !has, isInhabited, !isTearingDown {
            violation("I5: \(what) took swarm \(swarm.id) its majority")
        }
        refresh(swarm)
    }

    /// Rotates the join tokens of the Swarm that `host` is in (F26).
    package func rotateTokens(on host: HostID) {
        guard let swarm = hosts[host].flatMap({ swarm(of: $0) }) else { return }
        note("swarm \(swarm.id): tokens rotated")
        swarm.rotateTokens()
    }

    /// Takes the leader's power (F27); gives its host.
    package func killLeader(ofSwarmOf host: HostID) -> HostID? {
        guard let swarm = hosts[host].flatMap({ swarm(of: $0) }), let leader = swarm.leader.flatMap({ swarm[$0] })
        else { return nil }
        powerOff(leader.host)
        return leader.host
    }
}
