// Policy: what people asked for, as the manifest of a region says it. The first of the four values of design.md §2.

/// Everything that people decided about one region.
package struct FleetPolicy: Hashable, Codable, Sendable {
    package var region: RegionID
    package var access: AccessPolicy
    /// The failure domains, in the order of preference.
    package var domains: [DomainID]
    package var clusters: [ClusterPolicy]
    /// In the order of the manifest, which is the order of preference everywhere.
    package var hosts: [HostPolicy]
    package var engine: EnginePolicy
    package var network: NetworkPolicy
    package var controlPlane: ControlPlanePolicy
    package var budgets: BudgetPolicy

    package init(
        region: RegionID, access: AccessPolicy = AccessPolicy(), domains: [DomainID], clusters: [ClusterPolicy],
        hosts: [HostPolicy], engine: EnginePolicy = EnginePolicy(), network: NetworkPolicy = NetworkPolicy(),
        controlPlane: ControlPlanePolicy = ControlPlanePolicy(), budgets: BudgetPolicy = BudgetPolicy()
    ) {
        (self.region, self.access, self.domains, self.clusters, self.hosts) = (region, access, domains, clusters, hosts)
        (self.engine, self.network, self.controlPlane, self.budgets) = (engine, network, controlPlane, budgets)
    }

    /// The cluster that runs the control plane; a valid policy has exactly one.
    package var controlCluster: ClusterPolicy? { clusters.first(where: \.isControl) }

    /// The same without paths of the operator's machine, and without the bastion, behind which the control plane is:
    /// what is kept in an inventory and sent to the control plane. Nobody is there to type a password either: where the
    /// account needs one for `sudo`, the control plane logs in as root, whom the region's key is for then.
    package var portable: FleetPolicy {
        var policy = self
        (policy.access.keyFile, policy.access.knownHosts, policy.access.bastion) = (nil, nil, nil)
        if policy.access.sudo == .password { (policy.access.user, policy.access.sudo) = ("root", .none) }
        return policy
    }

    package func host(_ name: HostID) -> HostPolicy? { hosts.first { $0.name == name } }
    package func hosts(of cluster: ClusterID) -> [HostPolicy] { hosts.filter { $0.cluster == cluster } }
}

/// How the hosts are reached.
package struct AccessPolicy: Hashable, Codable, Sendable {
    /// How a user who is not root becomes root.
    package enum Sudo: String, Codable, Sendable, CaseIterable { case none, nopasswd, password }

    package var user: String
    package var port: Int
    /// Path of an OpenSSH private key; nil takes the agent's key.
    package var keyFile: String?
    /// Path of a known_hosts file; hosts with a `hostKey` need none.
    package var knownHosts: String?
    package var sudo: Sudo
    /// The host through which all others are reached.
    package var bastion: BastionPolicy?

    package init(
        user: String = "root", port: Int = 22, keyFile: String? = nil, knownHosts: String? = nil, sudo: Sudo = .none,
        bastion: BastionPolicy? = nil
    ) {
        (self.user, self.port, self.keyFile, self.knownHosts, self.sudo) = (user, port, keyFile, knownHosts, sudo)
        self.bastion = bastion
    }
}

/// An sshd that only passes connections on.
package struct BastionPolicy: Hashable, Codable, Sendable {
    package var address: String
    package var port: Int
    package var user: String
    /// Path of an OpenSSH private key; nil takes the one for the hosts.
    package var keyFile: String?
    /// Pinned fingerprint, `SHA256:` and 43 characters of base64.
    package var hostKey: String?

    package init(address: String, port: Int = 22, user: String, keyFile: String? = nil, hostKey: String? = nil) {
        (self.address, self.port, self.user, self.keyFile, self.hostKey) = (address, port, user, keyFile, hostKey)
    }
}

extension AccessPolicy {
    /// Home folder of the account that Muster logs in to.
    package var accountHome: String { user == "root" ? "/root" : "/home/\(user)" }
}

/// One Docker Swarm that is to be.
package struct ClusterPolicy: Hashable, Codable, Sendable {
    package var name: ClusterID
    /// Whether it runs the control plane.
    package var isControl: Bool
    /// How many managers: 1, 3, 5 or 7.
    package var managers: Int

    package init(name: ClusterID, isControl: Bool, managers: Int) {
        (self.name, self.isControl, self.managers) = (name, isControl, managers)
    }
}

/// The role of a host in its Swarm.
package enum NodeRole: String, Codable, Sendable, CaseIterable { case manager, worker }

/// One host as the manifest has it.
package struct HostPolicy: Hashable, Codable, Sendable {
    package var name: HostID
    /// IP address or DNS name by which it is reached and which it advertises.
    package var address: String
    package var domain: DomainID
    package var cluster: ClusterID
    /// A role that people fixed; nil lets the planner choose.
    package var role: NodeRole?
    package var labels: [String: String]
    /// Pinned fingerprint, `SHA256:` and 43 characters of base64.
    package var hostKey: String?
    package var reserve: Reserve

    package init(
        name: HostID, address: String, domain: DomainID, cluster: ClusterID, role: NodeRole? = nil,
        labels: [String: String] = [:], hostKey: String? = nil, reserve: Reserve = Reserve()
    ) {
        (self.name, self.address, self.domain, self.cluster) = (name, address, domain, cluster)
        (self.role, self.labels, self.hostKey, self.reserve) = (role, labels, hostKey, reserve)
    }
}

/// What is kept back on a host for the system itself.
package struct Reserve: Hashable, Codable, Sendable {
    package var cpuMillicores: Int
    package var memoryMiB: Int

    package init(cpuMillicores: Int = 0, memoryMiB: Int = 0) {
        (self.cpuMillicores, self.memoryMiB) = (cpuMillicores, memoryMiB)
    }
}

/// Which container engine, from where.
package struct EnginePolicy: Hashable, Codable, Sendable {
    package enum Source: String, Codable, Sendable, CaseIterable { case apt }

    package var source: Source
    /// A version prefix pattern as apt has it (`20.10.*`); nil takes the source's candidate.
    package var version: String?
    /// Keys that daemon.json must have; other keys there are left alone.
    package var daemon: [String: JSONValue]

    package init(source: Source = .apt, version: String? = nil, daemon: [String: JSONValue] = [:]) {
        (self.source, self.version, self.daemon) = (source, version, daemon)
    }
}

/// The Swarms' own address pool for overlay networks.
package struct NetworkPolicy: Hashable, Codable, Sendable {
    /// CIDR, for example `10.201.0.0/16`.
    package var addressPool: String
    /// Prefix length of each overlay network.
    package var subnetBits: Int

    package init(addressPool: String = "10.201.0.0/16", subnetBits: Int = 24) {
        (self.addressPool, self.subnetBits) = (addressPool, subnetBits)
    }
}

/// Where the control plane listens and who may ask it.
package struct ControlPlanePolicy: Hashable, Codable, Sendable {
    package var port: Int
    /// CIDRs that may connect; empty allows none but the region's own hosts and localhost.
    package var allowFrom: [String]

    package init(port: Int = 8443, allowFrom: [String] = []) { (self.port, self.allowFrom) = (port, allowFrom) }
}

/// How much may go wrong before a run stops.
package struct BudgetPolicy: Hashable, Codable, Sendable {
    /// Either a number of hosts or a share of them in percent.
    package enum Limit: Hashable, Codable, Sendable {
        case hosts(Int)
        case percent(Int)
    }

    package var failedHosts: Limit

    package init(failedHosts: Limit = .percent(20)) { self.failedHosts = failedHosts }

    /// How many of `count` hosts may fail. A percentage allows at least one: of five hosts 20 % is one, of three also.
    package func allowedFailures(of count: Int) -> Int {
        switch failedHosts {
        case .hosts(let number): number
        case .percent(let percent): percent == 0 ? 0 : max(1, count * percent / 100)
        }
    }
}
