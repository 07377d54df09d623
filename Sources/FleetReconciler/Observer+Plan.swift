// A plan from here: where it finds hosts that nobody knew, they are looked at, too, and it is made again.
package import FleetModel
package import FleetPlanner

extension Observer {
    /// The plan for `input`, and what it rests on.
    package func plan(_ input: PlannerInput) async -> (plan: Plan, observation: FleetObservation) {
        let plan = RegionPlanner.plan(input)
        let found = plan.forgotten(after: input.parent)
        guard !found.isEmpty else { return (plan, input.observation) }
        let seen = input.observation.merging(await observation(of: found.leaving))
        return (RegionPlanner.plan(input.finding(found, seen: seen)), seen)
    }
}
