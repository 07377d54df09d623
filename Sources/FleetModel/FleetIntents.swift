// What people asked for besides the manifest, host by host: an input of the planner, from `muster hosts …`.

/// Requests of people about single hosts.
package struct FleetIntents: Hashable, Codable, Sendable {
    /// Hosts that should have no work: kept as life `draining` until they are activated.
    package var draining: Set<HostID>
    /// Hosts that should have work again.
    package var activating: Set<HostID>
    /// Hosts that should leave their Swarm and join it anew, with a fresh certificate.
    package var rejoin: Set<HostID>
    /// Foreign Swarms that hosts should leave, by the Swarm's id (on a worker: its node's id), so that a host that has
    /// meanwhile joined another is not touched.
    package var evict: [HostID: String]
    /// Foreign Swarms that become the Swarm of the host's cluster, named as for `evict`.
    package var adopt: [HostID: String]

    package init(
        draining: Set<HostID> = [], activating: Set<HostID> = [], rejoin: Set<HostID> = [],
        evict: [HostID: String] = [:], adopt: [HostID: String] = [:]
    ) {
        (self.draining, self.activating, self.rejoin) = (draining, activating, rejoin)
        (self.evict, self.adopt) = (evict, adopt)
    }

    package var isEmpty: Bool { self == FleetIntents() }

    /// All hosts that something is asked of.
    package var hosts: Set<HostID> {
        draining.union(activating).union(rejoin).union(evict.keys).union(adopt.keys)
    }

    /// With the hosts that were drained before and are not activated now.
    package func keeping(drained: Set<HostID>) -> FleetIntents {
        var all = self
        all.draining.formUnion(drained.subtracting(activating))
        return all
    }

    /// - Throws: when something is asked of a host that the region does not have.
    package func expectKnown(in policy: FleetPolicy) throws(FleetProblem) {
        let unknown = hosts.subtracting(policy.hosts.map(\.name)).sorted()
        guard !unknown.isEmpty else { return }
        throw FleetProblem(
            .rejected, "unknown-host", subject: "region `\(policy.region)`",
            "it has no host \(unknown.map { "`\($0)`" }.joined(separator: ", "))",
            hint: "`muster hosts` names its hosts; for one that is new in the manifest give `--manifest FILE`, too")
    }
}
