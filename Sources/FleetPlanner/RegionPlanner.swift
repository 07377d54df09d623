// The planner: one pure function for bootstrap, scale up, repair and rest (design.md §2). This is where it is decided
// what happens to every host.
package import FleetModel

/// Policy, observation and parent blueprint in; blueprint, steps and report out.
package enum RegionPlanner {
    /// The plan for `input`. A plan with a refusal in its report has no steps.
    package static func plan(_ input: PlannerInput) -> Plan {
        let preflight = Preflight(policy: input.policy, observation: input.observation)
        let situation = Situation(input: input, quarantined: preflight.quarantined)
        let blueprint = BlueprintPlan(situation: situation).blueprint()
        var report = preflight.entries + situation.refusals
        var steps: [Step] = []
        if !report.contains(where: { $0.kind == .refused }) {
            let bringUp = BringUp(situation: situation, blueprint: blueprint)
            steps = bringUp.steps()
            report += bringUp.waits() + Drift(situation: situation, blueprint: blueprint).entries()
        }
        return Plan(
            region: input.policy.region, blueprint: blueprint, steps: steps, report: report,
            preconditions: preconditions(of: steps, in: input.observation), leaving: input.leaving)
    }

    /// What must still hold of every host that a step runs on or changes.
    static func preconditions(of steps: [Step], in observation: FleetObservation) -> [HostID: Precondition] {
        var all: [HostID: Precondition] = [:]
        for host in Set(steps.flatMap { [$0.host, $0.subject] }) {
            all[host] = Precondition(observed: observation.hosts[host])
        }
        return all
    }
}

extension Precondition {
    /// What the planner decides on: identity, system, engine, membership and role; no reading that drifts.
    package init(observed: HostObservation?) {
        guard case .reachable(let facts)? = observed else {
            self.init(facts: ["reachable": "no"])
            return
        }
        var values = [
            "reachable": "yes", "hostname": facts.identity.hostname, "machine-id": facts.identity.machineID,
            "system": "\(facts.operatingSystem.id) \(facts.operatingSystem.versionID)",
            "init": facts.operatingSystem.initSystem.rawValue, "swarm": facts.swarm.state.rawValue,
            "node": facts.swarm.nodeID?.rawValue ?? "none", "role": facts.swarm.isManager ? "manager" : "worker",
            "made-by": facts.made?.region.rawValue ?? "none", "engine": "absent",
        ]
        if let engine = facts.engine {
            values["engine"] = "\(engine.version) \(engine.isRunning ? "running" : "stopped") \(engine.storageDriver)"
            values["daemon.json"] = engine.daemon?.canonicalText ?? "none"
        }
        self.init(facts: values)
    }
}
