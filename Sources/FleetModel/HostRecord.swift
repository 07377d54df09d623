// What the inventory remembers of a host between two observations.

/// Where a host is in its life (design.md §3).
package enum HostLife: String, Codable, Sendable, CaseIterable { case admitted, ready, draining, removed, quarantined }

/// One host of the inventory.
package struct HostRecord: Hashable, Codable, Sendable {
    package var name: HostID
    package var address: String
    package var domain: DomainID
    package var cluster: ClusterID
    package var role: NodeRole
    package var life: HostLife
    /// The last facts read, with their time; nil before the first.
    package var facts: HostFacts?
    package var observedAt: Timestamp?
    /// Why it did not answer the last time; nil when it did.
    package var unreachable: FleetProblem?
    /// Since when it has been in its present reachability.
    package var since: Timestamp
    /// Pinned host key fingerprint.
    package var hostKey: String?
    /// Grows with each change of what was decided about the host (not with each look at it): a stale writer is refused.
    package var generation: Int

    package init(
        name: HostID, address: String, domain: DomainID, cluster: ClusterID, role: NodeRole, life: HostLife,
        facts: HostFacts? = nil, observedAt: Timestamp? = nil, unreachable: FleetProblem? = nil, since: Timestamp,
        hostKey: String? = nil, generation: Int = 1
    ) {
        (self.name, self.address, self.domain, self.cluster) = (name, address, domain, cluster)
        (self.role, self.life, self.facts, self.observedAt) = (role, life, facts, observedAt)
        (self.unreachable, self.since, self.hostKey, self.generation) = (unreachable, since, hostKey, generation)
    }
}

/// Who may change a region: the operator's machine before hand off, the control plane after it. One owner per epoch.
package struct Ownership: Hashable, Codable, Sendable {
    package enum Owner: String, Codable, Sendable, CaseIterable {
        case operatorMachine = "operator"
        case controlPlane = "control-plane"
    }

    package var owner: Owner
    /// Grows by one at each hand off and each take back.
    package var epoch: Int

    package init(owner: Owner, epoch: Int) { (self.owner, self.epoch) = (owner, epoch) }
}
