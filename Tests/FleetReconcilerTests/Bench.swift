// An executor at work on fake hosts, with all that it writes and says kept for the tests.
import FleetModel
import FleetPlanner
import FleetReconciler
import Synchronization

/// The journal in memory; it can be made to fail at one entry.
final class FakeStore: FleetStore {
    let entries = Mutex<[JournalEntry]>([])
    let lives = Mutex<[HostID: HostLife]>([:])
    let failAt = Mutex<Int?>(nil)

    func record(_ entry: JournalEntry, life: HostLife?) async throws(FleetProblem) {
        let count = entries.withLock { $0.count }
        if failAt.withLock({ $0 == count }) {
            throw FleetProblem(.unavailable, "disk-full", subject: "inventory", "cannot write the journal: disk full")
        }
        entries.withLock { $0.append(entry) }
        if let life { lives.withLock { $0[entry.host] = life } }
    }

    func record(_ entries: [JournalEntry]) async throws(FleetProblem) {
        for entry in entries { try await record(entry, life: nil) }
    }

    func setTarget(_ blueprint: Blueprint, at time: Timestamp) async throws(FleetProblem) {}
    func savePlan(_ plan: Plan, id: PlanID, at time: Timestamp) async throws(FleetProblem) {}
    func save(_ observation: FleetObservation) async throws(FleetProblem) {}

    /// `phase step`, in the order in which they were written.
    var lines: [String] { entries.withLock { $0.map { "\($0.phase.rawValue) \($0.step)" } } }
}

struct FakeClock: FleetClock {
    func now() -> Timestamp { Timestamp(secondsSinceEpoch: 1000) }
    func uptime() -> Duration { .seconds(1) }
    /// Time stands still: who waits here waits until cancelled.
    func sleep(for duration: Duration) async throws(CancellationError) {
        for await _ in AsyncStream.makeStream(of: Void.self).stream {}
        throw CancellationError()
    }
}

struct FakeImages: ImageSource {
    func archive(of reference: String) async throws(FleetProblem) -> String { "/images/muster.tar" }
}

/// Takes over, or refuses to.
final class FakeHandOver: HandOverPort {
    let taken = Mutex<[[String]]>([])
    let leases = Mutex<[HandedLease?]>([])
    let problem = Mutex<FleetProblem?>(nil)
    /// What happens while it takes over.
    let meanwhile = Mutex<(@Sendable () async -> Void)?>(nil)

    func handOver(
        to desired: DesiredControlPlane, addresses: [String], lease: HandedLease?
    ) async throws(FleetProblem) {
        if let problem = problem.withLock({ $0 }) { throw problem }
        await meanwhile.withLock({ $0 })?()
        taken.withLock { $0.append(addresses) }
        leases.withLock { $0.append(lease) }
    }
}

/// A region of five hosts and what runs on it.
final class Bench: Sendable {
    let policy: FleetPolicy
    let hosts: FakeHosts
    let store = FakeStore()
    let handOver = FakeHandOver()
    let stop = StopSignal()
    let logs = Mutex<[String]>([])
    let progress = Mutex<[String]>([])
    let watch: AsyncStream<String>
    private let watched: AsyncStream<String>.Continuation

    static let secrets = RegionSecrets(
        regionPublicKey: "ssh-ed25519 AAAApublic", regionKey: Secret("PRIVATE-region-key"),
        authorityCertificate: "certificate", authorityKey: Secret("PRIVATE-ca-key"), handOffDigest: "d19e57",
        seedPolicy: "{}", epoch: 1)

    init(hosts count: Int = 5, managers: Int = 3, budget: BudgetPolicy.Limit = .percent(20)) {
        let hosts = (1...count).map { number in
            HostPolicy(
                name: HostID("h\(number)"), address: "198.18.1.\(number)", domain: DomainID("d\(number % 3)"),
                cluster: "control")
        }
        policy = FleetPolicy(
            region: "eu1", domains: ["d1", "d2", "d0"],
            clusters: [ClusterPolicy(name: "control", isControl: true, managers: managers)], hosts: hosts,
            budgets: BudgetPolicy(failedHosts: budget))
        self.hosts = FakeHosts(policy)
        (watch, watched) = AsyncStream.makeStream(of: String.self)
    }

    func observe() async -> FleetObservation {
        await Observer(shell: hosts, clock: FakeClock(), nonce: FakeHosts.nonce).observation(of: policy.hosts)
    }

    func plan(parent: Blueprint? = nil, isHandedOff: Bool = false) async -> (Plan, FleetObservation) {
        let seen = await observe()
        let input = PlannerInput(
            policy: policy, observation: seen, parent: parent, image: "muster:1", isHandedOff: isHandedOff,
            regionKey: Self.secrets.regionPublicKey)
        return (RegionPlanner.plan(input), seen)
    }

    func run(
        _ plan: Plan, _ seen: FleetObservation, owner: String? = "ana@desk/1", handed: HandedLease? = nil,
        clock: any FleetClock = FakeClock()
    ) async throws(FleetProblem) -> ApplyReport {
        let executor = Executor(
            policy: policy, shell: hosts, store: store, clock: clock, nonce: FakeHosts.nonce,
            lease: owner.map { LeaseTerms(owner: $0, plan: "p1", above: seen, handed: handed) }, stop: stop,
            secrets: Self.secrets, images: FakeImages(), handOver: handOver,
            log: { host, text in self.logs.withLock { $0.append("\(host): \(text)") } },
            progress: { event in
                let text =
                    switch event {
                    case .started(let step): "started \(step.id)"
                    case .finished(let result): "finished \(result.step.id)"
                    }
                self.progress.withLock { $0.append("\(text) \(event)") }
                self.watched.yield(text)
            })
        return try await executor.run(plan, id: "p1", observation: seen)
    }

    /// `up` from what is there.
    func up() async throws -> ApplyReport {
        let (plan, seen) = await plan()
        return try await run(plan, seen)
    }

    func exitCode(_ report: ApplyReport) -> Int32 {
        report.exitCode(allowedFailures: policy.budgets.allowedFailures(of: policy.hosts.count))
    }
}

extension ApplyReport {
    func outcome(_ step: StepID) -> StepResult.Outcome? { results.first { $0.step.id == step }?.outcome }
    func failure(_ step: StepID) -> FleetProblem? {
        if case .failed(let problem)? = outcome(step) { problem } else { nil }
    }
}
