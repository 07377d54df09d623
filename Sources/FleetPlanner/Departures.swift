// Which hosts leave a Swarm: those that people took out of the manifest, those that it has in another cluster now, and
// those that people want to join anew. This is where it is decided that a host is removed.
import FleetModel

/// One host that leaves one Swarm.
struct Departure {
    enum Why: Equatable { case leavesRegion, moves(to: ClusterID), rejoins }

    let host: HostPolicy
    /// The cluster whose Swarm it leaves; nil when it is in none and only what Muster made is removed.
    let cluster: ClusterID?
    let why: Why
    /// As the Swarm lists it; nil when it does not.
    let node: NodeFacts?
    /// nil when the host does not answer.
    let facts: HostFacts?

    var start: StepID { StepID("install-engine/\(host.name)") }
    var leave: StepID { StepID("\(isHalfJoined ? "reset-swarm" : "leave-swarm")/\(host.name)") }
    var drain: StepID { StepID("drain-node/\(host.name)") }
    var removal: StepID? { node.map { StepID("remove-node/\($0.id)") } }

    /// Whether it can leave by itself, if need be once its engine is started.
    var canLeave: Bool {
        isStopped || facts.map { $0.swarm.state != .inactive && $0.engine?.isRunning == true } ?? false
    }

    /// Whether its engine is stopped while it is in a Swarm: it must be started to say that it leaves.
    var isStopped: Bool { facts?.engine.map { !$0.isRunning } == true && facts?.made?.swarm.isEmpty == false }
    var isHalfJoined: Bool { facts?.swarm.state == .pending || facts?.swarm.state == .error }

    /// Whether it is a manager of a Swarm of its own: the one that it should leave does not list it.
    var isSplitManager: Bool { node == nil && facts?.swarm.isManager == true }

    /// What else is in that Swarm, in words; nil when nothing is, so that leaving it by force takes nobody a majority.
    var keptCompany: String? {
        guard let own = facts?.swarm.cluster else { return "nobody speaks for that Swarm" }
        let others = own.nodes.filter { $0.id != facts?.swarm.nodeID && $0.state != "down" }.map(\.hostname)
        if !others.isEmpty { return "\(Self.named(others)) is in it, too" }
        let running = own.services.filter { $0.desiredTasks > 0 }.map(\.name)
        return running.isEmpty ? nil : "it runs \(Self.named(running))"
    }

    private static func named(_ names: [String]) -> String {
        let more = names.count > 5 ? " and \(names.count - 5) more" : ""
        return names.prefix(5).map { "`\($0)`" }.joined(separator: ", ") + more
    }

    /// Whether it must be idle first: where it answers, takes tasks, and the Swarm hears it.
    var wantsDrain: Bool {
        canLeave && !isHalfJoined && !isStopped && node?.state == "ready" && node?.availability != "drain"
    }

    var reason: String {
        switch why {
        case .leavesRegion: "it is in no manifest any more"
        case .moves(let cluster): "the manifest has it in cluster `\(cluster)` now"
        case .rejoins: "people want it to join its Swarm anew"
        }
    }
}

/// All departures of one situation.
struct Departures {
    let all: [Departure]
    let byHost: [HostID: Departure]
    let byCluster: [ClusterID: [Departure]]

    init(_ situation: Situation) {
        all =
            situation.input.leaving.compactMap { Self.leaving($0, situation) }
            + situation.policy.hosts.compactMap { Self.staying($0, situation) }
        byHost = Dictionary(all.map { ($0.host.name, $0) }) { first, _ in first }
        byCluster = Dictionary(grouping: all.filter { $0.cluster != nil }) { $0.cluster! }
    }

    /// nil for a host that is gone: it says that nothing of this region is left on it, and its Swarm does not list it.
    /// One that does not answer may come back as it was, and is not forgotten unless people say so.
    private static func leaving(_ host: HostPolicy, _ situation: Situation) -> Departure? {
        if situation.forgets(host.name) { return nil }
        let facts = situation.facts(of: host.name)
        let cluster = situation.presentCluster(of: host.name) ?? host.cluster
        let node = situation.node(of: host, in: cluster)
        if node == nil, let facts, facts.made?.region != situation.policy.region { return nil }
        let isMember =
            node != nil || situation.presentCluster(of: host.name) != nil
            || facts.map { $0.swarm.state != .inactive } == true
        return Departure(
            host: host, cluster: isMember ? cluster : nil, why: .leavesRegion, node: node, facts: facts)
    }

    private static func staying(_ host: HostPolicy, _ situation: Situation) -> Departure? {
        guard situation.isLiving(host.name), let facts = situation.facts(of: host.name),
            let present = situation.presentCluster(of: host.name)
        else { return nil }
        let isStopped = facts.engine.map { !$0.isRunning } == true
        guard facts.swarm.state != .inactive || isStopped, situation.canTakePart(host.name) else { return nil }
        let rejoins = situation.input.intents.rejoin.contains(host.name)
        guard present != host.cluster || rejoins && situation.swarms[present] != nil else { return nil }
        return Departure(
            host: host, cluster: present, why: present == host.cluster ? .rejoins : .moves(to: host.cluster),
            node: situation.node(of: host, in: present), facts: facts)
    }
}
