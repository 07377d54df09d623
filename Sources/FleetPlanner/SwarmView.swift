// One Swarm as the manager that speaks for it tells it, with its nodes found in constant time: a plan for thousands of
// hosts asks for each of them.
import FleetModel

/// A Swarm's list of nodes, and who tells it.
struct SwarmView {
    let speaker: HostID
    let facts: ClusterFacts
    private let byID: [NodeID: Int]
    private let byHost: [HostID: [Int]]
    private let byAddress: [String: [Int]]

    init(speaker: HostID, facts: ClusterFacts) {
        (self.speaker, self.facts) = (speaker, facts)
        var (byID, byHost, byAddress): ([NodeID: Int], [HostID: [Int]], [String: [Int]]) = ([:], [:], [:])
        for (index, node) in facts.nodes.enumerated() {
            byID[node.id] = index
            if let host = node.labels[MusterLabel.host] {
                byHost[HostID(host), default: []].append(index)
            } else {
                byAddress[node.address, default: []].append(index)
            }
        }
        (self.byID, self.byHost, self.byAddress) = (byID, byHost, byAddress)
    }

    func node(_ id: NodeID) -> NodeFacts? { byID[id].map { facts.nodes[$0] } }

    /// Nodes that carry the host's label, and those without any that have its address: what may be the host.
    func candidates(for host: HostPolicy) -> [NodeFacts] {
        ((byHost[host.name] ?? []) + (byAddress[host.address] ?? [])).map { facts.nodes[$0] }
    }

    /// Everyone who counts for the majority.
    var managers: [NodeFacts] { facts.nodes.filter { $0.role == .manager } }
}

extension NodeFacts {
    /// Whether the other managers hear it: what is not heard does not vote.
    var isAnswering: Bool { state == "ready" && reachability != "unreachable" }
}
