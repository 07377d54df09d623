// Runs a plan: every step as soon as what it needs is done, no barrier on the slowest host, a journal entry before and
// after each, and a second check that decides. A failed step stops what depends on it and nothing else (I4).
package import FleetModel

/// What happens while a plan runs, for people who watch.
package enum ProgressEvent: Sendable {
    case started(Step)
    case finished(StepResult)
}

/// Executes plans of one region.
package struct Executor: Sendable {
    let policy: FleetPolicy
    let shell: any HostShell
    let store: any FleetStore
    let clock: any FleetClock
    let observer: Observer
    let secrets: RegionSecrets?
    let images: (any ImageSource)?
    let handOver: (any HandOverPort)?
    let nonce: String
    let progress: @Sendable (ProgressEvent) -> Void

    /// Steps that run at once. A step holds one channel; 64 keeps 1000 hosts busy, and at twice of it a manager that
    /// labels nodes and hands out tokens answers late.
    static let window = 64

    package init(
        policy: FleetPolicy, shell: any HostShell, store: any FleetStore, clock: any FleetClock, nonce: String,
        secrets: RegionSecrets? = nil, images: (any ImageSource)? = nil, handOver: (any HandOverPort)? = nil,
        progress: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
    ) {
        (self.policy, self.shell, self.store, self.clock, self.nonce) = (policy, shell, store, clock, nonce)
        (self.secrets, self.images, self.handOver, self.progress) = (secrets, images, handOver, progress)
        observer = Observer(shell: shell, clock: clock, nonce: nonce)
    }

    /// Runs `plan` to its end.
    ///
    /// - Parameter observation: the facts that the plan was made from; node ids come from it.
    /// - Returns: what came of every step. A step that fails is a result, not an error.
    /// - Throws: when the journal cannot be written; nothing runs without it.
    package func run(
        _ plan: Plan, id: PlanID, observation: FleetObservation
    ) async throws(FleetProblem) -> ApplyReport {
        let start = clock.uptime()
        for step in plan.steps { try await record(step, plan: id, .intended) }
        var run = Schedule(steps: plan.steps, allowedFailures: budget(of: plan), nodes: nodes(in: observation))
        let failure = await execute(&run, plan: id, hosts: plan.hosts(with: policy))
        if let failure { throw failure }
        return ApplyReport(
            plan: plan, results: run.results, duration: clock.uptime() - start, isBudgetExceeded: run.isBudgetExceeded)
    }

    /// Failures still allowed, with the hosts that the plan left out already counted.
    private func budget(of plan: Plan) -> Int {
        let lost = Set(plan.report.filter { $0.kind == .quarantined }.compactMap(\.problem.hostName)).count
        return policy.budgets.allowedFailures(of: policy.hosts.count) - lost
    }

    private func nodes(in observation: FleetObservation) -> [HostID: NodeID] {
        observation.hosts.compactMapValues { observed in
            if case .reachable(let facts) = observed { facts.swarm.nodeID } else { nil }
        }
    }

    /// Runs the schedule empty; gives the first trouble with the journal, after which nothing new is started.
    private func execute(
        _ run: inout Schedule, plan: PlanID, hosts: [HostID: HostPolicy]
    ) async -> FleetProblem? {
        var journalTrouble: FleetProblem?
        await withTaskGroup(of: StepEnd.self) { group in
            var running = 0
            while true {
                while running < Self.window, journalTrouble == nil, let step = run.next() {
                    let nodes = run.nodes
                    progress(.started(step))
                    group.addTask { await perform(step, plan: plan, hosts: hosts, nodes: nodes) }
                    running += 1
                }
                guard let end = await group.next() else { break }
                running -= 1
                if journalTrouble == nil { journalTrouble = end.journalTrouble }
                for result in run.finish(end) { progress(.finished(result)) }
            }
        }
        return journalTrouble
    }

    /// One step from its first journal entry to its last.
    private func perform(
        _ step: Step, plan: PlanID, hosts: [HostID: HostPolicy], nodes: [HostID: NodeID]
    ) async -> StepEnd {
        let start = clock.uptime()
        do {
            try await record(step, plan: plan, .started)
            let end = await StepRun(executor: self, step: step, hosts: hosts, nodes: nodes).run()
            let result = StepResult(step: step, outcome: end.outcome, duration: clock.uptime() - start)
            var finished = StepEnd(result: result, node: end.node)
            do { try await recordEnd(finished.result, plan: plan) } catch { finished.journalTrouble = error }
            return finished
        } catch {
            let result = StepResult(step: step, outcome: .failed(error), duration: clock.uptime() - start)
            return StepEnd(result: result, node: nil, journalTrouble: error)
        }
    }

    // MARK: - Journal

    private func record(
        _ step: Step, plan: PlanID, _ phase: JournalEntry.Phase, isChange: Bool? = nil, detail: String = "",
        life: HostLife? = nil
    ) async throws(FleetProblem) {
        let entry = JournalEntry(
            at: clock.now(), region: policy.region, plan: plan, step: step.id, host: step.subject, phase: phase,
            isChange: isChange, detail: detail)
        try await store.record(entry, life: life)
    }

    private func recordEnd(_ result: StepResult, plan: PlanID) async throws(FleetProblem) {
        switch result.outcome {
        case .changed, .unchanged:
            let life = result.step.action.lifeAfter
            try await record(result.step, plan: plan, .verified, isChange: result.outcome == .changed, life: life)
        case .failed(let problem):
            let phase: JournalEntry.Phase = problem.code == "connection-lost" ? .unknown : .failed
            try await record(result.step, plan: plan, phase, detail: problem.description, life: .quarantined)
        case .skipped: return
        }
    }
}

/// How a step ended, with what the following steps need to know.
struct StepEnd: Sendable {
    var result: StepResult
    /// The subject's node id, when the step's check read it.
    var node: NodeID?
    var journalTrouble: FleetProblem?
}
