// The second check: whether what a step was for is true now, by fresh facts and not by its exit code (decision 4).
package import FleetModel

extension StepAction {
    /// Whose facts show the effect: a node's labels and role are the acting manager's to tell.
    package var isToldByActor: Bool {
        switch self {
        case .labelNode, .promoteNode, .startControlPlane, .removeControlPlane: true
        case .installEngine, .authorizeRegionKey, .initSwarm, .resetSwarm, .joinSwarm, .loadImage, .handOff,
            .leaveSwarm, .restoreHost:
            false
        }
    }

    /// nil when `facts` show that the step's aim is reached, else what is missing.
    ///
    /// - Parameter subjectNode: the node that the step is about, where that is another host's.
    package func missing(in facts: HostFacts, region: RegionID, subjectNode: NodeID?) -> String? {
        switch self {
        case .installEngine(_, let daemon, _):
            guard let engine = facts.engine, engine.isRunning else { return "the engine does not run" }
            guard engine.storageDriver == "overlay2" else { return "the engine stores in `\(engine.storageDriver)`" }
            return daemon == nil || engine.daemon == daemon ? nil : "daemon.json is another"
        case .authorizeRegionKey(let from, _):
            return facts.made?.regionKeyFrom == [from.joined(separator: ",")] ? nil : "the region's key is not let in"
        case .initSwarm: return facts.swarm.cluster != nil ? nil : "no manager speaks for the Swarm"
        case .resetSwarm: return facts.swarm.state == .inactive ? nil : "the state is \(facts.swarm.state.rawValue)"
        case .joinSwarm(_, let role, _, _, _):
            guard facts.swarm.state == .active else { return "the state is \(facts.swarm.state.rawValue)" }
            return facts.swarm.isManager == (role == .manager) ? nil : "its role is another"
        case .promoteNode:
            let node = subjectNode.flatMap { facts.swarm.cluster?.node($0) }
            return node?.role == .manager ? nil : "it is no manager"
        case .labelNode(_, let labels, _):
            let present = subjectNode.flatMap { facts.swarm.cluster?.node($0)?.labels } ?? [:]
            return labels.allSatisfy { present[$0.key] == $0.value } ? nil : "the labels are not there"
        case .loadImage(let reference):
            return facts.made?.images.contains(reference) == true ? nil : "the image is not there"
        case .startControlPlane:
            let service = facts.swarm.cluster?.services.first { $0.name == "muster-\(region)" }
            return service.map { $0.runningTasks > 0 } == true ? nil : "its service does not run"
        case .handOff: return nil
        case .removeControlPlane:
            let left = facts.swarm.cluster.map { $0.configs + $0.secrets + $0.services.map(\.name) } ?? []
            let ours = left.filter { $0.hasPrefix("muster-\(region)") }
            return ours.isEmpty ? nil : "`\(ours.joined(separator: "`, `"))` is left"
        case .leaveSwarm:
            return facts.swarm.state == .inactive ? nil : "the state is \(facts.swarm.state.rawValue)"
        case .restoreHost: return facts.made == nil ? nil : "/etc/muster is left"
        }
    }

    /// Where the host is in its life once the step is verified; nil where it stays.
    package var lifeAfter: HostLife? {
        switch self {
        case .initSwarm, .joinSwarm: .ready
        case .restoreHost: .removed
        case .installEngine, .authorizeRegionKey, .resetSwarm, .promoteNode, .labelNode, .loadImage,
            .startControlPlane, .handOff, .removeControlPlane, .leaveSwarm:
            nil
        }
    }
}
