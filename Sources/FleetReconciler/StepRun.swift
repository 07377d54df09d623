// One step: act, then check. A connection lost in the middle leads to the check, and only what the check does not find
// is done again (decision 4). What any manager can do is done by the next one when the planned one is lost.
import FleetModel

/// The run of one step, from its first journal entry to its last.
struct StepRun: Sendable {
    let executor: Executor
    let context: RunContext
    let step: Step

    /// A step is begun at most twice on a host: once, and once more when the connection was lost and the check found it
    /// undone.
    private static let mostAttempts = 2

    typealias Outcome = StepResult.Outcome

    func run() async -> StepEnd {
        let start = executor.clock.uptime()
        func result(_ outcome: Outcome) -> StepResult {
            StepResult(step: step, outcome: outcome, duration: executor.clock.uptime() - start)
        }
        var end: StepEnd
        do {
            try await context.journal.started(step)
            end = StepEnd(result: result(try await outcome()))
        } catch {
            return StepEnd(result: result(.failed(error)), journalTrouble: error)
        }
        do { try await context.journal.ended(end.result) } catch { end.journalTrouble = error }
        return end
    }

    var problem: ActProblem { ActProblem(host: step.subject, word: step.action.word) }

    /// - Throws: trouble with the journal.
    private func outcome() async throws(FleetProblem) -> Outcome {
        if case .restoreHost = step.action { context.keeper?.willRestore(step.host) }
        if case .handOff(let desired, let addresses) = step.action {
            let outcome = await handOff(desired, addresses)
            if outcome == .changed { try await context.journal.done(step) }
            return outcome
        }
        let patience = Patience(clock: executor.clock)
        var last = ShellFailure(problem.unverified("its host is not in the manifest"), isOutcomeUnknown: false)
        repeat {
            for actor in actors {
                // It may have worked through the manager that was lost: this one can tell.
                if last.isOutcomeUnknown, case .success(.changed) = await checked(by: actor, isChange: true) {
                    return .changed
                }
                switch try await tried(on: actor) {
                case .success(let outcome): return outcome
                case .failure(let failure): last = failure
                }
                guard last.letsOthersTry, executor.stop.reason == nil else { return .failed(last.problem) }
            }
        } while await patience.wait(for: last.problem, candidates: actors.count)
        return .failed(last.problem)
    }

    /// Where it can run: its own host, or any manager of its Swarm, the planned one first.
    private var actors: [HostPolicy] {
        if let cluster = step.action.managedCluster { return context.managers(of: cluster, planned: step.host) }
        return [context.host(step.host)].compactMap { $0 }
    }

    private func tried(on actor: HostPolicy) async throws(FleetProblem) -> Result<Outcome, ShellFailure> {
        var last = ShellFailure(problem.unverified("it was not tried"), isOutcomeUnknown: false)
        for _ in 1...Self.mostAttempts {
            switch await acted(on: actor) {
            case .success(let isChange):
                try await context.journal.done(step)
                switch await checked(by: actor, isChange: isChange) {
                case .success(let outcome): return .success(outcome)
                case .failure(let unseen): last = unseen
                }
            case .failure(let failure): last = failure
            }
            guard last.isOutcomeUnknown else { break }
            // Unseen is still unknown: only a check that saw the step undone lets it run again.
            guard case .success(let outcome) = await checked(by: actor, isChange: true) else { break }
            if outcome == .changed { return .success(outcome) }
            last.isOutcomeUnknown = false
            if executor.stop.reason != nil { break }
        }
        return .failure(last)
    }

    private func acted(on actor: HostPolicy) async -> Result<Bool, ShellFailure> {
        do { return .success(try await act(on: actor)) } catch {
            if error.isSilence { context.known.noteSilence(of: actor.name) }
            return .failure(error)
        }
    }

    // MARK: - Act

    /// Runs the step's command; gives whether it changed anything.
    private func act(on actor: HostPolicy) async throws(ShellFailure) -> Bool {
        if case .joinSwarm(let cluster, let role, _, let planned, _) = step.action {
            return try await Joining(run: self, cluster: cluster, role: role, planned: planned).join(actor)
        }
        return try await send(rendering.act(of: step, nodes: nodes, archive: try await archive()), to: actor)
    }

    /// The nodes that the step's command names.
    private var nodes: [HostID: NodeID] {
        var hosts = [step.subject]
        if case .startControlPlane(let desired, _) = step.action { hosts.append(desired.home) }
        return hosts.reduce(into: [:]) { $0[$1] = context.known.node(of: $1) }
    }

    var rendering: StepRendering { StepRendering(region: executor.policy.region, secrets: executor.secrets) }

    /// Sends an act under the run's lease; gives whether it changed anything.
    func send(_ act: RemoteAct?, to actor: HostPolicy) async throws(ShellFailure) -> Bool {
        guard var act else {
            throw ShellFailure(problem.unverified("there is no command for it"), isOutcomeUnknown: false)
        }
        act.lease = context.keeper?.terms
        let framed = try await executor.acts.output(of: act, on: actor, subject: step.subject)
        guard framed.first("changed") != nil || framed.first("unchanged") != nil else {
            throw ShellFailure(problem.unverified("it did not say what it did"), isOutcomeUnknown: true)
        }
        return framed.first("changed") != nil
    }

    private func archive() async throws(ShellFailure) -> String? {
        guard case .loadImage(let reference) = step.action, let images = executor.images else { return nil }
        do { return try await images.archive(of: reference) } catch {
            throw ShellFailure(error, isOutcomeUnknown: false)
        }
    }

    private func handOff(_ desired: DesiredControlPlane, _ addresses: [String]) async -> Outcome {
        guard let port = executor.handOver else { return .failed(problem.unverified("there is nobody to hand over")) }
        do {
            let lease = context.keeper.map { HandedLease($0.willHandOver()) }
            try await port.handOver(to: desired, addresses: addresses, lease: lease)
            return .changed
        } catch {
            return .failed(error)
        }
    }

    // MARK: - Check

    private func checked(by actor: HostPolicy, isChange: Bool) async -> Result<Outcome, ShellFailure> {
        let teller = step.action.isToldByActor ? actor : context.host(step.subject) ?? actor
        let node = context.known.node(of: step.subject)
        switch await seen(teller, node: node) {
        case .unreachable(let problem):
            context.known.noteSilence(of: teller.name)
            return .failure(ShellFailure(problem, isOutcomeUnknown: true))
        case .reachable(let facts):
            await remember(facts, of: teller.name)
            if let missing = step.action.missing(in: facts, region: executor.policy.region, subjectNode: node) {
                return .success(.failed(problem.unverified(missing)))
            }
            if let role = step.action.roleAfter { context.known.noteRole(role, of: step.subject) }
            return .success(isChange ? .changed : .unchanged)
        }
    }

    /// A narrow look where the rest is known, else a whole one.
    private func seen(_ teller: HostPolicy, node: NodeID?) async -> HostObservation {
        guard let known = context.known.of(teller.name) else {
            let seen = await executor.observer.observe(teller)
            if case .reachable(let facts) = seen { context.known.note(facts, of: teller.name) }
            return seen
        }
        var sections = step.action.sections(subjectNode: node)
        if step.action.isToldByActor && known.swarm.cluster == nil { sections.formUnion([.engine, .nodes, .services]) }
        return await executor.observer.observe(teller, sections) { read in
            context.known.update(teller.name, or: known, by: read)
        }
    }

    /// Keeps the fresh facts: at the hand off the control plane then knows its hosts as they are. Losing them is no
    /// failure of the step; the next observation has them again.
    private func remember(_ facts: HostFacts, of host: HostID) async {
        let seen = FleetObservation(takenAt: executor.clock.now(), hosts: [host: .reachable(facts)])
        try? await executor.store.save(seen)
    }
}

extension ShellFailure {
    /// Another manager may do what this one did not: it was out of reach, or not able to speak for the Swarm.
    var letsOthersTry: Bool { problem.kind == .unavailable }
    /// The host was out of reach.
    var isSilence: Bool { letsOthersTry && !["no-leader", "not-manager"].contains(problem.code) }
}

extension StepAction {
    /// The role that the step gives to its subject, where that is told by another host.
    var roleAfter: NodeRole? {
        switch self {
        case .promoteNode: .manager
        case .demoteNode: .worker
        case .installEngine, .authorizeRegionKey, .initSwarm, .resetSwarm, .joinSwarm, .drainNode, .activateNode,
            .removeNode, .evictSwarm, .adoptSwarm, .labelNode, .loadImage, .startControlPlane, .handOff,
            .removeControlPlane, .leaveSwarm, .restoreHost:
            nil
        }
    }
}
