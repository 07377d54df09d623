// What each step was decided on, and nothing else (I3): a saved plan is refused when that has moved, and applied when
// only readings have that drift from one minute to the next.
package import FleetModel

/// A kind of fact that a decision can rest on.
enum DecisiveFact: CaseIterable {
    /// Which machine it is.
    case identity
    /// What it runs, and what starts its services.
    case system
    /// Whether it can be written to.
    case mounts
    case engine
    case daemon
    /// Whether it is in a Swarm, and as which node.
    case membership
    case role
    /// What Muster made on it.
    case made

    fileprivate func values(of facts: HostFacts) -> [String: String] {
        switch self {
        case .identity: ["hostname": facts.identity.hostname, "machine-id": facts.identity.machineID]
        case .system:
            [
                "system": "\(facts.operatingSystem.id) \(facts.operatingSystem.versionID)",
                "init": facts.operatingSystem.initSystem.rawValue,
            ]
        case .mounts: ["writable": facts.capacity.isRootWritable ? "yes" : "no"]
        case .engine:
            [
                "engine": facts.engine.map {
                    "\($0.version) \($0.isRunning ? "running" : "stopped") \($0.storageDriver)"
                } ?? "absent"
            ]
        case .daemon: ["daemon.json": facts.engine?.daemon?.canonicalText ?? "none"]
        case .membership:
            ["swarm": facts.swarm.state.rawValue, "node": facts.swarm.nodeID?.rawValue ?? "none"]
        case .role: ["role": facts.swarm.isManager ? "manager" : "worker"]
        case .made: ["made-by": facts.made?.region.rawValue ?? "none"]
        }
    }
}

extension StepAction {
    /// What the decision for this step rests on, of the host that it changes.
    var decisiveFacts: Set<DecisiveFact> {
        switch self {
        case .installEngine: [.identity, .system, .mounts, .engine, .daemon, .made]
        case .authorizeRegionKey: [.identity, .made]
        case .initSwarm, .joinSwarm, .resetSwarm, .evictSwarm, .adoptSwarm: [.identity, .engine, .membership, .made]
        case .promoteNode, .drainNode, .activateNode, .demoteNode, .removeNode, .labelNode:
            [.identity, .membership, .role]
        case .loadImage: [.identity, .engine, .made]
        case .startControlPlane, .handOff, .removeControlPlane: [.identity, .membership, .role, .made]
        case .leaveSwarm: [.identity, .membership, .role, .made]
        case .restoreHost: [.identity, .membership, .daemon, .made]
        }
    }

    /// The same of the host that acts for another: it must still speak for the Swarm, and nothing more.
    static let decisiveFactsOfActor: Set<DecisiveFact> = [.identity, .membership, .role]
}

extension Precondition {
    /// What must still hold of every host that a step runs on or changes: the facts that these steps rest on.
    static func all(of steps: [Step], in observation: FleetObservation) -> [HostID: Precondition] {
        var needed: [HostID: Set<DecisiveFact>] = [:]
        for step in steps {
            needed[step.subject, default: []].formUnion(step.action.decisiveFacts)
            if step.host != step.subject {
                needed[step.host, default: []].formUnion(StepAction.decisiveFactsOfActor)
            }
        }
        var all: [HostID: Precondition] = [:]
        for (host, facts) in needed where observation.hosts[host] != nil {
            all[host] = Precondition(observed: observation.hosts[host], facts)
        }
        return all
    }

    private init(observed: HostObservation?, _ needed: Set<DecisiveFact>) {
        guard case .reachable(let facts)? = observed else {
            self.init(facts: ["reachable": "no"])
            return
        }
        var values = ["reachable": "yes"]
        for fact in DecisiveFact.allCases where needed.contains(fact) {
            values.merge(fact.values(of: facts)) { first, _ in first }
        }
        self.init(facts: values)
    }

    /// What has moved on a host since, as `name: was X, is Y`; only what this precondition names is compared.
    package func differences(observed: HostObservation?) -> [String] {
        let all = Precondition(observed: observed, Set(DecisiveFact.allCases))
        guard all.facts["reachable"] == facts["reachable"] else {
            return differences(from: Precondition(facts: all.facts)).filter { $0.hasPrefix("reachable:") }
        }
        return differences(from: Precondition(facts: all.facts.filter { facts[$0.key] != nil }))
    }
}
