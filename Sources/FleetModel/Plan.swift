// Plan: the typed steps from what is to what should be, each with its reason. The fourth value of design.md §2.

/// The ordered difference between an observation and a blueprint.
package struct Plan: Hashable, Codable, Sendable {
    package var region: RegionID
    /// The blueprint that this plan leads to.
    package var blueprint: Blueprint
    /// In an order in which they could be run one after another.
    package var steps: [Step]
    /// What people should know: who waits for what, what is refused, what is odd.
    package var report: [ReportEntry]
    /// What `apply` compares before it runs anything, by host (I3).
    package var preconditions: [HostID: Precondition]
    /// Hosts that are in no manifest any more and that steps may still run on; the policy does not have them.
    package var leaving: [HostPolicy]
    /// What people must agree to by typing a number; nil when nothing of the kind is planned (F44).
    package var approval: PlanApproval?

    package init(
        region: RegionID, blueprint: Blueprint, steps: [Step], report: [ReportEntry] = [],
        preconditions: [HostID: Precondition] = [:], leaving: [HostPolicy] = [], approval: PlanApproval? = nil
    ) {
        (self.region, self.blueprint, self.steps, self.report) = (region, blueprint, steps, report)
        (self.preconditions, self.leaving, self.approval) = (preconditions, leaving, approval)
    }

    package var isEmpty: Bool { steps.isEmpty }
    package var refusals: [ReportEntry] { report.filter { $0.kind == .refused } }
}

extension Plan {
    /// The blueprint without the leaving hosts that are gone once `verified` steps are done; nil when none is. Whoever
    /// executed a plan makes it the target, so that nobody looks for these hosts again.
    package func settled(verified: Set<StepID>) -> Blueprint? {
        let own = Dictionary(grouping: steps.filter { !$0.isOfNobody }) { $0.subject }
        let gone = blueprint.leaving.keys.filter { host in
            guard let steps = own[host], steps.allSatisfy({ verified.contains($0.id) }) else { return false }
            return steps.contains { $0.action.endsLeaving }
        }
        return gone.isEmpty ? nil : blueprint.without(leaving: Set(gone))
    }

    /// What the audit log keeps of hosts that people let be forgotten by this plan: no step does.
    package func forgetting(at time: Timestamp, by actor: String) -> [FleetEvent] {
        report.filter { $0.problem.code == "forgotten" }.map { entry in
            FleetEvent(
                at: time, kind: "host", actor: actor, subject: entry.problem.subject, message: entry.problem.message)
        }
    }

    /// A plan saved by a version that knew no leaving hosts has none.
    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            region: try members.decode(RegionID.self, forKey: .region),
            blueprint: try members.decode(Blueprint.self, forKey: .blueprint),
            steps: try members.decode([Step].self, forKey: .steps),
            report: try members.decode([ReportEntry].self, forKey: .report),
            preconditions: try members.decode([HostID: Precondition].self, forKey: .preconditions),
            leaving: try members.decodeIfPresent([HostPolicy].self, forKey: .leaving) ?? [],
            approval: try members.decodeIfPresent(PlanApproval.self, forKey: .approval))
    }
}

/// One idempotent act on one host.
package struct Step: Hashable, Codable, Sendable {
    /// `install-engine/eu1-01`: the act and what it is about. The same step has the same id in every plan.
    package var id: StepID
    package var action: StepAction
    /// Where its command runs.
    package var host: HostID
    /// Whom it changes: the host itself, or the node that a manager acts on.
    package var subject: HostID
    /// Steps that must have succeeded before this one starts.
    package var after: [StepID]
    /// Steps that must have ended before this one starts, well or badly.
    package var follows: [StepID]
    package var reason: String

    package init(
        id: StepID, action: StepAction, host: HostID, subject: HostID? = nil, after: [StepID] = [],
        follows: [StepID] = [], reason: String
    ) {
        (self.id, self.action, self.host, self.subject) = (id, action, host, subject ?? host)
        (self.after, self.follows, self.reason) = (after, follows, reason)
    }
}

/// What a step does, with all that it needs; secrets are named and fetched when it runs.
package enum StepAction: Hashable, Codable, Sendable {
    /// Installs and starts the engine. `daemon` is the whole daemon.json to be (merged with what was there), nil to
    /// leave it alone; `keys` are those of its keys that the policy asks for.
    case installEngine(version: String?, daemon: JSONValue?, keys: [String])
    /// Lets the region's key in, from these addresses only, for the account with this home folder.
    case authorizeRegionKey(from: [String], home: String)
    /// Makes a new Swarm on this host.
    case initSwarm(cluster: ClusterID, address: String, addressPool: String, subnetBits: Int)
    /// Leaves a Swarm that the host joined only half (F23).
    case resetSwarm(cluster: ClusterID)
    /// Joins the Swarm of `cluster` through one of `managers` (addresses, in order of preference).
    case joinSwarm(cluster: ClusterID, role: NodeRole, address: String, tokenFrom: HostID, managers: [String])
    /// Makes a worker a manager.
    case promoteNode(cluster: ClusterID)
    /// Takes work away from a node and waits until no task of a service runs there.
    case drainNode(cluster: ClusterID)
    /// Lets a node have work again.
    case activateNode(cluster: ClusterID)
    /// Makes a manager a worker, and waits until Raft has let it go.
    case demoteNode(cluster: ClusterID, node: NodeID)
    /// Takes a node that is down off the Swarm's list; the planner has proved whose it is.
    case removeNode(cluster: ClusterID, node: NodeID)
    /// Leaves a Swarm that this region did not make; people named it. On a worker `swarmID` is its node's id, because
    /// only managers know the Swarm's.
    case evictSwarm(swarmID: String)
    /// Takes over a Swarm that this region did not make; people named it, as for `evictSwarm`.
    case adoptSwarm(cluster: ClusterID, swarmID: String)
    /// Makes the node's labels what the manifest says.
    case labelNode(cluster: ClusterID, labels: [String: String], remove: [String])
    /// Carries the control plane's image to the host.
    case loadImage(reference: String)
    /// Makes the secrets and the service of the control plane.
    case startControlPlane(DesiredControlPlane, addresses: [String])
    /// Moves the inventory and the right to plan to the control plane.
    case handOff(DesiredControlPlane, addresses: [String])
    /// Removes the control plane's service, secrets, configs and volume.
    case removeControlPlane(cluster: ClusterID)
    /// Leaves the Swarm. By force when the region goes as a whole; else only as a worker, so that no majority is lost.
    /// `isLast` is for the reader of a plan.
    case leaveSwarm(cluster: ClusterID, isLast: Bool, isForced: Bool)
    /// Removes what Muster made on the host, and only that. `daemon` is daemon.json without Muster's keys, nil to leave
    /// the file alone.
    case restoreHost(home: String, deleteData: Bool, daemon: JSONValue?)

    /// The word that step ids, script names and titles share.
    package var word: String {
        switch self {
        case .installEngine: "install-engine"
        case .authorizeRegionKey: "authorize-region-key"
        case .initSwarm: "init-swarm"
        case .resetSwarm: "reset-swarm"
        case .joinSwarm: "join-swarm"
        case .promoteNode: "promote-node"
        case .drainNode: "drain-node"
        case .activateNode: "activate-node"
        case .demoteNode: "demote-node"
        case .removeNode: "remove-node"
        case .evictSwarm: "evict-swarm"
        case .adoptSwarm: "adopt-swarm"
        case .labelNode: "label-node"
        case .loadImage: "load-image"
        case .startControlPlane: "start-control-plane"
        case .handOff: "hand-off"
        case .removeControlPlane: "remove-control-plane"
        case .leaveSwarm: "leave-swarm"
        case .restoreHost: "restore-host"
        }
    }
}

extension Step {
    /// Whether it takes a node off the list that is no host's any more, as its acting manager's own act: no manager ever
    /// removes its own node, and that it removed another one says nothing of its own leaving.
    fileprivate var isOfNobody: Bool {
        if case .removeNode = action { return host == subject }
        return false
    }
}

extension StepAction {
    /// Whether a host that leaves is gone once this is done, with all else that was planned for it.
    fileprivate var endsLeaving: Bool {
        if case .restoreHost = self { return true }
        if case .removeNode = self { return true }
        return false
    }
}

/// What must still be true of a host when a saved plan is applied: what was decided on, not readings that drift.
package struct Precondition: Hashable, Codable, Sendable {
    /// Named facts with their values, for example `swarm: inactive`.
    package var facts: [String: String]

    package init(facts: [String: String]) { self.facts = facts }

    /// What differs now, as `name: was X, is Y`, in order of the names.
    package func differences(from now: Precondition) -> [String] {
        Set(facts.keys).union(now.facts.keys).sorted().compactMap { name in
            let (was, isNow) = (facts[name] ?? "absent", now.facts[name] ?? "absent")
            return was == isNow ? nil : "\(name): was `\(was)`, is `\(isNow)`"
        }
    }
}

/// One line of a plan's report.
package struct ReportEntry: Hashable, Codable, Sendable {
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// The planner will not do it; the plan must not run.
        case refused
        /// The host is left out of this plan, and counts against the budget.
        case quarantined
        /// Will be done when something else has happened.
        case waits
        /// Something is not as it should be, and no step mends it.
        case drift
        /// Worth knowing.
        case note
    }

    package var kind: Kind
    package var problem: FleetProblem

    package init(_ kind: Kind, _ problem: FleetProblem) { (self.kind, self.problem) = (kind, problem) }
}
