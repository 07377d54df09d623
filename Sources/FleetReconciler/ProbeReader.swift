// Reads what bootstrap/host/probe.sh printed into facts. Anything missing or odd is a fact with a plain default, so
// that one strange host cannot stop an observation.
import DockerEngine
package import FleetModel

/// The parser of the probe's output, schema 1.
package struct ProbeReader {
    let output: FramedOutput

    package init(_ output: FramedOutput) { self.output = output }

    /// nil when the probe did not run to its end.
    package func facts(observerClock: Int) -> HostFacts? {
        guard output.first("end") != nil else { return nil }
        let (engine, swarm) = engineAndSwarm
        let clock = number("clock")
        var facts = HostFacts(
            identity: identity, operatingSystem: operatingSystem, capacity: capacity, kernel: kernel,
            packages: packages, engine: engine, swarm: swarm, listeners: listeners, routes: output.all("route"),
            made: made, lease: lease, clock: clock, clockSkew: clock - observerClock)
        facts.rootLogin = output.first("root-login")
        return facts
    }

    /// `known` with what `sections` read anew; nil when the probe did not run to its end.
    package func facts(_ sections: Set<ProbeSection>, over known: HostFacts, observerClock: Int) -> HostFacts? {
        guard let read = facts(observerClock: observerClock) else { return nil }
        var merged = known
        if sections.contains(.host) {
            (merged.identity, merged.operatingSystem, merged.capacity) = (
                read.identity, read.operatingSystem, read.capacity
            )
            (merged.kernel, merged.packages, merged.listeners) = (read.kernel, read.packages, read.listeners)
            (merged.routes, merged.clock, merged.clockSkew) = (read.routes, read.clock, read.clockSkew)
        }
        if sections.contains(.rootLogin) { merged.rootLogin = read.rootLogin }
        if sections.contains(.made) {
            (merged.made, merged.lease) = (read.made, read.lease)
            // Whether an image is there was not asked: what was gone before still is.
            if !sections.contains(.images), let before = known.made {
                merged.made?.images.removeAll { !before.images.contains($0) }
            }
        }
        if sections.contains(.engine) {
            (merged.engine, merged.swarm) = (read.engine, swarmFacts(read.swarm, over: known.swarm))
        }
        if merged.swarm.isManager { merged.swarm.cluster = clusterFacts(sections, over: merged.swarm.cluster) }
        return merged
    }

    /// The host's own view, with what only other sections tell of its Swarm kept as it was.
    private func swarmFacts(_ read: SwarmFacts, over known: SwarmFacts) -> SwarmFacts {
        var swarm = read
        swarm.cluster = read.isManager ? known.cluster : nil
        swarm.tasks = read.state == .active ? known.tasks : nil
        return swarm
    }

    /// nil when the manager was asked and said nothing: it has no majority.
    private func clusterFacts(_ sections: Set<ProbeSection>, over known: ClusterFacts?) -> ClusterFacts? {
        let asked = sections.intersection([.nodes, .services, .objects])
        if !asked.isEmpty && output.first("cluster") == nil { return nil }
        guard var cluster = known ?? (asked.contains(.nodes) ? ClusterFacts() : nil) else { return nil }
        if asked.contains(.nodes) { cluster.nodes = nodes }
        if asked.contains(.services) {
            (cluster.services, cluster.networks) = (services.sorted { $0.name < $1.name }, networks)
        }
        if asked.contains(.objects) {
            (cluster.configs, cluster.secrets) = (output.all("config").sorted(), output.all("secret").sorted())
        }
        for case .node(let id) in sections {
            cluster.nodes.removeAll { $0.id == id }
            cluster.nodes += nodes.filter { $0.id == id }
            cluster.nodes.sort { $0.id < $1.id }
        }
        return cluster
    }

    /// What is written down, without the images that are not there after all.
    private var made: MadeRecord? {
        let gone = Set(output.all("image-gone"))
        var made = output.first("made").flatMap { DockerReader.decoded(MadeRecord.self, $0) }
        made?.images.removeAll(where: gone.contains)
        return made
    }

    /// `STATE EPOCH SINCE OWNER PLAN`.
    private var lease: LeaseFacts? {
        guard let words = output.first("lease")?.split(separator: " ").map(String.init), words.count == 5,
            let epoch = Int(words[1]), let since = Int(words[2])
        else { return nil }
        return LeaseFacts(
            owner: words[3], epoch: epoch, plan: PlanID(words[4]), since: Timestamp(secondsSinceEpoch: since),
            isLive: words[0] == "live", isReleased: words[0] == "released")
    }

    private func text(_ word: String) -> String { output.first(word) ?? "" }
    private func number(_ word: String) -> Int { Int(text(word)) ?? 0 }

    private var identity: HostIdentity {
        HostIdentity(
            hostname: text("hostname"), machineID: text("machine-id"), bootID: text("boot-id"),
            addresses: output.all("address"),
            privilege: HostIdentity.Privilege(rawValue: text("privilege")) ?? .sudoMissing)
    }

    private var operatingSystem: OperatingSystem {
        OperatingSystem(
            id: text("os.id"), versionID: text("os.version"),
            idLike: text("os.like").split(separator: " ").map(String.init), prettyName: text("os.name"),
            initSystem: OperatingSystem.InitSystem(rawValue: text("init")) ?? .other, architecture: text("architecture")
        )
    }

    private var capacity: HostCapacity {
        HostCapacity(
            cpuMillicores: number("cpus") * 1000, memoryMiB: number("memory-kib") / 1024,
            memoryAvailableMiB: number("available-kib") / 1024, diskMiB: number("disk-kib") / 1024,
            diskFreeMiB: number("disk-free-kib") / 1024, inodesFreePercent: 100 - number("inodes-used"),
            isRootWritable: text("root-writable") != "no")
    }

    private var kernel: KernelFeatures {
        let missing = output.all("missing")
        return KernelFeatures(
            release: text("kernel"), hasOverlay: !missing.contains("overlay"), hasVXLAN: !missing.contains("vxlan"),
            hasIPVS: text("ipvs") != "no", hasCgroups: !missing.contains("cgroups"))
    }

    private var packages: PackageFacts {
        PackageFacts(
            lockHolder: output.first("lock"), halfConfigured: output.all("half-configured"),
            sources: output.first("sources").flatMap { Int($0) } ?? 1)
    }

    private var listeners: [String: String] {
        Dictionary(output.all("listener").map { ($0, "") }, uniquingKeysWith: { first, _ in first })
    }

    private var engineAndSwarm: (EngineFacts?, SwarmFacts) {
        guard let origin = output.first("engine.origin") else {
            // Asked for Muster's objects alone, a manager still tells that it speaks for its Swarm.
            var swarm = SwarmFacts()
            swarm.cluster = cluster
            return (nil, swarm)
        }
        let file = output.first("engine.daemon")
        let daemon = file.flatMap(DockerReader.json)
        let info = output.first("engine.info").flatMap(DockerReader.info)
        var engine = info?.engine ?? EngineFacts(version: "", isRunning: false, storageDriver: "")
        // The package's version is what apt can be asked for; the daemon's own leaves out Debian's revision.
        if let package = output.first("engine.version"), package != "unknown" { engine.version = package }
        engine.origin = origin
        engine.daemon = daemon
        engine.isDaemonFileValid = file == nil || daemon != nil
        var swarm = info?.swarm ?? SwarmFacts()
        swarm.cluster = cluster
        swarm.tasks = swarm.state == .active ? output.all("task").sorted() : nil
        swarm.certificate = certificate
        return (engine, swarm)
    }

    private var certificate: CertificateFacts? {
        let seconds = text("certificate").split(separator: " ").compactMap { Int($0) }
        guard seconds.count == 2 else { return nil }
        return CertificateFacts(
            starts: Timestamp(secondsSinceEpoch: seconds[0]), ends: Timestamp(secondsSinceEpoch: seconds[1]))
    }

    private var cluster: ClusterFacts? {
        guard output.first("cluster") != nil else { return nil }
        var cluster = ClusterFacts(
            nodes: nodes, services: services.sorted { $0.name < $1.name },
            configs: output.all("config").sorted(), secrets: output.all("secret").sorted())
        cluster.networks = networks
        return cluster
    }

    private var networks: [NetworkFacts] {
        output.all("network").compactMap(DockerReader.network).sorted { $0.name < $1.name }
    }

    private var nodes: [NodeFacts] {
        output.all("node").compactMap(DockerReader.node).sorted { $0.id < $1.id }
    }

    private var services: [ServiceFacts] {
        let specs = Dictionary(output.all("service-spec").compactMap(DockerReader.serviceSpec)) { first, _ in first }
        return output.all("service").compactMap(DockerReader.service).map { service in
            var service = service
            service.spec = specs[service.name]
            return service
        }
    }
}
