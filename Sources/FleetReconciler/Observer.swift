// Observation: one exec a host, all hosts side by side, no waiting for the slowest before the others are read.
package import FleetModel

/// Reads a region.
package struct Observer: Sendable {
    let shell: any HostShell
    let clock: any FleetClock
    /// The run's nonce, by which Muster's lines are told from noise.
    let nonce: String
    /// What it reads of a host unless it is told otherwise.
    let sections: Set<ProbeSection>

    package init(
        shell: any HostShell, clock: any FleetClock, nonce: String,
        sections: Set<ProbeSection> = ProbeSection.forPlanning
    ) {
        (self.shell, self.clock, self.nonce, self.sections) = (shell, clock, nonce, sections)
    }

    /// Facts of all `hosts`; one that does not answer is a fact, never an error.
    package func observation(
        of hosts: [HostPolicy], whenRead: (@Sendable (HostID, HostObservation) -> Void)? = nil
    ) async -> FleetObservation {
        var seen: [HostID: HostObservation] = [:]
        await withTaskGroup(of: (HostID, HostObservation).self) { group in
            for host in hosts { group.addTask { (host.name, await observe(host)) } }
            for await (name, observed) in group {
                seen[name] = observed
                whenRead?(name, observed)
            }
        }
        return FleetObservation(takenAt: clock.now(), hosts: seen)
    }

    package func observe(_ host: HostPolicy) async -> HostObservation {
        switch await output(of: .probe(sections), on: host) {
        case .failure(let failure): return .unreachable(failure.problem)
        case .success(let output):
            let facts = ProbeReader(FramedOutput(output.standardOutput, nonce: nonce))
                .facts(observerClock: clock.now().secondsSinceEpoch)
            return facts.map { .reachable($0) } ?? .unreachable(incomplete(host, output))
        }
    }

    /// Reads `sections` anew. `update` puts what was read over what is known of the host by then, and keeps it: two
    /// looks at one host may overlap, and neither may undo what the other has seen.
    package func observe(
        _ host: HostPolicy, _ sections: Set<ProbeSection>, update: ((HostFacts) -> HostFacts?) -> HostFacts?
    ) async -> HostObservation {
        switch await output(of: .probe(sections), on: host) {
        case .failure(let failure): return .unreachable(failure.problem)
        case .success(let output):
            let (reader, now) = (
                ProbeReader(FramedOutput(output.standardOutput, nonce: nonce)), clock.now().secondsSinceEpoch
            )
            let facts = update { reader.facts(sections, over: $0, observerClock: now) }
            return facts.map { .reachable($0) } ?? .unreachable(incomplete(host, output))
        }
    }

    private func output(of act: RemoteAct, on host: HostPolicy) async -> Result<ShellOutput, ShellFailure> {
        do { return .success(try await shell.run(act, on: host)) } catch { return .failure(error) }
    }

    private func incomplete(_ host: HostPolicy, _ output: ShellOutput) -> FleetProblem {
        ActProblem(host: host.name, word: "probe").incomplete(output)
    }
}
