// What clusters have to know of each other before each orders its own managers: who has to stay in one Swarm can join
// no other, and who is let go by one whatever happens may come to another before somebody leaves there.
import FleetModel

/// Hosts on their way from one Swarm to another.
struct Crossings {
    /// They wait in the Swarm that they should leave, because nobody can take their place.
    var kept: Set<HostID> = []
    /// Managers whose Swarm lets them go without waiting for anybody from elsewhere.
    var released: Set<HostID> = []

    /// The steps of every cluster of the manifest, in its order.
    static func clusters(_ situation: Situation, _ blueprint: Blueprint, _ departures: Departures) -> [ClusterSteps] {
        var crossings = Crossings()
        func steps(_ cluster: ClusterPolicy) -> ClusterSteps {
            ClusterSteps(
                situation: situation, blueprint: blueprint, cluster: cluster, departures: departures,
                crossings: crossings)
        }
        var all = situation.policy.clusters.map(steps)
        // Who waits is missing where it should have gone, and that may make others wait: until nobody is added.
        while true {
            let fresh = Set(all.filter { !$0.isLost }.flatMap(\.kept)).subtracting(crossings.kept).filter {
                departures.byHost[$0].map { $0.why != .leavesRegion } ?? false
            }
            if fresh.isEmpty { break }
            crossings.kept.formUnion(fresh)
            let concerned = Set(fresh.compactMap { situation.hosts[$0]?.cluster })
            all = all.map { concerned.contains($0.cluster.name) ? steps($0.cluster) : $0 }
        }
        // Only a cluster that would be left without managers waits for a manager of another one, and only for one that
        // is not such a cluster itself: so no two ever wait for each other.
        guard all.contains(where: \.isLost) else { return all }
        crossings.released = Set(all.filter { $0.changes.loss == nil }.flatMap(\.demoted))
        return all.map { $0.isLost ? steps($0.cluster) : $0 }
    }
}

extension ClusterSteps {
    /// Whether its changes would cost the majority, and no engine that is started first can help.
    fileprivate var isLost: Bool { changes.loss != nil && asleep.isEmpty }

    /// Hosts that are managers here, are demoted and leave.
    fileprivate var demoted: [HostID] {
        changes.order.compactMap { change in
            guard case .demote(let member) = change, let host = member.host, let departure = byHost[host],
                departure.cluster == cluster.name, departure.node?.id == member.node
            else { return nil }
            return host
        }
    }
}
