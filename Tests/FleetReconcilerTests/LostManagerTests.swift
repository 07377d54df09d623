// F26, F27: tokens that are rotated and managers that are lost while hosts join.
import FleetModel
import FleetPlanner
import FleetReconciler
import Testing

@Suite("Lost managers and tokens") struct LostManagerTests {
    private func runs(_ bench: Bench, _ act: String) -> Int { bench.hosts.acts.filter { $0 == act }.count }

    /// Three managers at work; h4 and h5 come to them now.
    private func grown() async throws -> (Bench, Plan, FleetObservation) {
        let bench = Bench(budget: .hosts(2))
        for host in ["h4", "h5"] as [HostID] { bench.hosts.kill(host) }
        let (first, seen) = await bench.plan()
        _ = try await bench.run(first, seen)
        bench.hosts.state.withLock { state in for host in ["h4", "h5"] as [HostID] { state.hosts[host]?.isUp = true } }
        let (plan, now) = await bench.plan(parent: first.blueprint)
        return (bench, plan, now)
    }

    @Test("F26: the token was rotated → read once more, joined")
    func rotated() async throws {
        let bench = Bench()
        bench.hosts.on("join-swarm/h4", .fails(code: "token-rejected", text: "A valid join token is necessary"))
        let report = try await bench.up()
        #expect(report.results.allSatisfy { $0.outcome == .changed })
        #expect(runs(bench, "join-swarm/h4") == 2)
        #expect(runs(bench, "swarm-token/h1") == 5, "four joins, one of them twice")
    }

    @Test("F26: a fresh one is rejected too → failed, and not tried for ever")
    func rotatedTwice() async throws {
        let bench = Bench()
        let fault = Fault.fails(code: "token-rejected", text: "A valid join token is necessary")
        bench.hosts.on("join-swarm/h4", fault, fault, fault)
        let report = try await bench.up()
        #expect(report.failure("join-swarm/h4")?.code == "token-rejected" && runs(bench, "join-swarm/h4") == 2)
    }

    @Test("F27: the planned manager is dead → token from another, joined through it, labelled by it")
    func deadManager() async throws {
        let (bench, plan, seen) = try await grown()
        bench.hosts.kill("h1")
        let report = try await bench.run(plan, seen)
        for step in ["join-swarm/h4", "label-node/h4", "join-swarm/h5", "label-node/h5"] as [StepID] {
            #expect(report.outcome(step) == .changed, "\(step)")
        }
        #expect(bench.hosts.effects.contains("label-node/h2") && runs(bench, "swarm-token/h2") == 2)
        let named = bench.hosts.state.withLock { $0.arguments.filter { $0.hasSuffix(":2377") } }.suffix(6)
        #expect(named.first == "198.18.1.2:2377" && Set(named).count == 3, "all present managers, the living first")
    }

    @Test("F27: it dies after the label was set and before its answer → another one tells, nothing is done twice")
    func deadAfter() async throws {
        let (bench, plan, seen) = try await grown()
        bench.hosts.on("label-node/h1", .diesAfter)
        let report = try await bench.run(plan, seen)
        #expect(report.outcome("label-node/h4") == .changed && report.outcome("label-node/h5") == .changed)
        let before = 3
        #expect(bench.hosts.effects.filter { $0.hasPrefix("label-node/") }.count == before + 2)
    }

    @Test("F27: cut off from the host alone → the other managers are named first")
    func unreachable() async throws {
        let (bench, plan, seen) = try await grown()
        bench.hosts.on("join-swarm/h4", .fails(code: "manager-unreachable", text: "dial tcp 198.18.1.1:2377: timeout"))
        let report = try await bench.run(plan, seen)
        #expect(report.outcome("join-swarm/h4") == .changed && runs(bench, "swarm-token/h2") >= 1)
    }

    private static let noLeader = Fault.fails(
        code: "label-node", text: "rpc error: code = Unknown desc = The swarm does not have a leader.")

    @Test("F27: an election → the other managers are asked, then it is waited for")
    func election() async throws {
        let bench = Bench(hosts: 1, managers: 1)
        bench.hosts.on("label-node/h1", Self.noLeader, Self.noLeader, Self.noLeader)
        let clock = HastyClock()
        let (plan, seen) = await bench.plan()
        let report = try await bench.run(plan, seen, owner: nil, clock: clock)
        #expect(report.results.allSatisfy { $0.outcome == .changed })
        #expect(clock.uptime() == .seconds(7), "three times 2 s")
    }

    @Test("F29: no leader for a minute → failed by name, not waited for ever")
    func noLeaderAtAll() async throws {
        let bench = Bench(hosts: 1, managers: 1)
        for _ in 1...100 { bench.hosts.on("label-node/h1", Self.noLeader) }
        let clock = HastyClock()
        let (plan, seen) = await bench.plan()
        let report = try await bench.run(plan, seen, owner: nil, clock: clock)
        #expect(report.failure("label-node/h1")?.code == "no-leader")
        #expect(clock.uptime() == .seconds(61))
    }

    @Test(
        "F14, F15, F25: what befalls any script has a code of its own",
        arguments: [
            ("docker: write /var/lib/docker/tmp/x: no space left on device", "disk-full"),
            ("E: You don't have enough free space in /var/cache/apt/archives/.", "disk-full"),
            (
                "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (unattended-upgr)",
                "lock-held"
            ),
            ("E: dpkg was interrupted, you must manually run 'dpkg --configure -a'", "dpkg-interrupted"),
            ("E: Failed to fetch http://x/docker.io.deb  Hash Sum mismatch", "package-checksum"),
        ])
    func causes(text: String, code: String) async throws {
        let bench = Bench()
        bench.hosts.on("install-engine/h4", .fails(code: "package-install", text: text))
        let failure = try #require(try await bench.up().failure("install-engine/h4"))
        #expect(failure.code == code && failure.description.contains(text), "F14, F15, F25: \(failure)")
    }
}
