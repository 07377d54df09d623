// The second check: whether what a step was for is true now, by fresh facts and not by its exit code (decision 4).
package import FleetModel

extension StepAction {
    /// Whose facts show the effect: a node's labels and role are the acting manager's to tell.
    package var isToldByActor: Bool {
        switch self {
        case .labelNode, .promoteNode, .drainNode, .activateNode, .demoteNode, .removeNode, .startControlPlane,
            .removeControlPlane:
            true
        case .installEngine, .authorizeRegionKey, .initSwarm, .resetSwarm, .joinSwarm, .evictSwarm, .adoptSwarm,
            .loadImage, .handOff, .leaveSwarm, .restoreHost:
            false
        }
    }

    /// What the check reads anew: all that the step can have changed of the facts of whoever tells.
    package func sections(subjectNode: NodeID?) -> Set<ProbeSection> {
        switch self {
        case .installEngine, .joinSwarm, .resetSwarm, .leaveSwarm, .evictSwarm, .restoreHost: [.made, .engine]
        case .initSwarm, .adoptSwarm: [.made, .engine, .nodes, .services]
        case .authorizeRegionKey: [.made]
        case .loadImage: [.made, .images]
        case .promoteNode, .drainNode, .activateNode, .labelNode: subjectNode.map { [.node($0)] } ?? [.nodes]
        // A node that is not there and a manager that cannot tell look the same: the list tells them apart.
        case .demoteNode, .removeNode: [.nodes]
        case .startControlPlane: [.services]
        case .removeControlPlane: [.services, .objects]
        case .handOff: []
        }
    }

    /// The Swarm of which any manager can run the step; nil where it must be the step's own host.
    package var managedCluster: ClusterID? {
        switch self {
        case .labelNode(let cluster, _, _), .promoteNode(let cluster), .drainNode(let cluster),
            .activateNode(let cluster), .demoteNode(let cluster, _), .removeNode(let cluster, _),
            .removeControlPlane(let cluster):
            cluster
        case .startControlPlane(let desired, _): desired.cluster
        case .installEngine, .authorizeRegionKey, .initSwarm, .resetSwarm, .joinSwarm, .evictSwarm, .adoptSwarm,
            .loadImage, .handOff, .leaveSwarm, .restoreHost:
            nil
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
        case .resetSwarm:
            // Active: the join of a run that was killed had only to be waited for.
            let isSettled = facts.swarm.state == .inactive || facts.swarm.state == .active
            return isSettled ? nil : "the state is \(facts.swarm.state.rawValue)"
        case .joinSwarm(_, let role, _, _, _):
            guard facts.swarm.state == .active else { return "the state is \(facts.swarm.state.rawValue)" }
            return facts.swarm.isManager == (role == .manager) ? nil : "its role is another"
        case .promoteNode, .drainNode, .activateNode, .demoteNode, .removeNode, .labelNode:
            guard let cluster = facts.swarm.cluster else { return "no manager speaks for the Swarm" }
            return missing(in: cluster, node: (statedNode ?? subjectNode).flatMap(cluster.node))
        case .evictSwarm: return facts.swarm.state == .inactive ? nil : "the state is \(facts.swarm.state.rawValue)"
        case .adoptSwarm(let cluster, _):
            return facts.made?.region == region && facts.made?.swarm == [cluster] ? nil : "it is not written down"
        case .loadImage(let reference):
            return facts.made?.images.contains(reference) == true ? nil : "the image is not there"
        case .startControlPlane:
            // That it answers is the act's own proof, and the hand off's after it: Swarm calls it running 5 s later.
            let service = facts.swarm.cluster?.services.first { $0.name == "muster-\(region)" }
            return service == nil ? "its service is not there" : nil
        case .handOff: return nil
        case .removeControlPlane:
            guard let cluster = facts.swarm.cluster else {
                return facts.swarm.isManager ? "no manager speaks for the Swarm" : nil
            }
            let ours = (cluster.configs + cluster.secrets + cluster.services.map(\.name)).filter {
                $0.hasPrefix("muster-\(region)")
            }
            return ours.isEmpty ? nil : "`\(ours.joined(separator: "`, `"))` is left"
        case .leaveSwarm:
            return facts.swarm.state == .inactive ? nil : "the state is \(facts.swarm.state.rawValue)"
        case .restoreHost: return facts.made == nil && facts.lease == nil ? nil : "/etc/muster is left"
        }
    }

    /// The node that the planner named, where a host may be more than one in its Swarm's list.
    private var statedNode: NodeID? {
        if case .demoteNode(_, let node) = self { node } else { nil }
    }

    /// The same for steps about one node, which the acting manager's list shows; nil when it is not in the list.
    private func missing(in cluster: ClusterFacts, node: NodeFacts?) -> String? {
        switch self {
        case .promoteNode: return node?.role == .manager ? nil : "it is no manager"
        case .drainNode: return node?.availability == "drain" ? nil : "it may still have work"
        case .activateNode: return node?.availability == "active" ? nil : "it may have no work"
        case .demoteNode:
            return node?.role == .worker && node?.reachability == nil ? nil : "it is still a manager"
        case .removeNode(_, let id): return cluster.node(id) == nil ? nil : "its node is still in the list"
        case .labelNode(_, let labels, let remove):
            let present = node?.labels ?? [:]
            let isThere = labels.allSatisfy { present[$0.key] == $0.value }
            return isThere && remove.allSatisfy { present[$0] == nil } ? nil : "the labels are not there"
        case .installEngine, .authorizeRegionKey, .initSwarm, .resetSwarm, .joinSwarm, .evictSwarm, .adoptSwarm,
            .loadImage, .startControlPlane, .handOff, .removeControlPlane, .leaveSwarm, .restoreHost:
            return nil
        }
    }

    /// Where the host is in its life once the step is verified; nil where it stays.
    package var lifeAfter: HostLife? {
        switch self {
        case .initSwarm, .joinSwarm, .activateNode, .adoptSwarm: .ready
        case .drainNode: .draining
        case .restoreHost: .removed
        case .installEngine, .authorizeRegionKey, .resetSwarm, .promoteNode, .demoteNode, .removeNode, .evictSwarm,
            .labelNode, .loadImage, .startControlPlane, .handOff, .removeControlPlane, .leaveSwarm:
            nil
        }
    }
}
