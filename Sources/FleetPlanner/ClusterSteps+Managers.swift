// Promotions, joins of managers and demotions of one cluster, as one chain: a Swarm's managers change one at a time.
import FleetModel

extension ClusterSteps {
    func addManagerSteps(
        _ actor: HostPolicy, start: [StepID], held: Set<HostID>, to list: inout StepList
    ) {
        // A manager's engine that restarts does not answer: the managers change when all of them do again.
        var previous = list.present(
            living.filter { standing.contains($0.name) }.map { StepID("install-engine/\($0.name)") })
        let keeper = keeper(actor, start)
        var acting = actor
        for change in changes.order {
            let step: Step?
            switch change {
            case .add(let host) where held.contains(host) || host == actor.name && view == nil: step = nil
            case .add(let host):
                step = addition(of: host, acting, after: start + previous, list)
                // Whoever takes over acts from here on: the one before may be the next to go.
                if host == keeper.host { acting = situation.hosts[host] ?? acting }
            case .demote(let member): step = demotion(of: member, keeper, after: previous, list)
            }
            guard let step else { continue }
            list.add(step)
            previous = [step.id]
        }
    }

    private func addition(of name: HostID, _ actor: HostPolicy, after: [StepID], _ list: StepList) -> Step? {
        guard let host = situation.hosts[name] else { return nil }
        guard byHost[name] == nil, situation.isMember(host) else {
            return joinStep(host, .manager, actor, after + list.last(of: name), "it should be a manager")
        }
        return Step(
            id: StepID("promote-node/\(name)"), action: .promoteNode(cluster: cluster.name), host: actor.name,
            subject: name, after: unique(after + list.last(of: name)), reason: "it should be a manager")
    }

    private func demotion(
        of member: ManagerChanges.Member, _ keeper: (host: HostID, after: [StepID]), after: [StepID], _ list: StepList
    ) -> Step {
        let departure = member.host.flatMap { byHost[$0] }
        let reset = member.host.map { StepID("reset-swarm/\($0)") }
        let drain = list.present([departure?.drain, reset].compactMap { $0 })
        return Step(
            id: StepID("demote-node/\(member.node)"), action: .demoteNode(cluster: cluster.name, node: member.node),
            host: keeper.host, subject: member.host ?? keeper.host, after: unique(keeper.after + after + drain),
            reason: departure?.reason ?? (member.isAnswering ? "it should be a worker" : "it is down for good"))
    }
}
