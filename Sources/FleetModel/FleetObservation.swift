// Observation: what is, as far as it could be read. Always partial and dated; a host that does not answer is a fact
// in it and never an exception. The second of the four values of design.md §2.

/// What was seen of a region's hosts at one time.
package struct FleetObservation: Hashable, Codable, Sendable {
    package var takenAt: Timestamp
    package var hosts: [HostID: HostObservation]

    package init(takenAt: Timestamp, hosts: [HostID: HostObservation]) {
        (self.takenAt, self.hosts) = (takenAt, hosts)
    }

    /// The facts of a host that answered.
    package func facts(of host: HostID) -> HostFacts? {
        if case .reachable(let facts)? = hosts[host] { facts } else { nil }
    }
}

/// What was seen of one host.
package enum HostObservation: Hashable, Codable, Sendable {
    case reachable(HostFacts)
    case unreachable(FleetProblem)
}

/// What one probe read on one host.
package struct HostFacts: Hashable, Codable, Sendable {
    package var identity: HostIdentity
    package var operatingSystem: OperatingSystem
    package var capacity: HostCapacity
    package var kernel: KernelFeatures
    package var packages: PackageFacts
    /// nil when no engine is installed.
    package var engine: EngineFacts?
    package var swarm: SwarmFacts
    /// Who listens on the ports that Swarm and the control plane need, by port; absent when nobody does.
    package var listeners: [String: String]
    /// Routes on the host in CIDR form, to compare with the address pool (F34).
    package var routes: [String]
    /// What Muster made here, from /etc/muster/made.json; nil when there is no such file.
    package var made: MadeRecord?
    /// What sshd says of logins as root (`no`, `yes`, `without-password` …); nil where it was not asked.
    package var rootLogin: String?
    /// Who holds, or held last, the right to change this host; nil when nobody ever did.
    package var lease: LeaseFacts?
    /// Seconds since 1970 by the host's clock.
    package var clock: Int
    /// Seconds by which the host's clock is ahead of the observer's, half a round trip off at most.
    package var clockSkew: Int

    package init(
        identity: HostIdentity, operatingSystem: OperatingSystem, capacity: HostCapacity, kernel: KernelFeatures,
        packages: PackageFacts, engine: EngineFacts? = nil, swarm: SwarmFacts = SwarmFacts(),
        listeners: [String: String] = [:], routes: [String] = [], made: MadeRecord? = nil,
        lease: LeaseFacts? = nil, clock: Int = 0, clockSkew: Int = 0
    ) {
        (self.identity, self.operatingSystem, self.capacity) = (identity, operatingSystem, capacity)
        (self.kernel, self.packages, self.engine, self.swarm) = (kernel, packages, engine, swarm)
        (self.listeners, self.routes, self.made) = (listeners, routes, made)
        (self.lease, self.clock, self.clockSkew) = (lease, clock, clockSkew)
    }
}

/// What tells one machine from another.
package struct HostIdentity: Hashable, Codable, Sendable {
    package var hostname: String
    /// /etc/machine-id, empty on hosts without one.
    package var machineID: String
    package var bootID: String
    package var addresses: [String]
    /// Whether the probe could act as root, and if not, why.
    package var privilege: Privilege

    package enum Privilege: String, Codable, Sendable, CaseIterable {
        case root, sudo, sudoWantsPassword, sudoMissing, notInSudoers
    }

    package init(
        hostname: String, machineID: String, bootID: String, addresses: [String] = [], privilege: Privilege = .root
    ) {
        (self.hostname, self.machineID, self.bootID) = (hostname, machineID, bootID)
        (self.addresses, self.privilege) = (addresses, privilege)
    }
}

/// /etc/os-release and what starts services.
package struct OperatingSystem: Hashable, Codable, Sendable {
    package enum InitSystem: String, Codable, Sendable, CaseIterable { case systemd, sysvinit, other }

    package var id: String
    package var versionID: String
    package var idLike: [String]
    package var prettyName: String
    package var initSystem: InitSystem
    package var architecture: String

    package init(
        id: String, versionID: String, idLike: [String] = [], prettyName: String, initSystem: InitSystem,
        architecture: String = "x86_64"
    ) {
        (self.id, self.versionID, self.idLike, self.prettyName) = (id, versionID, idLike, prettyName)
        (self.initSystem, self.architecture) = (initSystem, architecture)
    }

    /// Debian, Ubuntu and what calls itself like them: their packages come from apt.
    package var usesApt: Bool { ([id] + idLike).contains { $0 == "debian" || $0 == "ubuntu" } }
}

/// What a host has.
package struct HostCapacity: Hashable, Codable, Sendable {
    package var cpuMillicores: Int
    package var memoryMiB: Int
    package var memoryAvailableMiB: Int
    /// Of the file system that holds /var/lib/docker.
    package var diskMiB: Int
    package var diskFreeMiB: Int
    package var inodesFreePercent: Int
    package var isRootWritable: Bool

    package init(
        cpuMillicores: Int, memoryMiB: Int, memoryAvailableMiB: Int, diskMiB: Int, diskFreeMiB: Int,
        inodesFreePercent: Int = 100, isRootWritable: Bool = true
    ) {
        (self.cpuMillicores, self.memoryMiB) = (cpuMillicores, memoryMiB)
        (self.memoryAvailableMiB, self.diskMiB, self.diskFreeMiB) = (memoryAvailableMiB, diskMiB, diskFreeMiB)
        (self.inodesFreePercent, self.isRootWritable) = (inodesFreePercent, isRootWritable)
    }
}

/// What the kernel can and cannot do for an engine (F16).
package struct KernelFeatures: Hashable, Codable, Sendable {
    package var release: String
    package var hasOverlay: Bool
    package var hasVXLAN: Bool
    /// Without it there is no VIP and no routing mesh.
    package var hasIPVS: Bool
    package var hasCgroups: Bool

    package init(
        release: String, hasOverlay: Bool = true, hasVXLAN: Bool = true, hasIPVS: Bool = true, hasCgroups: Bool = true
    ) {
        (self.release, self.hasOverlay, self.hasVXLAN) = (release, hasOverlay, hasVXLAN)
        (self.hasIPVS, self.hasCgroups) = (hasIPVS, hasCgroups)
    }
}

/// The state of the package manager.
package struct PackageFacts: Hashable, Codable, Sendable {
    /// Who holds the lock (`4711 unattended-upgr`), nil when it is free (F14).
    package var lockHolder: String?
    /// Packages that dpkg left half-configured.
    package var halfConfigured: [String]
    /// Host of the package sources configured, empty when there is none (F25).
    package var sources: Int

    package init(lockHolder: String? = nil, halfConfigured: [String] = [], sources: Int = 1) {
        (self.lockHolder, self.halfConfigured, self.sources) = (lockHolder, halfConfigured, sources)
    }
}

/// The container engine of a host.
package struct EngineFacts: Hashable, Codable, Sendable {
    /// Version of the installed package or client; empty when unknown.
    package var version: String
    package var isRunning: Bool
    package var storageDriver: String
    /// `apt`, `snap`, `podman` or `other` (F20).
    package var origin: String
    /// daemon.json as it lies there; nil when there is none or when it is not JSON (then `isDaemonFileValid` is false).
    package var daemon: JSONValue?
    package var isDaemonFileValid: Bool
    package var engineID: String
    package var hasLiveRestore: Bool

    package init(
        version: String, isRunning: Bool, storageDriver: String = "overlay2", origin: String = "apt",
        daemon: JSONValue? = nil, isDaemonFileValid: Bool = true, engineID: String = "", hasLiveRestore: Bool = false
    ) {
        (self.version, self.isRunning, self.storageDriver, self.origin) = (version, isRunning, storageDriver, origin)
        (self.daemon, self.isDaemonFileValid) = (daemon, isDaemonFileValid)
        (self.engineID, self.hasLiveRestore) = (engineID, hasLiveRestore)
    }
}

/// A host's own view of the Swarm that it is in.
package struct SwarmFacts: Hashable, Codable, Sendable {
    package enum State: String, Codable, Sendable, CaseIterable { case inactive, pending, active, error, locked }

    package var state: State
    package var nodeID: NodeID?
    package var nodeAddress: String
    package var isManager: Bool
    /// Docker's id of the Swarm; only managers know it.
    package var swarmID: String?
    /// `address:port` of the managers that this node knows.
    package var managerAddresses: [String]
    /// What a manager with quorum says of the whole Swarm; nil on workers and without quorum.
    package var cluster: ClusterFacts?
    /// The daemon's own words when the state is `error` or `pending`.
    package var errorText: String?
    /// The service of each task that runs here; nil where nobody looked.
    package var tasks: [String]?
    /// The node's certificate; nil where it cannot be read (F33).
    package var certificate: CertificateFacts?

    package init(
        state: State = .inactive, nodeID: NodeID? = nil, nodeAddress: String = "", isManager: Bool = false,
        swarmID: String? = nil, managerAddresses: [String] = [], cluster: ClusterFacts? = nil, errorText: String? = nil,
        tasks: [String]? = nil, certificate: CertificateFacts? = nil
    ) {
        (self.state, self.nodeID, self.nodeAddress, self.isManager) = (state, nodeID, nodeAddress, isManager)
        (self.swarmID, self.managerAddresses, self.cluster) = (swarmID, managerAddresses, cluster)
        (self.errorText, self.tasks, self.certificate) = (errorText, tasks, certificate)
    }
}

/// From when to when a node's certificate is good, by the host's clock; engines renew theirs at 50 to 80 % of its life.
package struct CertificateFacts: Hashable, Codable, Sendable {
    package var starts: Timestamp
    package var ends: Timestamp

    package init(starts: Timestamp, ends: Timestamp) { (self.starts, self.ends) = (starts, ends) }
}

/// A Swarm as one of its managers sees it.
package struct ClusterFacts: Hashable, Codable, Sendable {
    /// Labels of the Swarm itself; `io.muster.region` says whose it is.
    package var labels: [String: String]
    package var nodes: [NodeFacts]
    package var services: [ServiceFacts]
    /// Overlay networks; nil where nobody looked.
    package var networks: [NetworkFacts]?
    /// Names of configs and secrets that carry Muster's label.
    package var configs: [String]
    package var secrets: [String]

    package init(
        labels: [String: String] = [:], nodes: [NodeFacts] = [], services: [ServiceFacts] = [],
        configs: [String] = [], secrets: [String] = []
    ) {
        (self.labels, self.nodes, self.services) = (labels, nodes, services)
        (self.configs, self.secrets) = (configs, secrets)
    }

    package func node(_ id: NodeID) -> NodeFacts? { nodes.first { $0.id == id } }
}

/// One node as a manager sees it.
package struct NodeFacts: Hashable, Codable, Sendable {
    package var id: NodeID
    package var hostname: String
    package var address: String
    package var role: NodeRole
    /// `ready`, `down`, `unknown`, `disconnected`.
    package var state: String
    /// `active`, `pause`, `drain`.
    package var availability: String
    package var isLeader: Bool
    /// `reachable` or `unreachable` for managers, nil for workers.
    package var reachability: String?
    package var labels: [String: String]

    package init(
        id: NodeID, hostname: String, address: String, role: NodeRole, state: String = "ready",
        availability: String = "active", isLeader: Bool = false, reachability: String? = nil,
        labels: [String: String] = [:]
    ) {
        (self.id, self.hostname, self.address, self.role) = (id, hostname, address, role)
        (self.state, self.availability, self.isLeader) = (state, availability, isLeader)
        (self.reachability, self.labels) = (reachability, labels)
    }
}

/// One service as a manager sees it.
package struct ServiceFacts: Hashable, Codable, Sendable {
    package var name: String
    package var image: String
    package var labels: [String: String]
    package var runningTasks: Int
    package var desiredTasks: Int
    /// nil where nobody looked.
    package var spec: ServiceSpec?

    package init(
        name: String, image: String, labels: [String: String] = [:], runningTasks: Int = 0, desiredTasks: Int = 0,
        spec: ServiceSpec? = nil
    ) {
        (self.name, self.image, self.labels, self.spec) = (name, image, labels, spec)
        (self.runningTasks, self.desiredTasks) = (runningTasks, desiredTasks)
    }
}

/// An overlay network of a Swarm (F34).
package struct NetworkFacts: Hashable, Codable, Sendable {
    /// Docker's id.
    package var id: String
    package var name: String
    /// In CIDR form.
    package var subnet: String

    package init(id: String, name: String, subnet: String) { (self.id, self.name, self.subnet) = (id, name, subnet) }
}

/// What decides whether a service's tasks can run elsewhere (F35) and have an address (F34). Nothing else of a service
/// is read but one label of ours: its environment and labels are other people's, and may hold secrets.
package struct ServiceSpec: Hashable, Codable, Sendable {
    /// One task on every node, instead of a number of replicas.
    package var isGlobal: Bool
    /// What one task reserves.
    package var reservedMillicores: Int
    package var reservedMemoryMiB: Int
    /// As Docker writes them: `node.labels.disk==ssd`.
    package var constraints: [String]
    /// Names of the volumes that its tasks mount; they lie on the node where a task first ran.
    package var volumes: [String]
    /// Ids of the overlay networks in which its tasks have addresses; nil where nobody looked.
    package var networks: [String]?
    /// Those of them in which it has a virtual address.
    package var virtualNetworks: [String]?
    /// Of a control plane's service: the public key of the region that it was started with.
    package var regionKey: String?

    package init(
        isGlobal: Bool = false, reservedMillicores: Int = 0, reservedMemoryMiB: Int = 0, constraints: [String] = [],
        volumes: [String] = [], networks: [String]? = nil, virtualNetworks: [String]? = nil,
        regionKey: String? = nil
    ) {
        self.regionKey = regionKey
        (self.isGlobal, self.constraints, self.volumes) = (isGlobal, constraints, volumes)
        (self.networks, self.virtualNetworks) = (networks, virtualNetworks)
        (self.reservedMillicores, self.reservedMemoryMiB) = (reservedMillicores, reservedMemoryMiB)
    }
}

/// /etc/muster/made.json: what Muster made on a host, so that `down` removes that and nothing else (decision 8).
/// The members have the names that bootstrap/host/prelude.sh writes.
package struct MadeRecord: Hashable, Codable, Sendable {
    package var region: RegionID
    /// Packages that were not there before.
    package var packages: [String]
    /// Keys of daemon.json that were not there before.
    package var daemonKeys: [String]
    /// The cluster whose Swarm this host was put into; empty when none.
    package var swarm: [ClusterID]
    /// The addresses that the region's key line allows, joined by commas; empty when there is no such line.
    package var regionKeyFrom: [String]
    /// The public key in that line, `ssh-ed25519 AAAA…`: it may be of a folder that nobody has any more.
    package var regionKey: [String]
    /// References of images that were loaded.
    package var images: [String]
    /// Files that were not there before.
    package var files: [String]

    package init(
        region: RegionID, packages: [String] = [], daemonKeys: [String] = [], swarm: [ClusterID] = [],
        regionKeyFrom: [String] = [], regionKey: [String] = [], images: [String] = [], files: [String] = []
    ) {
        (self.region, self.packages, self.daemonKeys, self.swarm) = (region, packages, daemonKeys, swarm)
        (self.regionKeyFrom, self.regionKey, self.images, self.files) = (regionKeyFrom, regionKey, images, files)
    }

    /// A file of a version that knew fewer kinds names its region all the same: what it does not list was not made.
    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        func list<Item: Decodable>(_ key: CodingKeys) throws -> [Item] {
            try members.decodeIfPresent([Item].self, forKey: key) ?? []
        }
        self.init(
            region: try members.decode(RegionID.self, forKey: .region), packages: try list(.packages),
            daemonKeys: try list(.daemonKeys), swarm: try list(.swarm), regionKeyFrom: try list(.regionKeyFrom),
            regionKey: try list(.regionKey), images: try list(.images), files: try list(.files))
    }
}
