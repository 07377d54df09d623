// Bring-up from the operator's machine, which owns the region until the hand off.
import ArgumentParser
import FleetLive
import FleetModel
import FleetPlanner
import FleetReconciler
import InventoryStore

/// One run of `up` before the hand off.
struct LocalUp {
    let session: OperatorSession
    let isJSON: Bool
    var approval = Approval()
    /// What is asked for besides the manifest.
    var intents = FleetIntents()

    func run() async throws -> Int32 {
        let inventory = try session.openInventory()
        defer { try? inventory.close() }
        let parent = try await inventory.targetBlueprint()
        try intents.expectKnown(in: session.policy, after: parent)
        try await inventory.adopt(policy: session.policy.portable, at: session.clock.now())
        let hosts = session.policy.hosts + session.policy.leaving(after: parent)
        let first = await session.observer.observation(of: hosts)
        if let context = try await HandOffGuard(session: session, inventory: inventory).context(first) {
            return try await RemoteUp(
                session: session, context: context, isJSON: isJSON, approval: approval, intents: intents
            ).run()
        }
        try await inventory.save(first)
        var input = try session.input(observation: first, parent: parent)
        input.intents = intents.keeping(drained: try await inventory.drainingHosts())
        let (plan, observation) = await session.observer.plan(input)
        // What somebody else's run has made of the hosts so far is no news to anybody.
        if !plan.isEmpty, let refusal = observation.refusal(of: try LeaseOwner.text(of: session.folder)) {
            throw refusal
        }
        if !isJSON { announce(plan) }
        guard plan.refusals.isEmpty else { return try refused(plan) }
        guard !plan.isEmpty else {
            // Hosts that left by themselves are wanted no more, and nobody has to do anything about it.
            if let parent, plan.blueprint != parent {
                try await inventory.setTarget(plan.blueprint, at: session.clock.now())
            }
            try await inventory.keep(input.intents)
            let owner = try LeaseOwner.text(of: session.folder)
            try await inventory.append(plan.forgetting(at: session.clock.now(), by: owner))
            return try await nothingToDo(plan)
        }
        _ = try approval.number(for: plan)
        let run = PlanRun(session: session, inventory: inventory, isJSON: isJSON, intents: input.intents)
        return try await goneOn(from: try await run.result(of: plan, observation: observation))
    }

    /// Right after the hand off the control plane goes on with what the operator's line need not carry: its image to
    /// the other managers, and whatever else its own plan finds.
    private func goneOn(from local: UpResult) async throws -> Int32 {
        var local = local
        if local.code == 0 || local.code == 4, let context = try RegionContext.load(session.folder), context.isHandedOff
        {
            var remote = try RemoteUp(session: session, context: context, isJSON: isJSON, isAdmitting: false)
            remote.told = local.document.report
            let next = try await remote.result()
            local.document.afterHandOff = UpDocument.Next(next.document)
            // What was lost on the way here is lost to the control plane's plan, too, unless it has mended it since.
            local.code = next.code
        }
        if isJSON { try Console.json(local.document) }
        return local.code
    }

    private func announce(_ plan: Plan) {
        let hosts = Set(plan.steps.map(\.subject)).count
        if plan.refusals.isEmpty {
            Console.line(
                Style.bold("region \(plan.region)")
                    + ": \(counted(plan.steps.count, "step")) on \(hosts) of "
                    + "\((session.policy.hosts + plan.leaving).count) hosts")
        }
        ReportText(entries: plan.report).print()
    }

    private func refused(_ plan: Plan) throws -> Int32 {
        EventLog.current?.refused(plan)
        if isJSON { try Console.json(UpDocument(refused: plan)) } else { Console.line("nothing was changed") }
        return 2
    }

    private func nothingToDo(_ plan: Plan) async throws -> Int32 {
        let report = ApplyReport(plan: plan, results: [], duration: .zero)
        let document = UpDocument(report, execs: session.shell.execCounts(of: session.policy.hosts))
        if isJSON { try Console.json(document) } else { Console.line("nothing to do: 0 remote writes") }
        return report.exitCode(allowedFailures: session.policy.budgets.allowedFailures(of: session.policy.hosts.count))
    }
}
