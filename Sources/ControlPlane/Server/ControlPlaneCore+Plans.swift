// Plans through the control plane: it observes, plans and keeps the plan with what it was asked for. An empty plan may
// still bring a changed policy and with it a new target; any other becomes a run (ControlPlaneCore+Runs.swift).

package import FleetModel
import FoundationEssentials
import InventoryStore

/// What `POST /v1/plans` takes.
package struct PlanWanted: Codable, Hashable, Sendable {
    /// nil: the region's present one.
    package var policy: FleetPolicy?
    /// What people ask for besides the policy, host by host.
    package var intents: FleetIntents?

    package init(policy: FleetPolicy? = nil, intents: FleetIntents? = nil) {
        (self.policy, self.intents) = (policy, intents)
    }
}

/// What `POST /v1/plans` answers.
package struct PlanAnswer: Codable, Hashable, Sendable {
    package var id: PlanID
    package var isEmpty: Bool
    package var plan: Plan
    package var execsPerHost: [HostID: Int]
    package var observation: ObservationSummary
    /// Hosts that answer and do not let the region's key in, and what would let it in; nil when there are none.
    package var admission: AdmissionNeeded?
    /// Who changes the region right now: no other plan is applied until that has ended.
    package var lease: RunLease?
}

/// What lets the region's key in on hosts that do not take it yet: a new one, or one that was left out of bring-up.
package struct AdmissionNeeded: Codable, Hashable, Sendable {
    package var hosts: [HostID]
    /// `ssh-ed25519 AAAA…`, without a comment.
    package var publicKey: String
    /// The managers' addresses: the only ones from which the key works.
    package var from: [String]
    /// Home folder of the account that the control plane logs in to.
    package var home: String

    package init(hosts: [HostID], publicKey: String, from: [String], home: String) {
        (self.hosts, self.publicKey, self.from, self.home) = (hosts, publicKey, from, home)
    }
}

/// What was seen, in short.
package struct ObservationSummary: Codable, Hashable, Sendable {
    package var takenAt: Timestamp
    package var reachable: Int
    /// Why each of the others did not answer.
    package var unreachable: [HostID: FleetProblem]

    init(_ observation: FleetObservation) {
        takenAt = observation.takenAt
        unreachable = observation.hosts.compactMapValues { seen in
            if case .unreachable(let problem) = seen { problem } else { nil }
        }
        reachable = observation.hosts.count - unreachable.count
    }
}

/// What `POST /v1/plans/{id}/apply` answers for an empty plan.
package struct ApplyAnswer: Codable, Hashable, Sendable {
    package var id: PlanID
    package var remoteWrites: Int
    /// Generation of the target now.
    package var generation: Int
    package var isPolicyChanged: Bool
    package var isTargetChanged: Bool
}

/// What came of asking for a plan to be applied.
package enum Applied: Hashable, Sendable {
    /// There was nothing to do on any host.
    case atOnce(ApplyAnswer)
    /// It goes on.
    case begun(Run)
}

extension ControlPlaneCore {
    func makePlan(_ wanted: PlanWanted, by actor: String) async throws -> PlanAnswer {
        try expectServing()
        let (inventory, region) = try await opened()
        let policy = wanted.policy ?? region.policy
        guard policy.region == configuration.region else {
            throw FleetProblem(
                .rejected, "other-region", subject: "region `\(configuration.region)`",
                "the policy that was sent is of region `\(policy.region)`",
                hint: "use the context of `\(policy.region)`")
        }
        let parent = try await inventory.targetBlueprint()
        try wanted.intents?.expectKnown(in: policy, after: parent)
        let intents = try await intents(wanted.intents ?? FleetIntents(), inventory)
        let order = PlanOrder(policy: policy, base: try Self.digest(region.policy), intents: intents)
        let start = surroundings.elapsed()
        let (plan, observation, execs) = try await planned(policy, parent: parent, intents: intents)
        let id = try Self.id(of: plan, order)
        lastLook = PlanLook(plan: id, observation: observation, since: start)
        try await exclusion.run {
            try await self.keep(plan, id, order, by: actor)
            if policy == region.policy { try await self.keepFlips(observation, policy, in: inventory) }
        }
        counters.plans += 1
        counters.execs += execs.values.reduce(0, +)
        return PlanAnswer(
            id: id, isEmpty: plan.isEmpty, plan: plan, execsPerHost: execs,
            observation: ObservationSummary(observation),
            admission: try admission(plan.blueprint, policy, observation), lease: try await inventory.lease())
    }

    /// A plan was a look at every host as well: who was lost or is back since the last one is told at once. All else
    /// waits for the next look: at rest a plan writes nothing.
    private func keepFlips(
        _ observation: FleetObservation, _ policy: FleetPolicy, in inventory: Inventory
    ) async throws {
        let lost = Set(ObservationSummary(observation).unreachable.keys)
        if lost != observed.unreachable { try await keep(observation, drift, policy, in: inventory) }
    }

    private func admission(
        _ blueprint: Blueprint, _ policy: FleetPolicy, _ observation: FleetObservation
    ) throws -> AdmissionNeeded? {
        let refusing = policy.hosts.map(\.name).filter { host in
            if case .unreachable(let problem)? = observation.hosts[host] {
                problem.code == "authentication-refused"
            } else {
                false
            }
        }
        guard !refusing.isEmpty, let cluster = blueprint.controlPlane?.cluster else { return nil }
        let managers = blueprint.clusters[cluster]?.managers ?? []
        return AdmissionNeeded(
            hosts: refusing, publicKey: try operations.regionPublicKey(),
            from: policy.hosts.filter { managers.contains($0.name) }.map(\.address), home: policy.access.accountHome)
    }

    /// The same plan for the same policy has the same id.
    static func id(of plan: Plan, _ order: PlanOrder) throws -> PlanID {
        PlanID("p-" + TokenText.sha256(of: try JSONAnswer.data(plan) + JSONAnswer.data(order)).prefix(16))
    }

    static func digest(_ policy: FleetPolicy) throws -> String { TokenText.sha256(of: try JSONAnswer.data(policy)) }

    private func keep(_ plan: Plan, _ id: PlanID, _ order: PlanOrder, by actor: String) async throws {
        try expectServing()
        let (inventory, region) = try await opened()
        // The id is the digest of plan and order: what is there under it is the same.
        guard try await inventory.order(of: id) == nil else { return }
        try await inventory.savePlan(id: id, plan: plan, order: order, at: now())
        guard !plan.isEmpty else { return }
        try await audit("plan", by: actor, "region `\(region.name)`", "planned `\(id)`: \(plan.steps.count) steps")
    }

    func plan(_ id: PlanID) async throws -> Plan {
        guard let plan = try await opened().inventory.plan(id) else {
            throw APIProblem(
                .notFound, .rejected, "plan-unknown", subject: "plan `\(id)`", "there is no such plan",
                hint: "make one with `muster plan`")
        }
        return plan
    }

    /// With the hosts that were drained before and were not activated since.
    func intents(_ asked: FleetIntents, _ inventory: Inventory) async throws -> FleetIntents {
        asked.keeping(drained: try await inventory.drainingHosts())
    }

    func apply(_ id: PlanID, approved: Int?, by actor: String) async throws -> Applied {
        try expectServing()
        let plan = try await plan(id)
        if let refusal = plan.refusals.first { throw refusal.problem }
        if let approval = plan.approval, approved != approval.removedHosts {
            throw FleetProblem(
                .refused, "not-approved", subject: "plan `\(id)`",
                "it removes \(approval.removedHosts) of \(approval.hosts) hosts, and that number was not given",
                hint: "look at the plan, then give `--approve \(approval.removedHosts)`")
        }
        if plan.isEmpty { return .atOnce(try await exclusion.run { try await self.applyEmpty(plan, id, by: actor) }) }
        return .begun(try await begin(plan, id, approved: approved, by: actor))
    }

    private func applyEmpty(_ plan: Plan, _ id: PlanID, by actor: String) async throws -> ApplyAnswer {
        try expectServing()
        let (inventory, region) = try await opened()
        if let lease = try await inventory.lease() { throw lease.refusal(of: "apply plan `\(id)`", region.name) }
        let order = try await order(of: id, on: region)
        let isNewTarget = try await aim(at: plan.blueprint, inventory)
        try await inventory.keep(order.intents)
        if order.policy != region.policy {
            try await inventory.adopt(policy: order.policy, at: now())
            peers = PeerRule(order.policy)
            try await audit("policy", by: actor, "region `\(region.name)`", "policy changed by plan `\(id)`")
        }
        try await audit(plan.forgetting(at: now(), by: actor))
        if isNewTarget { await witness() }
        let generation = try await opened().region.targetGeneration ?? 0
        return ApplyAnswer(
            id: id, remoteWrites: 0, generation: generation, isPolicyChanged: order.policy != region.policy,
            isTargetChanged: isNewTarget)
    }

    /// What the plan was asked for, if the region's policy is still the one that it was made from, or already its own.
    func order(of id: PlanID, on region: RegionRecord) async throws -> PlanOrder {
        guard let order = try await opened().inventory.order(of: id) else {
            throw Self.stale(id, "it was not made by this control plane")
        }
        guard try order.policy == region.policy || order.base == Self.digest(region.policy) else {
            throw Self.stale(id, "the region's policy was changed after it was made")
        }
        return order
    }

    static func stale(_ id: PlanID, _ why: String, cause: String? = nil) -> FleetProblem {
        FleetProblem(.refused, "plan-stale", subject: "plan `\(id)`", why, cause: cause, hint: "plan again")
    }

    /// Makes `blueprint` the target when it wants something else than the present one.
    private func aim(at blueprint: Blueprint, _ inventory: Inventory) async throws -> Bool {
        if let target = try await inventory.targetBlueprint(), target.wantsTheSame(as: blueprint) { return false }
        try await inventory.setTarget(blueprint, at: now())
        try await inventory.syncHosts(with: blueprint, at: now())
        return true
    }

    func expectServing() throws {
        guard stage != .serving else { return }
        throw APIProblem(
            .conflict, .refused, "wrong-stage", subject: "region `\(configuration.region)`",
            "plans need a control plane that serves; this one is `\(stage.word)`", hint: "look at `muster status`")
    }
}

extension RunLease {
    /// Why something else cannot be done now: who, since when, which plan.
    func refusal(of what: String, _ region: RegionID) -> FleetProblem {
        FleetProblem(
            .refused, "run-going-on", subject: "region `\(region)`",
            "cannot \(what): `\(holder)` began run `\(run)` of plan `\(plan)` at \(since), and it goes on",
            hint: "watch it with `muster runs follow`, or end it with `muster runs cancel`")
    }
}
