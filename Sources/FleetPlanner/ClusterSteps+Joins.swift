// How hosts come into the Swarm of their cluster: by themselves, after what stands in the way of it is gone.
import FleetModel

extension ClusterSteps {
    func addPreparations(to list: inout StepList) {
        for host in living {
            guard let facts = situation.facts(of: host.name), byHost[host.name] == nil else { continue }
            if let id = situation.adopted[host.name] {
                list.add(
                    own("adopt-swarm", .adoptSwarm(cluster: cluster.name, swarmID: id), host, list, "people named it"))
            } else if let id = situation.input.intents.evict[host.name], facts.swarm.state != .inactive,
                situation.presentCluster(of: host.name) == nil
            {
                list.add(own("evict-swarm", .evictSwarm(swarmID: id), host, list, "people named that Swarm"))
            } else if facts.swarm.isWithoutManagers, !situation.isReturning(host) {
                let reason = "the host joined only half: its state is `\(facts.swarm.state.rawValue)`"
                list.add(own("reset-swarm", .resetSwarm(cluster: cluster.name), host, list, reason))
            }
        }
    }

    private func own(
        _ word: String, _ action: StepAction, _ host: HostPolicy, _ list: StepList, _ reason: String
    ) -> Step {
        Step(
            id: StepID("\(word)/\(host.name)"), action: action, host: host.name, after: list.last(of: host.name),
            reason: reason)
    }

    func initStep(_ host: HostPolicy, after: [StepID]) -> Step {
        let network = situation.policy.network
        return Step(
            id: StepID("init-swarm/\(cluster.name)"),
            action: .initSwarm(
                cluster: cluster.name, address: host.address, addressPool: network.addressPool,
                subnetBits: network.subnetBits),
            host: host.name, after: after,
            reason: "cluster `\(cluster.name)` has no Swarm, and this is the first manager that answers")
    }

    /// This is where it is decided that a host joins its Swarm.
    func addWorkerSteps(
        _ keeper: (host: HostID, after: [StepID]), held: Set<HostID>, to list: inout StepList
    ) {
        guard let acting = situation.hosts[keeper.host] else { return }
        for host in living where host.name != acting.name && !held.contains(host.name) {
            let isIn = byHost[host.name] == nil && (situation.isMember(host) || standing.contains(host.name))
            guard !isIn, !list.contains(StepID("join-swarm/\(host.name)")) else { continue }
            let after = keeper.after + list.last(of: host.name)
            list.add(joinStep(host, .worker, acting, after, "it is not in its Swarm"))
        }
    }

    func joinStep(
        _ host: HostPolicy, _ role: NodeRole, _ actor: HostPolicy, _ after: [StepID], _ reason: String
    ) -> Step {
        let departure = byHost[host.name]
        // Raft would take a manager at an address that it still knows for the one that it knows.
        let past = ghosts.removable.filter { $0.host == host.name && $0.node.role == .manager }
        let before = [departure?.leave, departure?.removal].compactMap { $0 }
        return Step(
            id: StepID("join-swarm/\(host.name)"),
            action: .joinSwarm(
                cluster: cluster.name, role: role, address: host.address, tokenFrom: actor.name,
                managers: ["\(actor.address):2377"]),
            host: host.name, after: unique(after + before + past.map { StepID("remove-node/\($0.node.id)") }),
            reason: departure?.reason ?? reason)
    }
}
