// Who speaks for a Swarm is found by the first answer: a manager that hangs holds nobody up.
import FleetModel
import FleetReconciler
import Testing

@Suite("Speakers") struct SpeakerTests {
    /// Fake hosts of which some do not answer until the gate opens.
    private struct Hanging: HostShell {
        let hosts: FakeHosts
        let hanging: Set<HostID>
        let gate = Gate()

        func run(_ act: RemoteAct, on host: HostPolicy) async throws(ShellFailure) -> ShellOutput {
            if hanging.contains(host.name) { await gate.wait() }
            return try await hosts.run(act, on: host)
        }

        func execCounts(of hosts: [HostPolicy]) -> [HostID: Int] { self.hosts.execCounts(of: hosts) }
    }

    private static func answer(_ bench: Bench, among names: [HostID], hanging: Set<HostID> = []) async -> SpeakerAnswer
    {
        let shell = Hanging(hosts: bench.hosts, hanging: hanging)
        let observer = Observer(shell: shell, clock: FakeClock(), nonce: FakeHosts.nonce)
        defer { shell.gate.open() }
        return await observer.speaker(among: bench.policy.hosts.filter { names.contains($0.name) })
    }

    @Test("two of three managers hang → the third speaks at once; a dead one and a worker are no speakers, and told")
    func speakers() async throws {
        let bench = Bench()
        _ = try await bench.up()
        let managers = bench.hosts.state.withLock { state in
            state.hosts.values.filter(\.isManager).map(\.name).sorted()
        }
        try #require(managers.count == 3)
        let found = await Self.answer(bench, among: managers, hanging: Set(managers.prefix(2)))
        #expect(found.speaker?.host.name == managers[2])
        #expect(found.speaker?.cluster.nodes.count == 5)
        bench.hosts.kill(managers[0])
        let worker = bench.policy.hosts.map(\.name).filter { !managers.contains($0) }[0]
        let none = await Self.answer(bench, among: [managers[0], worker])
        #expect(none.speaker == nil && none.silence.map(\.code) == ["connect-timeout"])
        #expect(await Self.answer(bench, among: []).speaker == nil)
    }
}
