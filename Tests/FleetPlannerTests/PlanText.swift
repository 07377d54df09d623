// A plan as text for goldens: what people would want to read of it in a review, the very commands included.
import FleetModel
import FleetReconciler

/// A plan rendered line by line.
struct PlanText {
    let plan: Plan
    let nodes: [HostID: NodeID]

    init(_ plan: Plan, observation: FleetObservation) {
        self.plan = plan
        nodes = observation.hosts.keys.reduce(into: [:]) { $0[$1] = observation.facts(of: $1)?.swarm.nodeID }
    }

    var text: String { (blueprintLines + [""] + stepLines + [""] + reportLines).joined(separator: "\n") + "\n" }

    private var blueprintLines: [String] {
        let blueprint = plan.blueprint
        var lines = ["blueprint \(blueprint.generation) after \(blueprint.parent) of region \(blueprint.region)"]
        for (name, cluster) in blueprint.clusters.sorted(by: { $0.key < $1.key }) {
            lines.append("  cluster \(name): managers \(cluster.managers.map(\.rawValue).joined(separator: " "))")
        }
        if let controlPlane = blueprint.controlPlane {
            lines.append("  control plane: \(controlPlane.image) on \(controlPlane.home), port \(controlPlane.port)")
        }
        return lines
    }

    private var stepLines: [String] { plan.steps.isEmpty ? ["no steps"] : plan.steps.flatMap(lines) }

    private func lines(of step: Step) -> [String] {
        var head = "\(step.id) on \(step.host)"
        if !step.after.isEmpty { head += " after \(step.after.map(\.rawValue).joined(separator: " "))" }
        if !step.follows.isEmpty { head += " follows \(step.follows.map(\.rawValue).joined(separator: " "))" }
        let shown = StepRendering(region: plan.region, secrets: nil).shown(step, nodes: nodes)
        return [head, "    because \(step.reason)", "    $ \(abridged(shown))"]
    }

    /// Long commands by their beginning: the whole of them is pinned once, in DockerEngineTests.
    private func abridged(_ command: String) -> String { command.count > 220 ? command.prefix(160) + "…" : command }

    private var reportLines: [String] {
        plan.report.isEmpty ? ["nothing to report"] : plan.report.map { "\($0.kind.rawValue): \($0.problem)" }
    }
}
