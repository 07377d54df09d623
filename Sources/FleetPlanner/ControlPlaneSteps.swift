// How the control plane comes onto its cluster: its image on every manager, its service on its home, and at last the
// hand off of inventory and authority.
import FleetModel

/// The control plane's steps.
struct ControlPlaneSteps {
    let situation: Situation
    let blueprint: Blueprint
    /// Of the control cluster's managers, in manifest order.
    let addresses: [String]

    private var region: RegionID { situation.policy.region }

    func add(to list: inout StepList) {
        guard let desired = blueprint.controlPlane, situation.canTakePart(desired.home),
            !situation.isAsleep(desired.cluster)
        else { return }
        // Before the hand off the image crosses the operator's line, so only its home gets it; the others get it from
        // the control plane, which is where they are (ADR 0017).
        let carriers =
            situation.input.isHandedOff ? blueprint.clusters[desired.cluster]?.managers ?? [] : [desired.home]
        for host in carriers {
            guard situation.isLiving(host), !hasImage(host, desired.image) else { continue }
            list.add(loadStep(host, desired.image, list))
        }
        let service = situation.swarms[desired.cluster]?.facts.services.first { $0.name == "muster-\(region)" }
        if let reason = reasonToStart(service) { list.add(startStep(desired, list, reason)) }
        if !situation.input.isHandedOff {
            let start = StepID("start-control-plane/\(region)")
            list.add(
                Step(
                    id: StepID("hand-off/\(region)"), action: .handOff(desired, addresses: addresses),
                    host: desired.home, after: list.present([start]),
                    reason: "the operator's machine owns the inventory until the control plane has it"))
        }
    }

    /// A control plane that another folder started, and that was never handed the region, lets nobody else hand it over:
    /// its keys are that folder's (F37).
    private func reasonToStart(_ service: ServiceFacts?) -> String? {
        guard let service else { return "the region has no control plane" }
        guard !situation.input.isHandedOff, service.spec?.regionKey != situation.input.regionKey else { return nil }
        return "the control plane there waits for another folder's hand off"
    }

    private func hasImage(_ host: HostID, _ reference: String) -> Bool {
        situation.facts(of: host)?.made?.images.contains(reference) == true
    }

    private func loadStep(_ host: HostID, _ image: String, _ list: StepList) -> Step {
        Step(
            id: StepID("load-image/\(host)"), action: .loadImage(reference: image), host: host,
            after: list.present([StepID("install-engine/\(host)")]),
            reason: situation.input.isHandedOff
                ? "the control plane may run on any manager, and there is no registry yet"
                : "the control plane starts here, and there is no registry yet")
    }

    private func startStep(_ desired: DesiredControlPlane, _ list: StepList, _ reason: String) -> Step {
        // The node must be in the Swarm and have the image. Other managers may join meanwhile: the hand off waits for
        // all of them.
        let needed = list.steps.filter { step in
            switch step.action {
            case .initSwarm(let cluster, _, _, _): cluster == desired.cluster
            case .joinSwarm, .authorizeRegionKey, .loadImage: step.subject == desired.home
            case .installEngine, .resetSwarm, .promoteNode, .drainNode, .activateNode, .demoteNode, .removeNode,
                .evictSwarm, .adoptSwarm, .labelNode, .startControlPlane, .handOff, .removeControlPlane, .leaveSwarm,
                .restoreHost:
                false
            }
        }
        return Step(
            id: StepID("start-control-plane/\(region)"),
            action: .startControlPlane(desired, addresses: addresses), host: desired.home,
            after: needed.map(\.id), reason: reason)
    }
}
