// How one Swarm comes to be: the first manager makes it, managers join one at a time and always to an odd number,
// workers join together, every node gets its labels.
import FleetModel

/// The Swarm steps of one cluster.
struct ClusterSteps {
    let situation: Situation
    let blueprint: Blueprint
    let cluster: ClusterPolicy
    /// Steps that are in the plan already; a host's own ones come before its joining.
    let before: [Step]

    private var policy: FleetPolicy { situation.policy }
    private var managers: [HostID] { blueprint.clusters[cluster.name]?.managers ?? [] }
    private var members: [HostPolicy] { policy.hosts(of: cluster.name).filter { situation.isLiving($0.name) } }

    /// The manager that acts for the Swarm: the one that speaks for it, or the one that will make it.
    private var actor: HostPolicy? {
        if let speaker = situation.speakers[cluster.name] { return policy.host(speaker.host) }
        return managers.first(where: situation.isLiving).flatMap(policy.host)
    }

    func steps() -> [Step] {
        guard let actor, !situation.isAsleep(cluster.name) else { return [] }
        var steps = resetSteps()
        if situation.speakers[cluster.name] == nil { steps.append(initStep(actor)) }
        // The acting manager's own steps come first: it cannot act while its engine restarts.
        let start = steps.last { $0.action.word == "init-swarm" }?.id ?? ownSteps(actor.name).first
        steps += managerSteps(actor: actor, start: start, resets: steps)
        steps += workerSteps(actor: actor, start: start, resets: steps)
        steps += labelSteps(actor: actor, start: start, joins: steps)
        return steps
    }

    // MARK: - Who becomes a manager now

    /// Managers in the Swarm already, whether they answer or not: all of them count for the majority.
    private var standing: Set<HostID> { situation.presentManagers(of: cluster.name) }

    /// Living hosts that should be managers and are not, in join order.
    private var due: [HostID] { managers.filter { situation.isLiving($0) && !standing.contains($0) } }

    /// The part of `due` that keeps the number of managers odd.
    private var admitted: [HostID] {
        let target = Quorum.oddCount(wanted: managers.count, available: standing.count + due.count)
        return Array(due.prefix(max(0, target - standing.count)))
    }

    func waits() -> [ReportEntry] {
        if situation.isAsleep(cluster.name) { return [] }
        let missing = managers.filter { !standing.contains($0) && !situation.isLiving($0) }.map { "`\($0)`" }
        return due.filter { !admitted.contains($0) }.map { host in
            .host(
                .waits, "promotion-waits", host,
                "is a worker for now: an even number of managers is no safer than one less; its promotion waits for "
                    + "host \(missing.joined(separator: ", "))")
        }
    }

    // MARK: - Steps

    private func resetSteps() -> [Step] {
        members.compactMap { host in
            guard let swarm = situation.facts(of: host.name)?.swarm, swarm.state == .pending || swarm.state == .error,
                !situation.isReturning(host)
            else { return nil }
            return Step(
                id: StepID("reset-swarm/\(host.name)"), action: .resetSwarm(cluster: cluster.name), host: host.name,
                after: ownSteps(host.name), reason: "the host joined only half: its state is `\(swarm.state.rawValue)`")
        }
    }

    private func initStep(_ host: HostPolicy) -> Step {
        Step(
            id: StepID("init-swarm/\(cluster.name)"),
            action: .initSwarm(
                cluster: cluster.name, address: host.address, addressPool: policy.network.addressPool,
                subnetBits: policy.network.subnetBits),
            host: host.name, after: ownSteps(host.name),
            reason: "cluster `\(cluster.name)` has no Swarm, and this is the first manager that answers")
    }

    private func managerSteps(actor: HostPolicy, start: StepID?, resets: [Step]) -> [Step] {
        var steps: [Step] = []
        for name in admitted {
            guard name != actor.name || situation.speakers[cluster.name] != nil, let host = policy.host(name) else {
                continue
            }
            let previous = [start, steps.last?.id].compactMap { $0 }
            if situation.isMember(host) {
                steps.append(
                    Step(
                        id: StepID("promote-node/\(name)"), action: .promoteNode(cluster: cluster.name),
                        host: actor.name, subject: name, after: previous, reason: "it should be a manager"))
            } else {
                steps.append(
                    joinStep(host, .manager, actor, previous + ownSteps(name, resets), "it should be a manager"))
            }
        }
        return steps
    }

    private func workerSteps(actor: HostPolicy, start: StepID?, resets: [Step]) -> [Step] {
        let asManagers = Set(admitted).union(standing)
        return members.filter { !asManagers.contains($0.name) && !situation.isMember($0) && $0.name != actor.name }
            .map { host in
                joinStep(
                    host, .worker, actor, [start].compactMap { $0 } + ownSteps(host.name, resets),
                    "it is not in its Swarm")
            }
    }

    private func joinStep(
        _ host: HostPolicy, _ role: NodeRole, _ actor: HostPolicy, _ after: [StepID], _ reason: String
    ) -> Step {
        Step(
            id: StepID("join-swarm/\(host.name)"),
            action: .joinSwarm(
                cluster: cluster.name, role: role, address: host.address, tokenFrom: actor.name,
                managers: ["\(actor.address):2377"]),
            host: host.name, after: after, reason: reason)
    }

    private func labelSteps(actor: HostPolicy, start: StepID?, joins: [Step]) -> [Step] {
        members.compactMap { host in
            guard let desired = blueprint.hosts[host.name] else { return nil }
            let wanted = MusterLabel.node(host: host.name, desired: desired, region: policy.region)
            let present = situation.node(of: host)?.labels ?? [:]
            guard wanted.contains(where: { present[$0.key] != $0.value }) else { return nil }
            let entry = joins.last { $0.subject == host.name && $0.action.word != "reset-swarm" }
            return Step(
                id: StepID("label-node/\(host.name)"),
                action: .labelNode(cluster: cluster.name, labels: wanted, remove: []), host: actor.name,
                subject: host.name, after: [entry?.id ?? start].compactMap { $0 },
                reason: "placement needs the node's domain and labels")
        }
    }

    private func ownSteps(_ host: HostID, _ more: [Step] = []) -> [StepID] {
        (before + more).last { $0.subject == host }.map { [$0.id] } ?? []
    }
}
