// Observation: one exec a host, all hosts side by side, no waiting for the slowest before the others are read.
package import FleetModel

/// Reads a region.
package struct Observer: Sendable {
    let shell: any HostShell
    let clock: any FleetClock
    /// The run's nonce, by which Muster's lines are told from noise.
    let nonce: String

    package init(shell: any HostShell, clock: any FleetClock, nonce: String) {
        (self.shell, self.clock, self.nonce) = (shell, clock, nonce)
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

    /// What the deadline of a probe must cover: five docker commands at 20 s each where an engine hangs.
    private static let deadline = Duration.seconds(120)

    package func observe(_ host: HostPolicy) async -> HostObservation {
        do {
            let output = try await shell.run(RemoteAct("probe", deadline: Self.deadline), on: host)
            let framed = FramedOutput(output.standardOutput, nonce: nonce)
            if let facts = ProbeReader(framed).facts(observerClock: clock.now().secondsSinceEpoch) {
                return .reachable(facts)
            }
            return .unreachable(ActProblem(host: host.name, word: "probe").incomplete(output))
        } catch {
            return .unreachable(error.problem)
        }
    }
}
