// probe.sh on a simulated host: the same lines in the same order, so that the real ProbeReader reads them.
import FleetModel

extension SimulatedWorld {
    func probe(_ host: SimulatedHost) -> [String] {
        var lines = machine(host)
        if host.made != nil { lines.append("made \(host.madeJSON) ") }
        if let lease = leaseLine(host) { lines.append(lease) }
        if let holder = host.lockHolder { lines.append("lock \(holder)") }
        lines += host.hasEngineInstalled ? engine(host) : withoutEngine(host)
        return lines + ["end"]
    }

    private func machine(_ host: SimulatedHost) -> [String] {
        [
            "clock \(time.now().secondsSinceEpoch + host.clockSkew)", "privilege root", "hostname \(host.name)",
            "machine-id machine-\(host.name)", "boot-id \(host.name)-\(host.boots)", "os.id debian", "os.version 12",
            "os.name Debian GNU/Linux 12 (bookworm)", "init \(host.system.rawValue)", "kernel 6.1.0-18-amd64",
            "architecture x86_64", "cpus 4", "memory-kib 8388608", "available-kib 7340032", "disk-kib 41943040",
            "disk-free-kib \(host.freeDiskMiB * 1024)", "inodes-used 7", "root-writable yes",
            "address \(host.address)", "route 198.18.0.0/16",
        ]
    }

    private func withoutEngine(_ host: SimulatedHost) -> [String] {
        let half = host.packages.filter { $0.value == .unpacked }.keys.sorted().map { "half-configured \($0)" }
        return ["ipvs yes", "sources 1"] + half
    }

    private func engine(_ host: SimulatedHost) -> [String] {
        var lines = ["engine.origin apt", "engine.version 20.10.24+dfsg1-1"]
        if let daemon = host.daemonFile { lines.append("engine.daemon \(daemon) ") }
        if host.isEngineRunning {
            lines.append("engine.info \(info(host))")
            if isManager(host), let swarm = spoken(by: host) { lines += cluster(swarm) }
            lines += swarmOnHost(host)
            lines += (host.made?["images"] ?? []).filter { !host.images.contains($0) }.map { "image-gone \($0)" }
        } else {
            lines.append(Self.silentInfo)
        }
        return lines + ["ipvs yes"]
    }

    /// What a member of a Swarm tells of itself: the services whose tasks it runs, and its certificate.
    private func swarmOnHost(_ host: SimulatedHost) -> [String] {
        guard host.swarmState == .active, let swarm = swarm(of: host), let node = host.membership?.node else {
            return []
        }
        let tasks = swarm.services.values.sorted { $0.name < $1.name }
            .filter { $0.home == node && runningTasks(of: $0, in: swarm) > 0 }.map { "task \($0.name)" }
        let issued = VirtualTime.start
        return tasks + ["certificate \(issued) \(issued + 90 * 86_400)"]
    }

    /// What the client prints of a daemon that does not answer.
    private static let silentInfo =
        #"engine.info {"ID":"","Driver":"","ServerVersion":"","Swarm":{"NodeID":"","LocalNodeState":"","#
        + #""ControlAvailable":false,"Error":"","RemoteManagers":null},"ServerErrors":["Cannot connect"]}"#

    private func info(_ host: SimulatedHost) -> String {
        let state = stateOfEngine(host) ?? .inactive
        let membership = host.membership
        let manager = isManager(host)
        let cluster = manager ? #","Cluster":{"ID":"\#(membership?.swarm ?? "")"}"# : ""
        let managers = swarm(of: host).map { swarm in
            swarm.voters.sorted().compactMap { swarm[$0].map { #"{"Addr":"\#($0.address):2377"}"# } }
        }
        return #"{"ID":"E-\#(host.name)","Driver":"overlay2","ServerVersion":"20.10.24+dfsg1","#
            + #""LiveRestoreEnabled":false,"Swarm":{"NodeID":"\#(membership?.node?.rawValue ?? "")","#
            + #""NodeAddr":"\#(membership?.address ?? "")","LocalNodeState":"\#(state.rawValue)","#
            + #""ControlAvailable":\#(manager),"Error":"\#(membership?.errorText ?? "")","#
            + #""RemoteManagers":[\#((managers ?? []).joined(separator: ","))]\#(cluster)}}"#
    }

    private func cluster(_ swarm: SimulatedSwarm) -> [String] {
        let services = swarm.services.values.sorted { $0.name < $1.name }.map { service in
            "service \(service.name) \(service.image) \(runningTasks(of: service, in: swarm))/1"
        }
        let specs = swarm.services.values.sorted { $0.name < $1.name }.map { service in
            #"service-spec {"Name":"\#(service.name)","Mode":{"Replicated":{"Replicas":1}},"Placement":{"Constraints":"#
                + #"["node.id==\#(service.home)","node.role==manager"]},"Resources":{"Reservations":{"MemoryBytes":"#
                + #"67108864}},"Mounts":[{"Type":"volume","Source":"\#(service.name)","Target":"/var/lib/muster"}],"RegionKey":"\#(service.regionKey)"}"#
        }
        return ["cluster yes"] + swarm.sortedNodes.map { line($0, swarm) } + services + specs
            + swarm.configs.keys.sorted().map { "config \($0)" } + swarm.secrets.keys.sorted().map { "secret \($0)" }
    }

    private func line(_ node: SimulatedSwarm.Node, _ swarm: SimulatedSwarm) -> String {
        let labels = node.labels.sorted { $0.key < $1.key }.map { #""\#($0.key)":"\#($0.value)""# }
        let state = listedState(of: node)
        let manager =
            swarm.voters.contains(node.id)
            ? #","ManagerStatus":{"Leader":\#(swarm.leader == node.id),"Reachability":"#
                + #""\#(node.silentSince == nil ? "reachable" : "unreachable")","Addr":"\#(node.address):2377"}"# : ""
        return #"node {"ID":"\#(node.id)","Spec":{"Labels":{\#(labels.joined(separator: ","))},"#
            + #""Role":"\#(node.role.rawValue)","Availability":"\#(node.availability)"},"#
            + #""Description":{"Hostname":"\#(node.hostname)"},"#
            + #""Status":{"State":"\#(state)","Addr":"\#(node.address)"}\#(manager)}"#
    }
}
