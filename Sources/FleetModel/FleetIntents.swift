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
}
