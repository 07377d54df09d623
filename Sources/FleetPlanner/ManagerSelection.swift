// Which hosts of a cluster are to be its managers. People's `role:` first, then the control plane's home, then those
// who are it already, then a spread over failure domains.
import FleetModel

/// Chooses the managers of one cluster.
struct ManagerSelection {
    let situation: Situation
    let cluster: ClusterPolicy
    /// Hosts that are managers already, by observation or by the parent blueprint.
    let present: Set<HostID>
    /// The host that keeps the control plane's volume; nil while there is none.
    let home: HostID?

    private var policy: FleetPolicy { situation.policy }

    /// The managers in the order in which they join: as many as the policy wants, the living first.
    /// Hosts that are dead are chosen only when people fixed their role, when they are managers already, or when there
    /// are too few others: what is dead may come back.
    func managers() -> [HostID] {
        let members = situation.members(of: cluster.name)
        let fixed = members.filter { $0.role == .manager }
        var chosen = Array(fixed.prefix(cluster.managers))
        let free = members.filter { $0.role == nil }
        for group in [
            free.filter { $0.name == home },
            free.filter { $0.name != home && present.contains($0.name) && situation.canTakePart($0.name) },
            free.filter { $0.name != home && present.contains($0.name) && !situation.canTakePart($0.name) },
            free.filter { $0.name != home && !present.contains($0.name) && situation.canTakePart($0.name) },
            free.filter { $0.name != home && !present.contains($0.name) && !situation.canTakePart($0.name) },
        ] { extend(&chosen, from: group) }
        return inJoinOrder(chosen.map(\.name), members)
    }

    /// Adds hosts of `group` one by one, each from the domain that has the fewest managers so far.
    private func extend(_ chosen: inout [HostPolicy], from group: [HostPolicy]) {
        var left = group
        while chosen.count < cluster.managers, let next = nextIndex(in: left, chosen: chosen) {
            chosen.append(left.remove(at: next))
        }
    }

    private func nextIndex(in candidates: [HostPolicy], chosen: [HostPolicy]) -> Int? {
        let managersIn = chosen.reduce(into: [DomainID: Int]()) { $0[$1.domain, default: 0] += 1 }
        let rank = Dictionary(policy.domains.enumerated().map { ($1, $0) }) { first, _ in first }
        return candidates.indices.min { left, right in
            let (a, b) = (candidates[left].domain, candidates[right].domain)
            return (managersIn[a] ?? 0, rank[a] ?? rank.count, left) < (
                managersIn[b] ?? 0, rank[b] ?? rank.count, right
            )
        }
    }

    /// Present managers first, then the living, then the dead; within each in the order of the manifest.
    private func inJoinOrder(_ chosen: [HostID], _ members: [HostPolicy]) -> [HostID] {
        let isChosen = Set(chosen)
        let ordered = members.map(\.name).filter(isChosen.contains)
        let position = Dictionary(uniqueKeysWithValues: ordered.enumerated().map { ($1, $0) })
        func key(_ host: HostID) -> (Int, Int, Int) {
            (situation.canTakePart(host) ? 0 : 1, present.contains(host) ? 0 : 1, position[host] ?? 0)
        }
        return ordered.sorted { key($0) < key($1) }
    }
}
