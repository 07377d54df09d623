// The steps from what is to what should be: engines, Swarms, labels, the region's key, the control plane, hand off.
import FleetModel

/// The steps of one plan, in an order in which they could run one after another.
struct BringUp {
    let situation: Situation
    let blueprint: Blueprint

    private var policy: FleetPolicy { situation.policy }

    func steps() -> [Step] {
        var steps = engineSteps()
        for cluster in policy.clusters {
            steps += ClusterSteps(situation: situation, blueprint: blueprint, cluster: cluster, before: steps).steps()
        }
        steps += keySteps(after: steps)
        steps += controlPlaneSteps(after: steps)
        return steps
    }

    /// What must wait: promotions until the number of managers can be odd, restarts until a majority can spare one.
    func waits() -> [ReportEntry] {
        let promotions = policy.clusters.flatMap {
            ClusterSteps(situation: situation, blueprint: blueprint, cluster: $0, before: []).waits()
        }
        return situation.waits + engineWaits() + promotions
    }

    // MARK: - Engines

    /// All side by side, but for the managers of one Swarm: their engines restart in turn, each only after the one
    /// before has come back (I5).
    private func engineSteps() -> [Step] {
        var previous: [ClusterID: StepID] = [:]
        return policy.hosts.compactMap { host in
            guard var step = engineStep(of: host) else { return nil }
            guard let standing = managersBesides(host) else { return step }
            guard holdsMajority(standing) else { return nil }
            step.after = [previous[host.cluster]].compactMap { $0 }
            previous[host.cluster] = step.id
            return step
        }
    }

    private func engineStep(of host: HostPolicy) -> Step? {
        guard situation.isLiving(host.name), let facts = situation.facts(of: host.name) else { return nil }
        return EngineStep(host: host, facts: facts, policy: policy.engine).step()
    }

    /// When `host` is a running manager: how many managers its Swarm has, and how many of the others answer.
    private func managersBesides(_ host: HostPolicy) -> (all: Int, others: Int)? {
        let present = situation.presentManagers(of: host.cluster)
        guard present.contains(host.name), situation.facts(of: host.name)?.swarm.state == .active else { return nil }
        return (present.count, present.filter { $0 != host.name && situation.isLiving($0) }.count)
    }

    /// A single manager has nobody to stand in for it whenever it restarts.
    private func holdsMajority(_ managers: (all: Int, others: Int)) -> Bool {
        managers.all == 1 || managers.others >= Quorum.majority(of: managers.all)
    }

    private func engineWaits() -> [ReportEntry] {
        policy.hosts.compactMap { host in
            guard let step = engineStep(of: host), let managers = managersBesides(host), !holdsMajority(managers) else {
                return nil
            }
            return .host(
                .waits, "engine-waits", host.name,
                "\(step.reason), and its restart would leave \(managers.others) of \(managers.all) managers, a majority "
                    + "needs \(Quorum.majority(of: managers.all))",
                hint: "bring the other managers back, then run the command again")
        }
    }

    // MARK: - The region's key

    private func keySteps(after before: [Step]) -> [Step] {
        let addresses = managerAddresses
        let text = addresses.joined(separator: ",")
        return policy.hosts.filter { situation.isLiving($0.name) }.compactMap { host in
            let present = situation.facts(of: host.name)?.made?.regionKeyFrom ?? []
            guard present != [text] else { return nil }
            return Step(
                id: StepID("authorize-region-key/\(host.name)"),
                action: .authorizeRegionKey(from: addresses, home: situation.input.home), host: host.name,
                after: before.last { $0.subject == host.name }.map { [$0.id] } ?? [],
                reason: present.isEmpty
                    ? "the control plane has no way in yet" : "the managers' addresses have changed")
        }
    }

    /// Addresses of the control cluster's managers, in manifest order.
    private var managerAddresses: [String] {
        guard let control = blueprint.controlPlane, let managers = blueprint.clusters[control.cluster]?.managers else {
            return []
        }
        return policy.hosts.filter { managers.contains($0.name) }.map(\.address)
    }

    // MARK: - The control plane

    private func controlPlaneSteps(after before: [Step]) -> [Step] {
        guard let desired = blueprint.controlPlane, situation.isLiving(desired.home),
            !situation.isAsleep(desired.cluster)
        else { return [] }
        var steps: [Step] = []
        // Before the hand off the image crosses the operator's line, so only its home gets it; the others get it from
        // the control plane, which is where they are (ADR 0017).
        let carriers =
            situation.input.isHandedOff ? blueprint.clusters[desired.cluster]?.managers ?? [] : [desired.home]
        for host in carriers where situation.isLiving(host) && !hasImage(host, desired.image) {
            steps.append(
                Step(
                    id: StepID("load-image/\(host)"), action: .loadImage(reference: desired.image), host: host,
                    after: before.filter { $0.id == StepID("install-engine/\(host)") }.map(\.id),
                    reason: situation.input.isHandedOff
                        ? "the control plane may run on any manager, and there is no registry yet"
                        : "the control plane starts here, and there is no registry yet"))
        }
        let service = situation.speakers[desired.cluster]?.facts.services.first { $0.name == "muster-\(policy.region)" }
        if service == nil {
            steps.append(startStep(desired, before: before, loads: steps))
        }
        if !situation.input.isHandedOff {
            steps.append(
                Step(
                    id: StepID("hand-off/\(policy.region)"), action: .handOff(desired, addresses: managerAddresses),
                    host: desired.home, after: steps.filter { $0.action.word == "start-control-plane" }.map(\.id),
                    reason: "the operator's machine owns the inventory until the control plane has it"))
        }
        return steps
    }

    private func startStep(_ desired: DesiredControlPlane, before: [Step], loads: [Step]) -> Step {
        // The node must be in the Swarm and have the image; managers join first, so that the service starts on a
        // cluster that is done changing.
        let joins = before.filter { step in
            switch step.action {
            case .initSwarm(let cluster, _, _, _): cluster == desired.cluster
            case .joinSwarm(let cluster, let role, _, _, _): cluster == desired.cluster && role == .manager
            case .authorizeRegionKey: step.subject == desired.home
            case .installEngine, .resetSwarm, .promoteNode, .drainNode, .activateNode, .demoteNode, .removeNode,
                .evictSwarm, .adoptSwarm, .labelNode, .loadImage, .startControlPlane, .handOff, .removeControlPlane,
                .leaveSwarm, .restoreHost:
                false
            }
        }
        let homeOnly = joins.filter { $0.subject == desired.home } + loads.filter { $0.subject == desired.home }
        return Step(
            id: StepID("start-control-plane/\(policy.region)"),
            action: .startControlPlane(desired, addresses: managerAddresses), host: desired.home,
            after: homeOnly.map(\.id), follows: joins.filter { $0.subject != desired.home }.map(\.id),
            reason: "the region has no control plane")
    }

    private func hasImage(_ host: HostID, _ reference: String) -> Bool {
        situation.facts(of: host)?.made?.images.contains(reference) == true
    }
}
