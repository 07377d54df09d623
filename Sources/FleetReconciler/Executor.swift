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
    let store: any FleetStore
    let clock: any FleetClock
    let observer: Observer
    let acts: HostActs
    let lease: LeaseTerms?
    let stop: StopSignal
    let secrets: RegionSecrets?
    let images: (any ImageSource)?
    let handOver: (any HandOverPort)?
    let progress: @Sendable (ProgressEvent) -> Void

    /// Steps that run at once. A step holds one channel; 64 keeps 1000 hosts busy, and at twice of it a manager that
    /// labels nodes and hands out tokens answers late.
    static let window = 64

    /// - Parameters:
    ///   - lease: under which terms hosts are changed; nil asks nobody, which is for tests of single steps.
    ///   - stop: by which somebody may end the run early.
    ///   - log: told what each act printed on its host, bounded and without secrets.
    package init(
        policy: FleetPolicy, shell: any HostShell, store: any FleetStore, clock: any FleetClock, nonce: String,
        lease: LeaseTerms? = nil, stop: StopSignal = StopSignal(), secrets: RegionSecrets? = nil,
        images: (any ImageSource)? = nil, handOver: (any HandOverPort)? = nil,
        log: @escaping @Sendable (HostID, String) -> Void = { _, _ in },
        progress: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
    ) {
        (self.policy, self.store, self.clock, self.lease, self.stop) = (policy, store, clock, lease, stop)
        (self.secrets, self.images, self.handOver, self.progress) = (secrets, images, handOver, progress)
        observer = Observer(shell: shell, clock: clock, nonce: nonce)
        acts = HostActs(shell: shell, nonce: nonce, log: log)
    }

    /// Runs `plan` to its end, under the region's lease. An empty plan takes none.
    ///
    /// - Parameters:
    ///   - observation: the facts that the plan was made from; node ids and epochs come from it.
    ///   - whenHeld: runs once the lease is held, before anything else: the place to make the plan the target.
    /// - Returns: what came of every step. A step that fails is a result, not an error.
    /// - Throws: `leased` when somebody else is at work, before any write; or when the journal cannot be written:
    ///   nothing runs without it.
    package func run(
        _ plan: Plan, id: PlanID, observation: FleetObservation,
        whenHeld: () async throws(FleetProblem) -> Void = {}
    ) async throws(FleetProblem) -> ApplyReport {
        let start = clock.uptime()
        let keeper = keeper(for: plan, observation: observation)
        try await keeper?.acquire()
        var run = Schedule(steps: plan.steps, allowedFailures: budget(of: plan))
        var trouble: FleetProblem?
        do throws(FleetProblem) {
            try await whenHeld()
            let journal = StepJournal(store: store, clock: clock, region: policy.region, plan: id)
            try await journal.intend(plan.steps)
            let context = RunContext(
                hosts: policy.hosts + plan.leaving, journal: journal, keeper: keeper, known: KnownFacts(observation))
            trouble = await execute(&run, context)
        } catch {
            trouble = error
        }
        await keeper?.release()
        if let trouble { throw trouble }
        return ApplyReport(
            plan: plan, results: run.results, duration: clock.uptime() - start, stop: stopReason(of: run))
    }

    private func keeper(for plan: Plan, observation: FleetObservation) -> LeaseKeeper? {
        guard let lease, !plan.isEmpty else { return nil }
        return LeaseKeeper(
            lease, acts: acts, clock: clock, policy: policy, plan: plan, observation: observation, stop: stop)
    }

    /// Failures still allowed, with the hosts that the plan left out already counted.
    private func budget(of plan: Plan) -> Int {
        let lost = Set(plan.report.filter { $0.kind == .quarantined }.compactMap(\.problem.hostName)).count
        return policy.budgets.allowedFailures(of: policy.hosts.count) - lost
    }

    private func stopReason(of run: Schedule) -> StopReason? { stop.reason ?? (run.isBudgetExceeded ? .budget : nil) }

    /// Runs the schedule empty while the lease is renewed beside it; gives the first trouble with the journal.
    private func execute(_ run: inout Schedule, _ context: RunContext) async -> FleetProblem? {
        await withTaskGroup(of: Void.self) { group in
            if let keeper = context.keeper { group.addTask { await keeper.keep() } }
            let trouble = await runSteps(&run, context)
            group.cancelAll()
            return trouble
        }
    }

    /// After trouble with the journal, or once the run is to stop, nothing new is started.
    private func runSteps(_ run: inout Schedule, _ context: RunContext) async -> FleetProblem? {
        await withTaskGroup(of: StepEnd.self) { group in
            var trouble: FleetProblem?
            var running = 0
            while true {
                while running < Self.window, trouble == nil, stop.reason == nil, !Task.isCancelled,
                    let step = run.next()
                {
                    let work = StepRun(executor: self, context: context, step: step)
                    progress(.started(step))
                    group.addTask { await work.run() }
                    running += 1
                }
                guard let end = await group.next() else { break }
                running -= 1
                trouble = trouble ?? end.journalTrouble
                if let lost = end.result.leaseTrouble { stop.stop(.leaseLost(lost)) }
                for result in run.finish(end) { progress(.finished(result)) }
            }
            if let reason = stopReason(of: run) {
                for result in run.abandon(because: reason) { progress(.finished(result)) }
            }
            return trouble
        }
    }
}

/// How a step ended.
struct StepEnd: Sendable {
    var result: StepResult
    var journalTrouble: FleetProblem?
}

extension StepResult {
    /// The host said that somebody else may change it.
    var leaseTrouble: FleetProblem? {
        if case .failed(let problem) = outcome, problem.isLeaseTrouble { problem } else { nil }
    }
}
