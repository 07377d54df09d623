// One step on one host: act, then check. A connection lost in the middle leads to the check, and only what the check
// does not find is done again (decision 4).
import FleetModel

/// The run of one step.
struct StepRun: Sendable {
    let executor: Executor
    let step: Step
    /// The policy's hosts and those that leave, by name.
    let hosts: [HostID: HostPolicy]
    let nodes: [HostID: NodeID]

    /// A step is begun at most twice: once, and once more when the connection was lost and the check found it undone.
    private static let mostAttempts = 2

    func run() async -> (outcome: StepResult.Outcome, node: NodeID?) {
        if case .handOff(let desired, let addresses) = step.action { return (await handOff(desired, addresses), nil) }
        for attempt in 1...Self.mostAttempts {
            do {
                let isChange = try await act()
                return try await check(isChange: isChange)
            } catch {
                guard error.isOutcomeUnknown else { return (.failed(error.problem), nil) }
                // Unseen is still unknown: only a check that saw the step undone lets it run again.
                guard let found = try? await check(isChange: true) else { return (.failed(error.problem), nil) }
                if found.outcome == .changed { return found }
                if attempt == Self.mostAttempts { return (.failed(error.problem), nil) }
            }
        }
        return (.failed(problem.unverified("it was not tried")), nil)
    }

    private var problem: ActProblem { ActProblem(host: step.subject, word: step.action.word) }
    private var actor: HostPolicy? { hosts[step.host] }

    // MARK: - Act

    /// Runs the step's command; gives whether it changed anything.
    private func act() async throws(ShellFailure) -> Bool {
        let rendering = StepRendering(region: executor.policy.region, secrets: executor.secrets)
        let act = rendering.act(of: step, nodes: nodes, token: try await token(), archive: try await archive())
        guard let act, let actor else {
            throw ShellFailure(problem.unverified("its host is not in the manifest"), isOutcomeUnknown: false)
        }
        let framed = try await framedOutput(of: act, on: actor)
        guard framed.first("changed") != nil || framed.first("unchanged") != nil else {
            throw ShellFailure(problem.unverified("it did not say what it did"), isOutcomeUnknown: true)
        }
        return framed.first("changed") != nil
    }

    private func framedOutput(of act: RemoteAct, on host: HostPolicy) async throws(ShellFailure) -> FramedOutput {
        let output = try await executor.shell.run(act, on: host).hiding(act.secret)
        let framed = FramedOutput(output.standardOutput, nonce: executor.nonce)
        if let failure = framed.first("fail") {
            let code = failure.prefix { $0 != " " }
            let text = failure.dropFirst(code.count + 1)
            throw ShellFailure(problem.failed(code: String(code), text: String(text)), isOutcomeUnknown: false)
        }
        if output.exitStatus != 0 { throw ShellFailure(problem.incomplete(output), isOutcomeUnknown: false) }
        return framed
    }

    /// The join token, read just before it is used (F26), held in memory only.
    private func token() async throws(ShellFailure) -> Secret? {
        guard case .joinSwarm(_, let role, _, let from, _) = step.action, let manager = hosts[from]
        else {
            return nil
        }
        return try await framedOutput(of: StepRendering.tokenAct(role), on: manager).first("token").map { Secret($0) }
    }

    private func archive() async throws(ShellFailure) -> String? {
        guard case .loadImage(let reference) = step.action, let images = executor.images else { return nil }
        do { return try await images.archive(of: reference) } catch {
            throw ShellFailure(error, isOutcomeUnknown: false)
        }
    }

    private func handOff(_ desired: DesiredControlPlane, _ addresses: [String]) async -> StepResult.Outcome {
        guard let port = executor.handOver else { return .failed(problem.unverified("there is nobody to hand over")) }
        do {
            try await port.handOver(to: desired, addresses: addresses)
            return .changed
        } catch {
            return .failed(error)
        }
    }

    // MARK: - Check

    private func check(isChange: Bool) async throws(ShellFailure) -> (outcome: StepResult.Outcome, node: NodeID?) {
        let told = step.action.isToldByActor ? step.host : step.subject
        guard let host = hosts[told] else { return (.failed(problem.unverified("it is gone")), nil) }
        switch await executor.observer.observe(host) {
        case .unreachable(let problem): throw ShellFailure(problem, isOutcomeUnknown: true)
        case .reachable(let facts):
            await remember(facts, of: told)
            let region = executor.policy.region
            if let missing = step.action.missing(in: facts, region: region, subjectNode: nodes[step.subject]) {
                return (.failed(problem.unverified(missing)), nil)
            }
            return (isChange ? .changed : .unchanged, told == step.subject ? facts.swarm.nodeID : nil)
        }
    }

    /// Keeps the fresh facts: at the hand off the control plane then knows its hosts as they are. Losing them is no
    /// failure of the step; the next observation has them again.
    private func remember(_ facts: HostFacts, of host: HostID) async {
        let seen = FleetObservation(takenAt: executor.clock.now(), hosts: [host: .reachable(facts)])
        try? await executor.store.save(seen)
    }
}
