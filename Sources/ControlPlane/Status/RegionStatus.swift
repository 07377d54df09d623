// The one document that `muster status` and the page print. It is a value of its own, so that the command line needs
// one call, and what people see never depends on how the inventory is laid out.

package import FleetModel

/// The state of a region, as its control plane knows it.
package struct RegionStatus: Codable, Hashable, Sendable {
    package var takenAt: Timestamp
    package var region: RegionID
    /// `serving` or `paused`: the stage of the control plane.
    package var stage: String
    package var owner: Ownership.Owner
    package var epoch: Int
    /// Generation of the target blueprint; 0 when there is none.
    package var generation: Int
    package var clusters: [ClusterStatus]
    package var hosts: [HostStatus]
    /// The run that goes on.
    package var run: RunStatus?
    /// What is not as the target wants it.
    package var drift: [FleetProblem]
    package var controlPlane: ControlPlaneStatus
    package var sealedCopy: SealedCopyStatus
    /// What people must know, whatever else is well.
    package var warnings: [FleetProblem]
}

/// A run that goes on, and how far it is.
package struct RunStatus: Codable, Hashable, Sendable {
    package var run: Run
    /// Steps of the plan that it executes now.
    package var steps: Int
    /// Those of them that have ended, well or badly.
    package var ended: Int
}

/// One Swarm, as the best of its managers sees it.
package struct ClusterStatus: Codable, Hashable, Sendable {
    package var name: ClusterID
    package var isControl: Bool
    package var managersDesired: Int
    /// Managers that the Swarm has.
    package var managers: Int
    /// Managers that reach each other.
    package var managersReachable: Int
    /// A majority of `managers`.
    package var quorumNeeds: Int
    package var hasQuorum: Bool
    package var leader: HostID?
    package var nodes: [NodeStatus]
}

/// One node of a Swarm.
package struct NodeStatus: Codable, Hashable, Sendable {
    package var id: NodeID
    /// The inventory's host; nil for a node that the inventory does not have (F22).
    package var host: HostID?
    package var hostname: String
    package var address: String
    package var role: NodeRole
    package var state: String
    package var availability: String
    package var isLeader: Bool
    package var reachability: String?
}

/// One host, with what was last read from it.
package struct HostStatus: Codable, Hashable, Sendable {
    package var name: HostID
    package var address: String
    package var domain: DomainID
    package var cluster: ClusterID
    package var role: NodeRole
    package var life: HostLife
    package var isReachable: Bool
    /// Since when it has been reachable, or not.
    package var since: Timestamp
    package var observedAt: Timestamp?
    package var unreachable: FleetProblem?
    package var engineVersion: String?
    package var operatingSystem: String?
    package var cpuMillicores: Int?
    package var memoryMiB: Int?
    package var memoryAvailableMiB: Int?
    package var diskMiB: Int?
    package var diskFreeMiB: Int?
    /// The Swarm's word for its node: `ready`, `down` …; nil when no manager knows it.
    package var nodeState: String?
    package var isLeader: Bool
}

/// The control plane about itself.
package struct ControlPlaneStatus: Codable, Hashable, Sendable {
    package var version: String
    package var uptimeSeconds: Int
    /// The host that holds its volume.
    package var home: HostID?
    package var image: String?
    package var observedAt: Timestamp?
    package var observeIntervalSeconds: Int
}

/// The copy of the inventory on the operator's machine.
package struct SealedCopyStatus: Codable, Hashable, Sendable {
    package var hasRecipient: Bool
    /// When the last one was handed out.
    package var madeAt: Timestamp?
    package var ageSeconds: Int?
}
