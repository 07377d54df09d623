// Runs: a plan that is executed here, one at a time, under the lease that the inventory holds. What a run must have is
// in the inventory before it begins, so that a process that is killed in the middle is followed by one that goes on.

import FleetModel
import FleetPlanner
import FleetReconciler
import InventoryStore

/// A run that this process executes.
struct GoingRun: Sendable {
    let id: RunID
    let task: Task<Void, Never>
    /// What is in hand is ended, and nothing new is begun.
    let stop: StopSignal
    /// The process stops: the run is not over, the next process goes on with it.
    var isInterrupted = false
}

extension ControlPlaneCore {
    /// Begins the run of a plan that is not empty. The facts that the planner decided on are compared first (I3).
    func begin(_ plan: Plan, _ id: PlanID, approved: Int?, by actor: String) async throws -> Run {
        let (inventory, region) = try await opened()
        if let lease = try await inventory.lease() { throw lease.refusal(of: "apply plan `\(id)`", region.name) }
        let order = try await order(of: id, on: region)
        let observation = await look(before: plan, id, order.policy)
        let moved = plan.differences(from: observation)
        guard moved.isEmpty else {
            let all = moved.map { "\($0.subject) \($0.message)" }
            throw Self.stale(id, "the hosts are not as it found them", cause: all.joined(separator: "\n"))
        }
        return try await exclusion.run { try await self.begin(plan, id, observation, approved: approved, by: actor) }
    }

    /// The hosts that the plan decided on, as they are now, or were a moment ago when it was made.
    private func look(before plan: Plan, _ id: PlanID, _ policy: FleetPolicy) async -> FleetObservation {
        if let lastLook, lastLook.plan == id, surroundings.elapsed() - lastLook.since <= PlanLook.freshness {
            self.lastLook = nil
            return lastLook.observation
        }
        // The managers, too: their leases tell whether somebody else is at work.
        let managers = plan.blueprint.controlPlane.flatMap { plan.blueprint.clusters[$0.cluster]?.managers } ?? []
        let (observation, execs) = await operations.observe(
            policy.only(plan.preconditions.keys + managers),
            leaving: plan.leaving.filter { plan.preconditions[$0.name] != nil })
        counters.execs += execs.values.reduce(0, +)
        return observation
    }

    private func begin(
        _ plan: Plan, _ id: PlanID, _ observation: FleetObservation, approved: Int?, by actor: String
    ) async throws -> Run {
        try expectServing()
        let (inventory, region) = try await opened()
        var order = try await order(of: id, on: region)
        order.approved = approved
        let number = (try await inventory.runs(limit: 1).first).map { Int($0.id.rawValue.dropFirst(2)) ?? 0 } ?? 0
        let run = Run(id: RunID("r-\(number + 1)"), plan: id, actor: actor, startedAt: now())
        var news = RunNews(events: [planned(id)])
        if order.policy != region.policy {
            news.audit.append(event("policy", actor, "region `\(region.name)`", "policy changed by plan `\(id)`"))
        }
        news.audit.append(
            event(
                "run", actor, "region `\(region.name)`",
                "run `\(run.id)` began: plan `\(id)`, \(plan.steps.count) steps"))
        news.audit += plan.forgetting(at: now(), by: actor)
        try await inventory.begin(run, with: RunPlan(id: id, plan: plan, order: order), news)
        log(news.audit)
        peers = PeerRule(order.policy)
        execute(
            ExecutionOrder(
                run: run.id, id: id, plan: plan, policy: order.policy, observation: observation, inventory: inventory),
            by: actor)
        return run
    }

    func event(_ kind: String, _ actor: String, _ subject: String, _ message: String) -> FleetEvent {
        FleetEvent(at: now(), kind: kind, actor: actor, subject: subject, message: message)
    }

    private func planned(_ id: PlanID) -> RunEvent {
        var event = RunEvent(at: now(), kind: .planned)
        event.plan = id
        return event
    }
}

extension ControlPlaneCore {
    private func execute(_ order: ExecutionOrder, by actor: String) {
        // What it does now is no drift any more; what it leaves undone, the look at its end finds again.
        drift.removeAll { $0.isStepDue }
        let recorder = RunRecorder(run: order.run, actor: actor, inventory: order.inventory, now: surroundings.now)
        let stop = StopSignal()
        let task = Task {
            await witness()
            let writing = Task { [logger] in await recorder.write { logger.error("\($0)") } }
            let result: Result<ApplyReport, any Error>
            do {
                result = .success(try await operations.apply(order, stop: stop) { recorder.take($0) })
            } catch {
                result = .failure(error)
            }
            recorder.close()
            await writing.value
            await ended(order, by: actor, result)
        }
        going = GoingRun(id: order.run, task: task, stop: stop)
    }

    private func ended(_ order: ExecutionOrder, by actor: String, _ result: Result<ApplyReport, any Error>) async {
        let isInterrupted = going?.isInterrupted == true
        going = nil
        wantLook()
        if isInterrupted { return }
        do {
            let outcome = try await outcome(of: order, result)
            let settled = try? result.get().settled
            try await exclusion.run {
                if let settled { try await self.settle(settled, in: order.inventory) }
                try await self.end(order.run, outcome, by: actor, in: order.inventory)
            }
            if settled != nil { await witness() }
        } catch {
            // The lease stays, and with it the run: it goes on when the inventory can be written again.
            logger.error("the end of a run could not be noted", metadata: ["cause": "\(error)"])
        }
    }

    private func outcome(
        of order: ExecutionOrder, _ result: Result<ApplyReport, any Error>
    ) async throws -> RunOutcome {
        let writes = try await order.inventory.changes(in: order.run)
        switch result {
        case .success(let report):
            let allowed = order.policy.budgets.allowedFailures(of: order.policy.hosts.count)
            var outcome = RunOutcome(
                exitCode: Int(report.exitCode(allowedFailures: allowed)), remoteWrites: writes,
                isBudgetExceeded: report.stop == .budget)
            if case .leaseLost(let problem)? = report.stop { outcome.problem = problem }
            return outcome
        case .failure(let error):
            let problem = (error as? FleetProblem) ?? .unexpected(error, subject: "run `\(order.run)`")
            return RunOutcome(exitCode: Int(problem.exitCode), remoteWrites: writes, problem: problem)
        }
    }

    /// Hosts that are gone are in the target no more: nobody looks for them again.
    private func settle(_ blueprint: Blueprint, in inventory: Inventory) async throws {
        try await inventory.setTarget(blueprint, at: now())
        try await inventory.syncHosts(with: blueprint, at: now())
    }

    private func end(_ run: RunID, _ outcome: RunOutcome, by actor: String, in inventory: Inventory) async throws {
        var ended = RunEvent(at: now(), kind: .ended)
        ended.result = outcome
        var text = "run `\(run)` \(outcome.words): \(outcome.remoteWrites) remote writes"
        if let problem = outcome.problem { text += "; \(problem)" }
        let subject = "region `\(configuration.region)`"
        let news = RunNews(events: [ended], audit: [event("run", actor, subject, text)])
        try await inventory.end(run, outcome, news, at: now())
        log(news.audit)
    }
}

extension ControlPlaneCore {
    /// Goes on with a run that an earlier process began: it plans anew from what it sees now, and executes that.
    /// Whether it must be tried again in a moment, because not all managers are back.
    func resumeRun() async -> Bool {
        guard stage == .serving, going == nil, let inventory else { return false }
        do {
            guard let lease = try await inventory.lease() else { return false }
            return try await resume(lease, in: inventory)
        } catch {
            logger.error("a run could not be gone on with", metadata: ["cause": "\(error)"])
            return true
        }
    }

    /// Tries, 3 s apart: engines that restart with their host take up to half of that minute to speak for their Swarm.
    static let mostResumptions = 20

    private func resume(_ lease: RunLease, in inventory: Inventory) async throws -> Bool {
        let writes = try await inventory.changes(in: lease.run)
        guard try await inventory.run(lease.run)?.state == .running else {
            let outcome = RunOutcome(exitCode: 130, remoteWrites: writes)
            try await end(lease.run, outcome, by: lease.holder, in: inventory)
            return false
        }
        let policy = try await opened().region.policy
        let parent = try await inventory.targetBlueprint()
        let order = try await remaining(lease, policy, in: inventory)
        let (plan, observation, _) = try await planned(policy, parent: parent, intents: order.intents)
        resumptions += 1
        if let refusal = plan.refusals.first?.problem ?? plan.missingApproval(order) {
            if resumptions < Self.mostResumptions { return true }
            let outcome = RunOutcome(
                exitCode: Int(refusal.exitCode), remoteWrites: writes, problem: refusal)
            try await end(lease.run, outcome, by: lease.holder, in: inventory)
        } else if plan.isEmpty {
            let outcome = RunOutcome(exitCode: 0, remoteWrites: writes)
            try await end(lease.run, outcome, by: lease.holder, in: inventory)
        } else {
            try await exclusion.run { try await self.goOn(lease, plan, order, observation, in: inventory) }
        }
        resumptions = 0
        return false
    }

    /// What is still asked for: who has joined anew in this run does not do it again.
    private func remaining(
        _ lease: RunLease, _ policy: FleetPolicy, in inventory: Inventory
    ) async throws -> PlanOrder {
        var order = try await inventory.order(of: lease.plan) ?? PlanOrder(policy: policy, base: "")
        (order.policy, order.base) = (policy, try Self.digest(policy))
        let joined = try await inventory.finishedSteps(of: lease.run)
        order.intents.rejoin = order.intents.rejoin.filter { !joined.contains(StepID("join-swarm/\($0)")) }
        return order
    }

    private func goOn(
        _ lease: RunLease, _ plan: Plan, _ order: PlanOrder, _ observation: FleetObservation, in inventory: Inventory
    ) async throws {
        let id = try Self.id(of: plan, order)
        try await inventory.savePlan(id: id, plan: plan, order: order, at: now())
        let text = "run `\(lease.run)` goes on after a restart: plan `\(id)`, \(plan.steps.count) steps"
        let news = RunNews(
            events: [planned(id)], audit: [event("run", lease.holder, "region `\(plan.region)`", text)])
        try await inventory.continue(
            lease.run, with: RunPlan(id: id, plan: plan, order: order), news, at: now())
        log(news.audit)
        execute(
            ExecutionOrder(
                run: lease.run, id: id, plan: plan, policy: order.policy, observation: observation,
                inventory: inventory), by: lease.holder)
    }

    /// Tells a run to stop: what is in hand is ended, nothing new is begun. Again is no second time.
    func cancelRun(_ id: RunID, by actor: String) async throws -> Run {
        let (inventory, region) = try await opened()
        guard let run = try await inventory.run(id) else { throw APIProblem.noRun(id) }
        guard !run.state.isEnded else {
            throw FleetProblem(
                .refused, "run-ended", subject: "run `\(id)`", "cannot cancel: it has ended (\(run.state.rawValue))",
                hint: "`muster runs` names the one that goes on")
        }
        let news = RunNews(audit: [event("run", actor, "region `\(region.name)`", "run `\(id)` was told to stop")])
        try await inventory.cancel(id, news)
        if run.state == .running { log(news.audit) }
        if going?.id == id {
            going?.stop.stop(.interrupted)
        }
        return try await inventory.run(id) ?? run
    }

    /// The process is told to stop: ends what is in hand, and leaves the run for the next one.
    func interruptRun() async {
        guard going != nil else { return }
        going?.isInterrupted = true
        going?.stop.stop(.interrupted)
        await going?.task.value
    }

    /// An inventory that changed hands brings no run along: nobody executes it here, and the region may be elsewhere.
    func endInterrupted(_ lease: RunLease, in inventory: Inventory) async throws {
        let problem = FleetProblem(
            .failed, "run-interrupted", subject: "run `\(lease.run)`", "the region changed hands while it went on",
            hint: "look at what is left to do with `muster plan`")
        let writes = try await inventory.changes(in: lease.run)
        let outcome = RunOutcome(exitCode: 1, remoteWrites: writes, problem: problem)
        try await end(lease.run, outcome, by: lease.holder, in: inventory)
    }
}

extension FleetPolicy {
    /// The policy with some of its hosts only, for a look at those.
    func only(_ names: some Collection<HostID>) -> FleetPolicy {
        var policy = self
        let names = Set(names)
        policy.hosts.removeAll { !names.contains($0.name) }
        return policy
    }
}

extension Plan {
    /// A plan that was made anew may remove more than people have agreed to.
    fileprivate func missingApproval(_ order: PlanOrder) -> FleetProblem? {
        guard let approval, order.approved.map({ $0 < approval.removedHosts }) ?? true else { return nil }
        return FleetProblem(
            .refused, "not-approved", subject: "region `\(region)`",
            "going on would remove \(approval.removedHosts) of \(approval.hosts) hosts, and that number was not given",
            hint: "look at what is left to do with `muster plan`")
    }
}

extension RunOutcome {
    fileprivate var words: String {
        switch state {
        case .done: exitCode == 0 ? "is done" : "is done, but for hosts inside the budget"
        case .cancelled: "was cancelled"
        case .failed, .running, .cancelling: "failed"
        }
    }
}

extension APIProblem {
    static func noRun(_ id: RunID) -> APIProblem {
        APIProblem(
            .notFound, .rejected, "run-unknown", subject: "run `\(id)`", "there is no such run",
            hint: "`muster runs` names them")
    }
}
