// The ports: all that the reconciler needs of the world. FleetLive meets them with the real things, the simulator in
// memory; nothing in this target touches a network, a file or a clock by itself.
package import FleetModel

/// Runs acts on hosts. Connecting, trust, retries before anything ran, and deadlines are its business.
package protocol HostShell: Sendable {
    /// Runs `act` on `host`.
    /// - Throws: `ShellFailure` when it did not run to its end.
    func run(_ act: RemoteAct, on host: HostPolicy) async throws(ShellFailure) -> ShellOutput

    /// How many commands ran on each of `hosts` so far.
    func execCounts(of hosts: [HostPolicy]) -> [HostID: Int]
}

/// What a command that ran to its end gave.
package struct ShellOutput: Hashable, Sendable {
    package var standardOutput: String
    package var standardError: String
    /// nil when a signal ended it.
    package var exitStatus: Int?
    package var exitSignal: String?

    package init(standardOutput: String, standardError: String = "", exitStatus: Int?, exitSignal: String? = nil) {
        (self.standardOutput, self.standardError) = (standardOutput, standardError)
        (self.exitStatus, self.exitSignal) = (exitStatus, exitSignal)
    }
}

/// Why a command did not run to its end.
package struct ShellFailure: Error, Hashable, Sendable {
    package var problem: FleetProblem
    /// The command may have run, wholly or in part: look again, never blindly run again (decision 4).
    package var isOutcomeUnknown: Bool

    package init(_ problem: FleetProblem, isOutcomeUnknown: Bool) {
        (self.problem, self.isOutcomeUnknown) = (problem, isOutcomeUnknown)
    }
}

/// Keeps what must survive a crash.
package protocol FleetStore: Sendable {
    /// Writes a journal entry and, in the same transaction, the host's life when it changes.
    func record(_ entry: JournalEntry, life: HostLife?) async throws(FleetProblem)
    /// Writes entries that change no life with one sync of the disk, all or none.
    func record(_ entries: [JournalEntry]) async throws(FleetProblem)
    /// Makes `blueprint` the target if its parent still is; throws a conflict otherwise.
    func setTarget(_ blueprint: Blueprint, at time: Timestamp) async throws(FleetProblem)
    func savePlan(_ plan: Plan, id: PlanID, at time: Timestamp) async throws(FleetProblem)
    func save(_ observation: FleetObservation) async throws(FleetProblem)
}

/// Time, as a parameter.
package protocol FleetClock: Sendable {
    /// For people and reports.
    func now() -> Timestamp
    /// For durations and deadlines; it never jumps.
    func uptime() -> Duration
    /// Waits. All waiting of this target goes through here, so that a simulator's clock can move instead.
    func sleep(for duration: Duration) async throws(CancellationError)
}

/// Moves the inventory and the right to plan to the control plane that has just started.
package protocol HandOverPort: Sendable {
    /// - Parameter lease: under which this machine has changed the region last, and will do so no more.
    func handOver(
        to desired: DesiredControlPlane, addresses: [String], lease: HandedLease?
    ) async throws(FleetProblem)
}

/// Gives the path of the control plane's image as an archive that `docker load` takes.
package protocol ImageSource: Sendable {
    func archive(of reference: String) async throws(FleetProblem) -> String
}

/// What bring-up puts on hosts and into the Swarm, and never into a plan, a journal or a report.
package struct RegionSecrets: Sendable {
    /// `ssh-ed25519 AAAA…`, without a comment.
    package var regionPublicKey: String
    package var regionKey: Secret
    package var authorityCertificate: String
    package var authorityKey: Secret
    /// SHA-256 of the hand-off token, in hexadecimal.
    package var handOffDigest: String
    /// The policy as JSON, without paths of the operator's machine.
    package var seedPolicy: String
    package var epoch: Int

    package init(
        regionPublicKey: String, regionKey: Secret, authorityCertificate: String, authorityKey: Secret,
        handOffDigest: String, seedPolicy: String, epoch: Int
    ) {
        (self.regionPublicKey, self.regionKey) = (regionPublicKey, regionKey)
        (self.authorityCertificate, self.authorityKey) = (authorityCertificate, authorityKey)
        (self.handOffDigest, self.seedPolicy, self.epoch) = (handOffDigest, seedPolicy, epoch)
    }
}
