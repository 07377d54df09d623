// Nodes in a Swarm's list that no host is: which of them are proven to be the past of a host and go (F22, F23, F24),
// and which are only named. Nothing without Muster's label is ever removed unless it is provably a host's own past.
import FleetModel

/// The nodes of one running Swarm that no host of the region is.
struct Ghosts {
    enum Finding: Equatable {
        /// The past of a host: down, and the host answers as another node or as none, or leaves without an answer.
        case past(of: HostID)
        /// Carries our label, and no manifest and no target has its host: it is made to leave.
        case forgotten(HostID)
        /// Not down, although its host is another node: two machines, or one that is cloned.
        case double(HostID)
        /// Down at the address of a host, and not proven to be it.
        case atAddress(of: HostID)
        case unknown
    }

    let found: [(node: NodeFacts, finding: Finding)]

    /// Nodes that are taken off the list, with the host whose past they are.
    var removable: [(node: NodeFacts, host: HostID)] {
        found.compactMap { node, finding in
            switch finding {
            case .past(let host): (node, host)
            case .forgotten(let host): node.state == "down" ? (node, host) : nil
            case .double, .atAddress, .unknown: nil
            }
        }
    }

    init(_ situation: Situation, in cluster: ClusterID, members: [HostPolicy]) {
        guard let view = situation.swarms[cluster] else { found = []; return }
        var owned: Set<NodeID> = []
        var byAddress: [String: HostPolicy] = [:]
        for host in members {
            if let node = situation.node(of: host, in: cluster) { owned.insert(node.id) }
            byAddress[host.address] = host
        }
        found = view.facts.nodes.filter { !owned.contains($0.id) }.map { node in
            (node, Self.finding(about: node, in: cluster, situation, byAddress[node.address]))
        }
    }

    private static func finding(
        about node: NodeFacts, in cluster: ClusterID, _ situation: Situation, _ neighbour: HostPolicy?
    ) -> Finding {
        if let label = node.labels[MusterLabel.host],
            node.labels[MusterLabel.region] == situation.policy.region.rawValue
        {
            let name = HostID(label)
            guard situation.hosts[name] != nil else { return .forgotten(name) }
            guard node.state == "down" else { return .double(name) }
            let isProven =
                knowsItsNode(name, situation) || hasLeft(name, cluster, situation) || isGone(name, situation)
            return isProven ? .past(of: name) : .atAddress(of: name)
        }
        guard let neighbour, node.labels[MusterLabel.host] == nil, node.state == "down" else { return .unknown }
        let isProven =
            knowsItsNode(neighbour.name, situation)
            && situation.facts(of: neighbour.name)?.identity.hostname == node.hostname
        return isProven ? .past(of: neighbour.name) : .atAddress(of: neighbour.name)
    }

    /// Whether the host leaves without an answer: nobody is to be any of its nodes again.
    private static func isGone(_ host: HostID, _ situation: Situation) -> Bool {
        situation.isLeaving(host) && situation.facts(of: host) == nil
    }

    /// Whether what Muster wrote on the host says that it is not in the Swarm of `cluster` any more: so much is known
    /// while its engine is stopped, because it is written before a join and crossed out after a leave.
    private static func hasLeft(_ host: HostID, _ cluster: ClusterID, _ situation: Situation) -> Bool {
        guard situation.isLiving(host), let made = situation.facts(of: host)?.made else { return false }
        return made.region == situation.policy.region && !made.swarm.contains(cluster)
    }

    /// Whether the host itself says which node it is now, or that it is none: only then another one is its past.
    private static func knowsItsNode(_ host: HostID, _ situation: Situation) -> Bool {
        guard situation.isLiving(host), let facts = situation.facts(of: host) else { return false }
        guard let engine = facts.engine else { return facts.made?.swarm.isEmpty != false }
        guard engine.isRunning else { return false }
        return facts.swarm.state == .active ? facts.swarm.nodeID != nil : facts.swarm.state != .locked
    }
}
