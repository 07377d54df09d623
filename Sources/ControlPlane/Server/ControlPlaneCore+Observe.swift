// Looking at the region, and what follows from it: saved facts, events for what flipped, drift against the target.

import FleetModel
import FleetPlanner
import FoundationEssentials
import InventoryStore

extension ControlPlaneCore {
    /// One look at every host. Does nothing unless the control plane serves.
    func observe() async {
        wantedLook = nil
        guard stage == .serving, !counters.isObserving else { return }
        counters.isObserving = true
        defer { counters.isObserving = false }
        let start = surroundings.elapsed()
        do {
            let (inventory, region) = try await opened()
            let target = try await inventory.targetBlueprint()
            let leaving = region.policy.leaving(after: target)
            let (observation, execs) = await operations.observe(region.policy, leaving: leaving)
            let intents = try await intents(FleetIntents(), inventory)
            // While a run changes the region, what it has not done yet is no drift.
            let found = going == nil ? drift(region.policy, observation, target, intents) : drift
            try await exclusion.run { try await self.keep(observation, found, region.policy, in: inventory) }
            counters.execs += execs.values.reduce(0, +)
        } catch {
            logger.error("observation failed", metadata: ["cause": "\(error)"])
        }
        counters.observationSeconds = (surroundings.elapsed() - start).inSeconds
        if owedWitness != nil { await witness() }
    }

    /// Looks at every host and plans; where the plan finds hosts that nobody knew (F22), they are looked at as well, and
    /// it is made again.
    func planned(
        _ policy: FleetPolicy, parent: Blueprint?, intents: FleetIntents
    ) async throws -> (plan: Plan, observation: FleetObservation, execs: [HostID: Int]) {
        let (first, execs) = await operations.observe(policy, leaving: policy.leaving(after: parent))
        let plan = try operations.plan(
            policy, observation: first, parent: parent, intents: intents, forgotten: [:])
        let found = plan.forgotten(after: parent)
        guard !found.isEmpty else { return (plan, first, execs) }
        let (more, moreExecs) = await operations.observe(policy.only([HostID]()), leaving: found.leaving)
        let seen = first.merging(more)
        let whole = try operations.plan(
            policy, observation: seen, parent: parent, intents: intents, forgotten: found)
        return (whole, seen, execs.merging(moreExecs) { $0 + $1 })
    }

    private func drift(
        _ policy: FleetPolicy, _ observation: FleetObservation, _ target: Blueprint?, _ intents: FleetIntents
    ) -> [FleetProblem] {
        do {
            return try operations.plan(
                policy, observation: observation, parent: target, intents: intents, forgotten: [:]
            ).drift
        } catch {
            return [(error as? FleetProblem) ?? .unexpected(error, subject: "region `\(policy.region)`")]
        }
    }

    /// Keeps what was seen, with what flipped since the last look. `policy` is what it was looked at for.
    func keep(
        _ observation: FleetObservation, _ found: [FleetProblem], _ policy: FleetPolicy, in seen: Inventory
    ) async throws {
        // Taken back or replaced while the hosts were looked at: what was seen belongs to nobody.
        guard stage == .serving, inventory === seen else { return }
        try await seen.save(observation)
        let now = ObservedState(observation, policy: policy, drift: found).carrying(observed)
        // A rack that is lost flips forty hosts at once: one transaction.
        try await audit(now.events(since: observed, reasons: ObservationSummary(observation).unreachable))
        if !now.isSame(as: observed) {
            let text = String(decoding: try JSONAnswer.data(now), as: UTF8.self)
            try await seen.setSetting(ControlPlaneSetting.observed, value: text)
        }
        (observed, drift) = (now, found)
        counters.observations += 1
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
