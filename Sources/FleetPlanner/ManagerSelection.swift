// Which hosts of a cluster are to be its managers. People's `role:` first, then those who are it already, then a
// spread over failure domains.
import FleetModel

/// Chooses the managers of one cluster.
struct ManagerSelection {
    let policy: FleetPolicy
    let cluster: ClusterPolicy
    /// Hosts that can take part now.
    let living: Set<HostID>
    /// Hosts that are managers already, by observation or by the parent blueprint.
    let present: Set<HostID>

    /// The managers in the order in which they join: as many as the policy wants, the living first.
    /// Hosts that are dead are chosen only when people fixed their role, when they are managers already, or when there
    /// are too few others: what is dead may come back.
    func managers() -> [HostID] {
        let members = policy.hosts(of: cluster.name)
        let fixed = members.filter { $0.role == .manager }
        var chosen = fixed.prefix(cluster.managers).map(\.name)
        let free = members.filter { $0.role == nil }
        for group in [
            free.filter { present.contains($0.name) },
            free.filter { !present.contains($0.name) && living.contains($0.name) },
            free.filter { !present.contains($0.name) && !living.contains($0.name) },
        ] { extend(&chosen, from: group) }
        return inJoinOrder(chosen)
    }

    /// Adds hosts of `group` one by one, each from the domain that has the fewest managers so far.
    private func extend(_ chosen: inout [HostID], from group: [HostPolicy]) {
        var left = group
        while chosen.count < cluster.managers, let next = nextIndex(in: left, chosen: chosen) {
            chosen.append(left.remove(at: next).name)
        }
    }

    private func nextIndex(in candidates: [HostPolicy], chosen: [HostID]) -> Int? {
        var managersIn: [DomainID: Int] = [:]
        for name in chosen { if let domain = policy.host(name)?.domain { managersIn[domain, default: 0] += 1 } }
        return candidates.indices.min { left, right in
            let (a, b) = (candidates[left].domain, candidates[right].domain)
            return (managersIn[a] ?? 0, rank(a), left) < (managersIn[b] ?? 0, rank(b), right)
        }
    }

    private func rank(_ domain: DomainID) -> Int { policy.domains.firstIndex(of: domain) ?? policy.domains.count }

    /// Present managers first, then the living, then the dead; within each in the order of the manifest.
    private func inJoinOrder(_ chosen: [HostID]) -> [HostID] {
        let position = Dictionary(uniqueKeysWithValues: policy.hosts.enumerated().map { ($1.name, $0) })
        func key(_ host: HostID) -> (Int, Int, Int) {
            (living.contains(host) ? 0 : 1, present.contains(host) ? 0 : 1, position[host] ?? 0)
        }
        return chosen.sorted { key($0) < key($1) }
    }
}
