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

    /// Hosts whose promotion to manager waits until the number of managers can be odd.
    func waits() -> [ReportEntry] {
        policy.clusters.flatMap {
            ClusterSteps(situation: situation, blueprint: blueprint, cluster: $0, before: []).waits()
        }
    }

    private func engineSteps() -> [Step] {
        policy.hosts.filter { situation.isLiving($0.name) }.compactMap { host in
            guard let facts = situation.facts(of: host.name) else { return nil }
            return EngineStep(host: host, facts: facts, policy: policy.engine).step()
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
        guard let desired = blueprint.controlPlane, situation.isLiving(desired.home) else { return [] }
        var steps: [Step] = []
        let managers = blueprint.clusters[desired.cluster]?.managers ?? []
        for host in managers where situation.isLiving(host) && !hasImage(host, desired.image) {
            steps.append(
                Step(
                    id: StepID("load-image/\(host)"), action: .loadImage(reference: desired.image), host: host,
                    after: before.filter { $0.id == StepID("install-engine/\(host)") }.map(\.id),
                    reason: "the control plane may run on any manager, and there is no registry yet"))
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
            case .installEngine, .resetSwarm, .promoteNode, .labelNode, .loadImage, .startControlPlane, .handOff,
                .removeControlPlane, .leaveSwarm, .restoreHost:
                false
            }
        }
        let homeOnly = joins.filter { $0.subject == desired.home } + loads.filter { $0.subject == desired.home }
        return Step(
            id: StepID("start-control-plane/\(policy.region)"),
            action: .startControlPlane(desired, addresses: managerAddresses), host: desired.home,
            after: homeOnly.map(\.id), reason: "the region has no control plane")
    }

    private func hasImage(_ host: HostID, _ reference: String) -> Bool {
        situation.facts(of: host)?.made?.images.contains(reference) == true
    }
}
