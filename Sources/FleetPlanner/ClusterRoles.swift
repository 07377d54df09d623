// Who takes part in one Swarm's Raft now, who of them stays, and who is to join them: what ManagerChanges orders.
import FleetModel

/// The managers of one cluster, as they are and as they should be.
struct ClusterRoles {
    let members: [ManagerChanges.Member]
    /// Living hosts that should be managers and are none, in join order.
    let due: [HostID]
    /// Those of `due` that have to leave a Swarm first.
    let late: Set<HostID>

    init(
        situation: Situation, cluster: ClusterID, desired: [HostID], departures: [Departure], all: Departures,
        ghosts: Ghosts
    ) {
        var owners: [NodeID: HostID] = [:]
        for host in situation.members(of: cluster) {
            if let node = situation.node(of: host, in: cluster) { owners[node.id] = host.name }
        }
        let going = Set(departures.compactMap(\.node?.id)).union(ghosts.removable.map(\.node.id))
        for departure in departures { if let node = departure.node { owners[node.id] = departure.host.name } }
        for (node, host) in ghosts.removable { owners[node.id] = host }
        let wanted = Set(desired)
        members = (situation.swarms[cluster]?.managers ?? []).map { node in
            let host = owners[node.id]
            // A manager that no host of the region is stays: nothing proves that it may go.
            let stays = !going.contains(node.id) && (host.map(wanted.contains) ?? true)
            let isSilent = host.map { situation.facts(of: $0)?.engine?.isRunning != true } ?? false
            return ManagerChanges.Member(
                node: node.id, host: host, isAnswering: node.isAnswering && !isSilent, stays: stays)
        }
        let standing = Set(members.filter(\.stays).compactMap(\.host))
        due = desired.filter { name in
            guard situation.isLiving(name), !standing.contains(name) else { return false }
            return situation.hosts[name].map { !situation.isStuckElsewhere($0) } ?? false
        }
        late = Set(due.filter { all.byHost[$0] != nil })
    }
}
