// Who takes part in one Swarm's Raft now, who of them stays, and who is to join them: what ManagerChanges orders.
import FleetModel

/// The managers of one cluster, as they are and as they should be.
struct ClusterRoles {
    let members: [ManagerChanges.Member]
    /// Living hosts that should be managers and are none, in join order; those that have to leave a Swarm first last.
    let due: [HostID]
    /// Those of `due` that may have to wait for this Swarm before they can leave their own.
    let late: Set<HostID>

    init(
        situation: Situation, cluster: ClusterID, desired: [HostID], departures: [Departure], all: Departures,
        ghosts: Ghosts, blueprint: Blueprint, crossings: Crossings
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
        let due = desired.filter {
            situation.canTakePart($0) && !standing.contains($0) && !crossings.kept.contains($0)
        }
        let moving = due.filter { all.byHost[$0] != nil && !crossings.released.contains($0) }
        let late = Set(
            moving.filter { name in
                all.byHost[name].map { !Self.isFree($0, from: cluster, situation, all, blueprint) } ?? false
            })
        self.late = late
        self.due =
            due.filter { all.byHost[$0] == nil } + due.filter { all.byHost[$0] != nil && !late.contains($0) }
            + moving.filter(late.contains)
    }

    /// Whether the host leaves its Swarm whatever happens in `cluster`: that Swarm goes as a whole, or the host is a
    /// worker there and one who manages it stays. Else two clusters could wait for each other's hosts for ever.
    private static func isFree(
        _ departure: Departure, from cluster: ClusterID, _ situation: Situation, _ all: Departures,
        _ blueprint: Blueprint
    ) -> Bool {
        guard let present = departure.cluster, present != cluster else { return false }
        guard let managers = blueprint.clusters[present]?.managers else { return true }
        guard departure.node?.role == .worker else { return false }
        return managers.contains { name in
            all.byHost[name] == nil && situation.isLiving(name)
                && situation.facts(of: name)?.swarm.cluster != nil
                && situation.hosts[name].flatMap(situation.node)?.role == .manager
        }
    }
}
