// How plans, reports and facts read on a terminal.
import FleetModel
import FleetReconciler

/// The facts of all hosts, a line each.
struct ObservationTable {
    let policy: FleetPolicy
    let observation: FleetObservation

    func print() {
        var table = TextTable(header: [
            "HOST", "ADDRESS", "DOMAIN", "SYSTEM", "CPU", "MEMORY", "DISK FREE", "ENGINE", "SWARM",
        ])
        for host in policy.hosts {
            table.rows.append([host.name.rawValue, host.address, host.domain.rawValue] + cells(host))
        }
        table.print()
    }

    private func cells(_ host: HostPolicy) -> [String] {
        guard let facts = observation.facts(of: host.name) else { return [Style.red("does not answer")] }
        let capacity = facts.capacity
        let swarm = facts.swarm
        return [
            "\(facts.operatingSystem.prettyName) (\(facts.operatingSystem.initSystem.rawValue))",
            String(capacity.cpuMillicores / 1000), "\(capacity.memoryMiB) MiB", "\(capacity.diskFreeMiB / 1024) GiB",
            facts.engine.map { $0.isRunning ? $0.version : "\($0.version), stopped" } ?? "none",
            swarm.state == .active ? (swarm.isManager ? "manager" : "worker") : swarm.state.rawValue,
        ]
    }
}

/// The report of a plan or a check.
struct ReportText {
    let entries: [ReportEntry]

    func print() {
        for entry in entries.asTold { Console.line("  \(Self.mark(entry.kind)) \(entry.problem)") }
    }

    private static func mark(_ kind: ReportEntry.Kind) -> String {
        switch kind {
        case .refused: Style.red("refused ")
        case .quarantined: Style.red("left out")
        case .waits: Style.yellow("waits   ")
        case .drift: Style.yellow("drift   ")
        case .note: Style.blue("note    ")
        }
    }
}

/// A plan: its steps with reasons and commands, then its report.
struct PlanText {
    let plan: Plan
    let nodes: [HostID: NodeID]

    func print() {
        let hosts = Set(plan.steps.map(\.subject)).count
        Console.line(
            Style.bold("region \(plan.region)")
                + ": generation \(plan.blueprint.generation), \(counted(plan.steps.count, "step")) on \(counted(hosts, "host"))"
        )
        let rendering = StepRendering(region: plan.region, secrets: nil)
        let width = plan.steps.map { $0.subject.rawValue.count }.max() ?? 0
        for step in plan.steps {
            Console.line(
                "  \(step.subject.rawValue.padded(to: width))  \(Style.bold(step.action.word)): \(step.reason)")
            let on = step.host == step.subject ? "" : "on \(step.host): "
            Console.line(
                "  " + String(repeating: " ", count: width + 4) + Style.dim(on + rendering.shown(step, nodes: nodes)))
        }
        ReportText(entries: plan.report).print()
        if plan.isEmpty && plan.refusals.isEmpty { Console.line("  nothing to do") }
    }
}
