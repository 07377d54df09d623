// What must be true of a region at rest, read from the world itself and not from what Muster says of it.
package import FleetModel

extension SimulatedWorld {
    /// Everything that is not as `policy` and the target blueprint want it, or that is half done; empty at rest.
    package func faultsAtRest(_ policy: FleetPolicy, folder: String, draining: Set<HostID> = []) -> [String] {
        guard let target = target(folder) else { return ["there is no target"] }
        refreshSwarms()
        let drained = Set(policy.hosts.map(\.name).filter { node(of: $0)?.availability == "drain" })
        return policy.clusters.flatMap { cluster(faultsOf: $0, policy, target) }
            + policy.hosts.flatMap { host(faultsOf: $0, policy, target) }
            + controlPlane(faultsOf: policy, target)
            + journalFaults(folder)
            + (drained == draining ? [] : ["drained: \(drained.sorted()) for \(draining.sorted())"])
            + target.leaving.keys.sorted().filter { hosts[$0]?.isDead != true }.map { "\($0) is still leaving" }
            + lostVolumes()
            + (isHandedOff(folder) ? [] : ["the region is not handed off"])
    }

    private func node(of name: HostID) -> SimulatedSwarm.Node? {
        guard let host = hosts[name], let node = host.membership?.node else { return nil }
        return swarm(of: host)?[node]
    }

    private func host(faultsOf wanted: HostPolicy, _ policy: FleetPolicy, _ target: Blueprint) -> [String] {
        guard let host = hosts[wanted.name] else { return ["\(wanted.name) is not there"] }
        var faults: [String] = []
        if !host.isEngineRunning { faults.append("its engine does not run") }
        if host.packages.contains(where: { $0.value != .installed }) { faults.append("packages are half installed") }
        if host.swarmState != .active { faults.append("its Swarm state is \(host.swarmState.rawValue)") }
        if host.made?["swarm"] != [wanted.cluster.rawValue] { faults.append("made.json has another Swarm") }
        if isManager(host) != (target.hosts[wanted.name]?.role == .manager) { faults.append("its role is another") }
        if host.authorizedKeys.filter({ $0.hasSuffix(" muster:\(policy.region)") }).count != 1 {
            faults.append("the region's key has not one line")
        }
        if host.lockHolder != nil { faults.append("dpkg is locked") }
        let labels = swarm(of: host).flatMap { swarm in host.membership?.node.flatMap { swarm[$0]?.labels } } ?? [:]
        for (name, value) in wanted.labels where labels[name] != value { faults.append("label \(name) is not there") }
        if labels[MusterLabel.host] != wanted.name.rawValue { faults.append("its node has no label") }
        return faults.map { "host \(wanted.name): \($0)" }
    }

    /// One Swarm a cluster, whose nodes are its hosts and nothing else.
    private func cluster(faultsOf wanted: ClusterPolicy, _ policy: FleetPolicy, _ target: Blueprint) -> [String] {
        let members = policy.hosts(of: wanted.name).compactMap { hosts[$0.name] }
        let found = Set(members.compactMap { $0.membership?.swarm })
        guard found.count == 1, let swarm = found.first.flatMap({ swarms[$0] }) else {
            return ["cluster \(wanted.name): \(found.count) Swarms"]
        }
        var faults: [String] = []
        let ghosts = swarm.sortedNodes.filter { !isUp($0, swarm) && !isPeoples($0) }
        if !ghosts.isEmpty { faults.append("nodes of nobody: \(ghosts.map { "\($0.hostname) \($0.role)" })") }
        if swarm.voters.count != target.clusters[wanted.name]?.managers.count {
            faults.append("\(swarm.voters.count) managers vote")
        }
        if swarm.voters.count % 2 == 0 { faults.append("an even number of managers") }
        return faults.map { "cluster \(wanted.name): \($0)" }
    }

    private func controlPlane(faultsOf policy: FleetPolicy, _ target: Blueprint) -> [String] {
        guard let desired = target.controlPlane, let home = hosts[desired.home], let swarm = swarm(of: home) else {
            return ["the control plane has no home"]
        }
        guard let service = swarm.services["muster-\(policy.region)"] else { return ["there is no control plane"] }
        var faults: [String] = []
        if swarm[service.home]?.host != desired.home { faults.append("the control plane is elsewhere") }
        if runningTasks(of: service, in: swarm) != 1 { faults.append("the control plane does not run") }
        for host in policy.hosts.compactMap({ hosts[$0.name] }) where host.made?["regionKey"] != nil {
            if !letsIn(service.regionKey, at: host.name) { faults.append("\(host.name) lets another key in") }
        }
        if Set(swarm.secretKeys.values) != [service.regionKey] { faults.append("secrets of several folders") }
        if swarm.secrets.count != 4 { faults.append("\(swarm.secrets.count) secrets") }
        return faults
    }

    /// Every step was intended, then begun, then ended; no step is open but where a later plan has ended it.
    private func journalFaults(_ folder: String) -> [String] {
        var phases: [String: JournalEntry.Phase] = [:]
        var faults: [String] = []
        for entry in journal(folder) {
            let step = "\(entry.plan) \(entry.step)"
            let before = phases[step]
            let isInOrder =
                switch entry.phase {
                case .intended: before == nil
                case .started: before == .intended
                case .done, .verified, .failed, .unknown: before == .started || before == .done
                }
            if !isInOrder { faults.append("journal: \(step): \(entry.phase) after \(before?.rawValue ?? "nothing")") }
            phases[step] = entry.phase
        }
        return faults
    }

    /// The region in words that do not depend on chance: equal for two regions that are in the same state.
    package func endState(_ policy: FleetPolicy, folder: String) -> [String] {
        policy.hosts.compactMap { hosts[$0.name] }.map { host in
            let labels = swarm(of: host).flatMap { swarm in host.membership?.node.flatMap { swarm[$0]?.labels } } ?? [:]
            let own = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return
                "\(host.name): \(isManager(host) ? "manager" : "worker") \(own) made \(host.madeJSON) \(host.remains)"
        } + ["\(target(folder)?.clusters.mapValues(\.managers).sorted { $0.key < $1.key } ?? [])"]
    }
}
