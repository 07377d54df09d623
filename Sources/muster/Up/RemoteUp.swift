// `up` after the hand off: the control plane observes and plans. In this version it executes an empty plan only.
import ControlPlane
import FleetModel

/// One run of `up` through the control plane.
struct RemoteUp {
    let session: OperatorSession
    let context: RegionContext
    let isJSON: Bool

    func run() async throws -> Int32 {
        let remote = RemoteRegion(folder: session.folder, context: context)
        let answer = try await remote.plan(session.policy)
        guard answer.plan.refusals.isEmpty, answer.isEmpty else { return try refused(answer) }
        let applied = try await remote.calling { try await $0.apply(answer.id) }
        if isJSON {
            try Console.json(RemoteUpDocument(answer, remoteWrites: applied.remoteWrites))
        } else {
            ReportText(entries: answer.plan.report).print()
            Console.line(
                "region \(session.policy.region): nothing to do, \(applied.remoteWrites) remote writes"
                    + (applied.isPolicyChanged ? "; the policy changed" : "") + " (planned by its control plane)")
        }
        let lost = answer.plan.report.filter { $0.kind == .quarantined }.count
        let allowed = session.policy.budgets.allowedFailures(of: session.policy.hosts.count)
        return lost == 0 ? 0 : lost <= allowed ? 4 : 1
    }

    private func refused(_ answer: PlanAnswer) throws -> Int32 {
        if isJSON {
            try Console.json(RemoteUpDocument(answer, remoteWrites: 0))
        } else {
            PlanText(plan: answer.plan, nodes: [:]).print()
            Console.line("refused: changes through the control plane are not built yet; nothing was changed")
        }
        return 2
    }
}

/// What `up --json` prints when the control plane planned.
struct RemoteUpDocument: Encodable {
    var schema = 1
    var region: RegionID
    var plan: PlanID
    var remoteWrites: Int
    var execsPerHost: [HostID: Int]
    var steps: [StepID]
    var report: [ReportEntry]

    init(_ answer: PlanAnswer, remoteWrites: Int) {
        (region, plan, self.remoteWrites) = (answer.plan.region, answer.id, remoteWrites)
        (execsPerHost, steps, report) = (answer.execsPerHost, answer.plan.steps.map(\.id), answer.plan.report)
    }
}
