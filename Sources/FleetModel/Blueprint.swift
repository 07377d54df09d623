// Blueprint: what should be. Immutable, with a parent and a generation; it becomes the target only if its parent
// still is. The third of the four values of design.md §2.

/// The desired state of one region.
package struct Blueprint: Hashable, Codable, Sendable {
    package let region: RegionID
    /// 1 for the first; one more than the parent's.
    package let generation: Int
    /// Generation of the blueprint that this one was made from; 0 when it is the first.
    package let parent: Int
    package let clusters: [ClusterID: DesiredCluster]
    package let hosts: [HostID: DesiredHost]
    /// Hosts that people took out of the manifest and that are not gone yet: how they are reached, until they are.
    package let leaving: [HostID: DesiredHost]
    /// nil when the region has none (while it is being torn down).
    package let controlPlane: DesiredControlPlane?

    package init(
        region: RegionID, generation: Int, parent: Int, clusters: [ClusterID: DesiredCluster],
        hosts: [HostID: DesiredHost], leaving: [HostID: DesiredHost] = [:], controlPlane: DesiredControlPlane?
    ) {
        (self.region, self.generation, self.parent) = (region, generation, parent)
        (self.clusters, self.hosts, self.leaving, self.controlPlane) = (clusters, hosts, leaving, controlPlane)
    }

    /// Whether two blueprints want the same, whatever their generations are.
    package func wantsTheSame(as other: Blueprint) -> Bool {
        region == other.region && clusters == other.clusters && hosts == other.hosts && leaving == other.leaving
            && controlPlane == other.controlPlane
    }
}

extension Blueprint {
    /// The next generation, in which these hosts are gone.
    package func without(leaving gone: Set<HostID>) -> Blueprint {
        Blueprint(
            region: region, generation: generation + 1, parent: generation, clusters: clusters, hosts: hosts,
            leaving: leaving.filter { !gone.contains($0.key) }, controlPlane: controlPlane)
    }

    /// A blueprint of a version that knew no leaving hosts has none.
    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            region: try members.decode(RegionID.self, forKey: .region),
            generation: try members.decode(Int.self, forKey: .generation),
            parent: try members.decode(Int.self, forKey: .parent),
            clusters: try members.decode([ClusterID: DesiredCluster].self, forKey: .clusters),
            hosts: try members.decode([HostID: DesiredHost].self, forKey: .hosts),
            leaving: try members.decodeIfPresent([HostID: DesiredHost].self, forKey: .leaving) ?? [:],
            controlPlane: try members.decodeIfPresent(DesiredControlPlane.self, forKey: .controlPlane))
    }
}

/// One Swarm as it should be.
package struct DesiredCluster: Hashable, Codable, Sendable {
    package var isControl: Bool
    package var addressPool: String
    package var subnetBits: Int
    /// Managers in the order in which they join; the first makes the Swarm.
    package var managers: [HostID]

    package init(isControl: Bool, addressPool: String, subnetBits: Int, managers: [HostID]) {
        (self.isControl, self.managers) = (isControl, managers)
        (self.addressPool, self.subnetBits) = (addressPool, subnetBits)
    }
}

/// One host as it should be.
package struct DesiredHost: Hashable, Codable, Sendable {
    package var address: String
    package var domain: DomainID
    package var cluster: ClusterID
    package var role: NodeRole
    package var labels: [String: String]
    package var engine: EnginePolicy
    /// Pinned fingerprint: a host that leaves is reached by it when no manifest has it any more.
    package var hostKey: String?

    package init(
        address: String, domain: DomainID, cluster: ClusterID, role: NodeRole, labels: [String: String] = [:],
        engine: EnginePolicy = EnginePolicy(), hostKey: String? = nil
    ) {
        (self.address, self.domain, self.cluster, self.role) = (address, domain, cluster, role)
        (self.labels, self.engine, self.hostKey) = (labels, engine, hostKey)
    }
}

/// The control plane's service as it should be.
package struct DesiredControlPlane: Hashable, Codable, Sendable {
    package var cluster: ClusterID
    /// The host that holds its volume.
    package var home: HostID
    /// Reference of its image: `muster:` and the first characters of the layer's digest.
    package var image: String
    package var port: Int
    package var allowFrom: [String]

    package init(cluster: ClusterID, home: HostID, image: String, port: Int, allowFrom: [String]) {
        (self.cluster, self.home, self.image, self.port, self.allowFrom) = (cluster, home, image, port, allowFrom)
    }
}
