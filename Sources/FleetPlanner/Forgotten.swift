// Nodes that carry this region's label and whose hosts nobody knows (F22), say because an inventory was lost: a first
// plan finds them in a Swarm's list, a look at them follows, and the plan that runs removes what was made there, too.
package import FleetModel

extension Plan {
    /// Hosts that this plan is the first to call leaving. Whoever made it looks at them, and plans again with what was
    /// seen, so that one run is enough; a refused plan changes nothing, and has none.
    package func forgotten(after parent: Blueprint?) -> [HostID: DesiredHost] {
        guard refusals.isEmpty else { return [:] }
        return blueprint.leaving.filter { parent?.leaving[$0.key] == nil && parent?.hosts[$0.key] == nil }
    }
}

extension [HostID: DesiredHost] {
    /// As hosts that leave, by name.
    package var leaving: [HostPolicy] {
        map { HostPolicy(leaving: $0.key, as: $0.value) }.sorted { $0.name < $1.name }
    }
}

extension FleetObservation {
    /// With what a further look saw of other hosts.
    package func merging(_ more: FleetObservation) -> FleetObservation {
        FleetObservation(takenAt: takenAt, hosts: hosts.merging(more.hosts) { _, new in new })
    }
}
