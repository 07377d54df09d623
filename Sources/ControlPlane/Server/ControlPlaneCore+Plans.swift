// Plans through the control plane: it observes, plans and keeps the plan. In this version it executes an empty plan
// only, which may still bring a changed policy and with it a new target.

package import FleetModel
import FoundationEssentials
import InventoryStore

/// What `POST /v1/plans` answers.
package struct PlanAnswer: Codable, Hashable, Sendable {
    package var id: PlanID
    package var isEmpty: Bool
    package var plan: Plan
    package var execsPerHost: [HostID: Int]
    package var observation: ObservationSummary
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

/// What `POST /v1/plans/{id}/apply` answers.
package struct ApplyAnswer: Codable, Hashable, Sendable {
    package var id: PlanID
    package var remoteWrites: Int
    /// Generation of the target now.
    package var generation: Int
    package var isPolicyChanged: Bool
}

/// The policy of the latest plan, kept until it is applied.
private struct PlannedPolicy: Codable {
    var id: PlanID
    var policy: FleetPolicy
}

extension ControlPlaneCore {
    func makePlan(_ policy: FleetPolicy, by actor: String) async throws -> PlanAnswer {
        try expectServing()
        guard policy.region == configuration.region else {
            throw FleetProblem(
                .rejected, "other-region", subject: "region `\(configuration.region)`",
                "the policy that was sent is of region `\(policy.region)`",
                hint: "use the context of `\(policy.region)`")
        }
        let parent = try await opened().inventory.targetBlueprint()
        let (observation, execs) = await operations.observe(policy)
        let plan = try operations.plan(policy, observation: observation, parent: parent)
        let id = PlanID("p-" + TokenText.sha256(of: try JSONAnswer.data(plan)).prefix(16))
        try await exclusion.run { try await self.keep(plan, id, policy, by: actor) }
        counters.plans += 1
        counters.execs += execs.values.reduce(0, +)
        return PlanAnswer(
            id: id, isEmpty: plan.isEmpty, plan: plan, execsPerHost: execs, observation: ObservationSummary(observation)
        )
    }

    private func keep(_ plan: Plan, _ id: PlanID, _ policy: FleetPolicy, by actor: String) async throws {
        try expectServing()
        let (inventory, region) = try await opened()
        let isNew = try await inventory.plan(id) == nil
        try await inventory.savePlan(id: id, plan: plan, at: now())
        let kept = try JSONAnswer.data(PlannedPolicy(id: id, policy: policy))
        try await inventory.setSetting(ControlPlaneSetting.plannedPolicy, value: String(decoding: kept, as: UTF8.self))
        guard isNew, !plan.isEmpty else { return }
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

    func apply(_ id: PlanID, by actor: String) async throws -> ApplyAnswer {
        try await exclusion.run { try await self.applyEmpty(id, by: actor) }
    }

    private func applyEmpty(_ id: PlanID, by actor: String) async throws -> ApplyAnswer {
        try expectServing()
        let plan = try await plan(id)
        guard plan.isEmpty, plan.refusals.isEmpty else { throw Self.notBuilt(id, plan) }
        let (inventory, region) = try await opened()
        let text = try await inventory.setting(ControlPlaneSetting.plannedPolicy) ?? ""
        guard let planned = try? JSONDecoder().decode(PlannedPolicy.self, from: Data(text.utf8)), planned.id == id
        else {
            throw FleetProblem(
                .refused, "plan-stale", subject: "plan `\(id)`", "it is not the latest plan of the region",
                hint: "plan again")
        }
        let isNewTarget = try await aim(at: plan.blueprint, inventory)
        if planned.policy != region.policy {
            try await inventory.adopt(policy: planned.policy, at: now())
            peers = PeerRule(planned.policy)
            try await audit("policy", by: actor, "region `\(region.name)`", "policy changed by plan `\(id)`")
        }
        if isNewTarget { await witness() }
        let generation = try await opened().region.targetGeneration ?? 0
        return ApplyAnswer(
            id: id, remoteWrites: 0, generation: generation, isPolicyChanged: planned.policy != region.policy)
    }

    /// Makes `blueprint` the target when it wants something else than the present one.
    private func aim(at blueprint: Blueprint, _ inventory: Inventory) async throws -> Bool {
        if let target = try await inventory.targetBlueprint(), target.wantsTheSame(as: blueprint) { return false }
        try await inventory.setTarget(blueprint, at: now())
        try await inventory.syncHosts(with: blueprint, at: now())
        return true
    }

    private static func notBuilt(_ id: PlanID, _ plan: Plan) -> FleetProblem {
        FleetProblem(
            .refused, "not-built-yet", subject: "plan `\(id)`",
            "changes through the control plane are not built yet: the plan has \(plan.steps.count) steps and "
                + "\(plan.refusals.count) refusals",
            hint: "nothing was changed; take the region back with `muster down`, or wait for a newer `muster`")
    }

    private func expectServing() throws {
        guard stage != .serving else { return }
        throw APIProblem(
            .conflict, .refused, "wrong-stage", subject: "region `\(configuration.region)`",
            "plans need a control plane that serves; this one is `\(stage.word)`", hint: "look at `muster status`")
    }
}
