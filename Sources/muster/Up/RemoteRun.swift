// A plan that the control plane executes, as the operator sees it: the same table and report as before the hand off.
// The run does not need this process: Ctrl-C, or a lost connection, leaves it going on.
import ControlPlane
import FleetModel
import FleetReconciler
import Foundation

/// Applies a plan through the control plane, and follows the run.
struct RemoteRun {
    let remote: RemoteRegion
    let policy: FleetPolicy
    let isJSON: Bool
    var approval = Approval()
    /// Entries of a report that this command has printed already.
    var told: [ReportEntry] = []

    func apply(_ plan: Plan, id: PlanID, execs: [HostID: Int]) async throws -> UpResult {
        if !isJSON { announce(plan) }
        let number = try approval.number(for: plan)
        return try await remote.calling(refreshingIf: { $0.isChange || !remote.hasFreshCopy }) { client in
            switch try await begin(id, number, client) {
            case .atOnce(let answer):
                (nothingToDo(plan, answer, execs), isChange: answer.isPolicyChanged || answer.isTargetChanged)
            case .begun(let run): (try await follow(run, plan, execs, client), isChange: true)
            }
        }.0
    }

    private func announce(_ plan: Plan) {
        let hosts = Set(plan.steps.map(\.subject)).count
        if !plan.isEmpty {
            let sizes =
                "\(counted(plan.steps.count, "step")) on \(hosts) of \((policy.hosts + plan.leaving).count) hosts"
            Console.line(Style.bold("region \(plan.region)") + ": \(sizes), executed by its control plane")
        }
        ReportText(entries: plan.report.filter { !told.contains($0) }).print()
    }

    /// When the answer is lost, whether the run began is looked up, and never guessed by asking again.
    private func begin(_ id: PlanID, _ number: Int?, _ client: ControlPlaneClient) async throws -> Applied {
        do {
            return try await client.apply(id, approving: number)
        } catch let problem where problem.kind == .unavailable {
            guard let latest = try await client.runs(limit: 1).first, latest.plan == id else { throw problem }
            return .begun(latest)
        }
    }

    private func nothingToDo(_ plan: Plan, _ answer: ApplyAnswer, _ execs: [HostID: Int]) -> UpResult {
        let report = ApplyReport(plan: plan, results: [], duration: .zero)
        if !isJSON {
            Console.line(
                "nothing to do: \(answer.remoteWrites) remote writes"
                    + (answer.isPolicyChanged ? "; the policy changed" : "") + " (planned by its control plane)")
        }
        var document = UpDocument(report, execs: execs)
        document.plan = answer.id
        let allowed = policy.budgets.allowedFailures(of: policy.hosts.count)
        return UpResult(code: report.exitCode(allowedFailures: allowed), document: document)
    }

    /// Shows a run until it has ended.
    /// - Parameter isOld: it began before, so times are those of the control plane, in whole seconds.
    func follow(
        _ run: Run, _ plan: Plan, _ execs: [HostID: Int], _ client: ControlPlaneClient, isOld: Bool = false
    ) async throws -> UpResult {
        let view = RunView(policy: policy, isQuiet: isJSON, since: isOld ? run.startedAt : nil)
        let detachment = Detachment(run: run.id, view)
        defer { detachment.end() }
        let outcome = try await client.follow(run.id) { problem in
            Console.aside("\(problem); run `\(run.id)` goes on without this connection, which is tried again")
        } _: { event in
            if event.kind == .planned, let id = event.plan {
                view.begin(id == run.plan ? plan : try await client.plan(id))
            }
            view.show(event)
        }
        let report = view.finish(outcome)
        if !isJSON {
            ApplyText(policy: policy, report: report).print()
            if report.stop == nil, let problem = outcome.problem { Console.error(problem) }
            if outcome.state == .cancelled { Console.line("  run `\(run.id)` was cancelled; `up` goes on from here") }
        }
        var document = UpDocument(report, execs: execs)
        (document.plan, document.run, document.remoteWrites) = (run.plan, run.id, outcome.remoteWrites)
        document.problem = document.problem ?? outcome.problem
        EventLog.current?.note(document)
        return UpResult(code: Int32(outcome.exitCode), document: document)
    }
}

/// From the events of a run to what the progress table and the report show.
final class RunView: @unchecked Sendable {
    // Why unchecked: only the task that follows the run touches it; a signal only ends the table, which has a lock.
    private let policy: FleetPolicy
    private let isQuiet: Bool
    private let start = ContinuousClock.now
    /// When a run that is old by now began, and how far in it the last event was.
    private let since: Timestamp?
    private var age: Duration?
    private var plan: Plan?
    private var steps: [StepID: Step] = [:]
    private var results: [StepID: StepResult] = [:]
    private var order: [StepID] = []
    private var progress: ProgressView?

    init(policy: FleetPolicy, isQuiet: Bool, since: Timestamp?) {
        (self.policy, self.isQuiet, self.since) = (policy, isQuiet, since)
    }

    /// The run executes this plan from here on.
    func begin(_ plan: Plan) {
        progress?.finish()
        if self.plan != nil, !isQuiet { Console.line("the control plane was restarted; it goes on with what is left") }
        self.plan = plan
        steps = Dictionary(plan.steps.map { ($0.id, $0) }) { first, _ in first }
        progress = ProgressView(plan: plan, policy: policy, isQuiet: isQuiet)
    }

    func show(_ event: RunEvent) {
        age = since.map { .seconds(event.at.seconds(since: $0)) }
        guard let id = event.step, let step = steps[id] else { return }
        if event.kind == .started { progress?.show(.started(step), at: age) }
        guard event.kind == .finished, let outcome = event.stepOutcome else { return }
        let result = StepResult(
            step: step, outcome: outcome, duration: .milliseconds(event.milliseconds ?? 0))
        if results[id] == nil { order.append(id) }
        results[id] = result
        progress?.show(.finished(result), at: age)
    }

    func stopDrawing() { progress?.finish() }

    func finish(_ outcome: RunOutcome) -> ApplyReport {
        progress?.finish()
        let none = Plan(
            region: policy.region,
            blueprint: Blueprint(
                region: policy.region, generation: 0, parent: 0, clusters: [:], hosts: [:], controlPlane: nil),
            steps: [])
        return ApplyReport(
            plan: plan ?? none, results: order.compactMap { results[$0] },
            duration: age ?? ContinuousClock.now - start, stop: outcome.stop)
    }
}

extension RunOutcome {
    /// Why the run ended before its plan did, as far as its report tells.
    fileprivate var stop: StopReason? {
        if isBudgetExceeded { return .budget }
        if let problem, ["leased", "fenced", "lease-lost"].contains(problem.code) { return .leaseLost(problem) }
        return state == .cancelled ? .interrupted : nil
    }
}

extension RunEvent {
    fileprivate var stepOutcome: StepResult.Outcome? {
        switch outcome {
        case .changed: .changed
        case .unchanged: .unchanged
        case .failed: problem.map { .failed($0) }
        case .skipped: because.map { .skipped(because: $0) }
        case .unstarted: .unstarted(.interrupted)
        case nil: nil
        }
    }
}

/// Ctrl-C while a run is followed: this process goes, the run does not.
final class Detachment {
    private let source: any DispatchSourceSignal

    init(run: RunID, _ view: RunView) {
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler {
            view.stopDrawing()
            Console.aside(
                "detached: run `\(run)` goes on in the control plane; watch it with `muster runs follow`, end it with "
                    + "`muster runs cancel`")
            exit(130)
        }
        source.resume()
    }

    func end() {
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }
}
