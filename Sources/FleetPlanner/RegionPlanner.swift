// The planner: one pure function for bootstrap, scale up, scale down, repair and rest (design.md §2). This is where it
// is decided what happens to every host.
package import FleetModel

/// Policy, observation, intents and parent blueprint in; blueprint, steps and report out.
package enum RegionPlanner {
    /// The plan for `input`. A plan with a refusal in its report has no steps.
    package static func plan(_ input: PlannerInput) -> Plan {
        let preflight = Preflight(policy: input.policy, observation: input.observation, intents: input.intents)
        let situation = Situation(input: input, quarantined: preflight.quarantined)
        let departures = Departures(situation)
        let blueprint = BlueprintPlan(situation: situation, departures: departures).blueprint()
        let bringUp = BringUp(situation: situation, blueprint: blueprint, departures: departures)
        var report =
            bringUp.costs() + preflight.entries + situation.refusals + IntentNotes(situation: situation).entries
        report += ControlHome(situation: situation).refusals(blueprint) + bringUp.refusals()
        var steps: [Step] = []
        if !report.contains(where: { $0.kind == .refused }) {
            steps = bringUp.steps()
            report += bringUp.waits() + Drift(situation: situation, clusters: bringUp.clusters).entries()
        }
        return Plan(
            region: input.policy.region, blueprint: blueprint, steps: steps, report: report,
            preconditions: Precondition.all(of: steps, in: input.observation), leaving: input.leaving,
            approval: PlanApproval(steps: steps, situation: situation))
    }
}
