// What `up`, `apply` and `down` print with `--json`.
import FleetModel
import FleetReconciler

/// What came of a run: the exit code, and the document of `--json`. Everything else is printed by then.
struct UpResult {
    var code: Int32
    var document: UpDocument
}

/// The result of a run.
struct UpDocument: Encodable {
    var schema = 1
    var region: RegionID
    /// Of the control plane, after the hand off.
    var plan: PlanID?
    var run: RunID?
    var generation: Int
    /// Acts that changed something on a host; 0 at rest (I1).
    var remoteWrites: Int
    var execsPerHost: [HostID: Int]
    var seconds: Double
    var steps: [StepLine] = []
    var report: [ReportEntry]
    /// What failed first on each host for which anything did.
    var failures: [HostID: FleetProblem]
    /// What ended it before its plan did, or kept it from beginning.
    var problem: FleetProblem?
    var secondsByStep: [String: Double] = [:]
    /// What the control plane went on with, right after the hand off.
    var afterHandOff: Next?

    /// A document in a document.
    final class Next: Encodable {
        let document: UpDocument
        init(_ document: UpDocument) { self.document = document }
        func encode(to encoder: any Encoder) throws { try document.encode(to: encoder) }
    }

    struct StepLine: Encodable {
        var id: StepID
        var host: HostID
        var outcome: String
        var seconds: Double
    }

    init(_ report: ApplyReport, execs: [HostID: Int]) {
        region = report.plan.region
        generation = report.plan.blueprint.generation
        remoteWrites = report.remoteWrites
        execsPerHost = execs
        seconds = report.duration / .seconds(1)
        steps = report.results.map { result in
            StepLine(
                id: result.step.id, host: result.step.subject, outcome: result.outcome.word,
                seconds: result.duration / .seconds(1))
        }
        self.report = report.plan.report
        failures = report.failures
        problem = report.stop?.problem(of: report.plan.region)
        for entry in report.timeByWord { secondsByStep[entry.word] = entry.seconds }
    }

    init(refused plan: Plan) {
        (region, generation, remoteWrites, execsPerHost) = (plan.region, plan.blueprint.generation, 0, [:])
        (seconds, report, failures) = (0, plan.report, [:])
        problem = plan.refusals.first?.problem
    }
}

extension StopReason {
    /// Why a run ended before its plan did, as scripts read it.
    func problem(of region: RegionID) -> FleetProblem {
        switch self {
        case .budget:
            FleetProblem(
                .failed, "budget-exceeded", subject: "region `\(region)`",
                "more hosts failed than `budgets.failedHosts` allows",
                hint: "mend what is said of each of them, then run the command again")
        case .interrupted:
            FleetProblem(
                .failed, "interrupted", subject: "region `\(region)`", "interrupted",
                hint: "run the command again, it goes on from what it finds")
        case .leaseLost(let problem): problem
        }
    }

    /// The same for people, who know which region it is.
    func text(of region: RegionID) -> String {
        let problem = problem(of: region)
        if case .leaseLost = self { return problem.description }
        return [problem.message, problem.hint].compactMap { $0 }.joined(separator: "; ")
    }
}

extension StepResult.Outcome {
    var word: String {
        switch self {
        case .changed: "changed"
        case .unchanged: "unchanged"
        case .failed: "failed"
        case .skipped: "skipped"
        case .unstarted: "unstarted"
        }
    }
}
