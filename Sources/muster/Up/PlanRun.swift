// Executes a plan from the operator's machine: secrets, target, journal, progress, report. `up`, `apply` and `down`
// share it.
import FleetLive
import FleetModel
import FleetPlanner
import FleetReconciler
import InventoryStore

/// One execution.
struct PlanRun {
    let session: OperatorSession
    let inventory: Inventory
    let isJSON: Bool
    /// Who is drained is kept with the target.
    var intents = FleetIntents()

    /// Runs `plan` and prints what came of it; gives the exit code.
    func execute(_ plan: Plan, observation: FleetObservation, isTeardown: Bool = false) async throws -> Int32 {
        let result = try await result(of: plan, observation: observation, isTeardown: isTeardown)
        if isJSON { try Console.json(result.document) }
        return result.code
    }

    /// Runs `plan` and prints what came of it, but for JSON.
    func result(of plan: Plan, observation: FleetObservation, isTeardown: Bool = false) async throws -> UpResult {
        let logs = HostLogs(folder: session.folder) { session.clock.now() }
        let report = try await run(plan, observation: observation, isTeardown: isTeardown, logs: logs)
        for result in report.results { logs.write(result.logText, of: result.step.subject) }
        let allowed = session.policy.budgets.allowedFailures(of: session.policy.hosts.count)
        if !isJSON { ApplyText(policy: session.policy, report: report).print() }
        let document = UpDocument(report, execs: session.shell.execCounts(of: session.policy.hosts))
        EventLog.current?.note(document)
        return UpResult(code: report.exitCode(allowedFailures: allowed), document: document)
    }

    private func run(
        _ plan: Plan, observation: FleetObservation, isTeardown: Bool, logs: HostLogs
    ) async throws -> ApplyReport {
        let store = InventoryFleetStore(inventory)
        let id = PlanID("\(plan.region)-\(plan.blueprint.generation)-\(makeNonce().dropFirst(7).prefix(6))")
        let secrets = isTeardown ? nil : try await secrets()
        let progress = ProgressView(plan: plan, policy: session.policy, isQuiet: isJSON)
        let stop = StopSignal()
        let owner = try LeaseOwner.text(of: session.folder)
        let images = isTeardown ? nil : RecipeImageSource(folder: session.folder.imageFolder)
        let executor = Executor(
            policy: session.policy, shell: session.shell, store: store, clock: session.clock, nonce: session.nonce,
            lease: LeaseTerms(owner: owner, plan: id, above: observation),
            stop: stop, secrets: secrets,
            images: images,
            handOver: isTeardown ? nil : HandOver(session: session, inventory: inventory),
            log: { logs.write($1, of: $0) }, progress: { progress.show($0) })
        let interrupts = Interrupts(stop)
        defer { interrupts.end(); progress.finish() }
        let report = try await executor.run(plan, id: id, observation: observation) {
            () async throws(FleetProblem) in
            try await store.savePlan(plan, id: id, at: session.clock.now())
            if try await inventory.targetBlueprint() != plan.blueprint {
                try await store.setTarget(plan.blueprint, at: session.clock.now())
            }
            try await inventory.keep(intents)
            try await inventory.append(plan.forgetting(at: session.clock.now(), by: owner))
            images?.prepare(for: plan)
        }
        if let settled = report.settled { try await store.setTarget(settled, at: session.clock.now()) }
        return report
    }

    private func secrets() async throws -> RegionSecrets {
        let epoch = try await inventory.region()?.ownership.epoch ?? 1
        return try SecretMaker(folder: session.folder, policy: session.policy, epoch: epoch).secrets()
    }
}
