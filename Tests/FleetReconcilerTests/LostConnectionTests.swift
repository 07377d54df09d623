// Decision 4 and fault F09: a connection lost in the middle is unknown. Look again; never blindly run again.
import FleetModel
import FleetPlanner
import FleetReconciler
import Testing

@Suite("Lost connections") struct LostConnectionTests {
    private func runs(_ bench: Bench, _ act: String) -> Int { bench.hosts.acts.filter { $0 == act }.count }
    private func effects(_ bench: Bench, _ act: String) -> Int { bench.hosts.effects.filter { $0 == act }.count }

    private static let acts = [
        "install-engine/h4", "join-swarm/h4", "init-swarm/h1", "load-image/h1", "authorize-region-key/h4",
        "start-control-plane/h1",
    ]

    @Test("F09: lost after the effect → the check finds it done, it is not run again", arguments: acts)
    func lostAfter(act: String) async throws {
        let bench = Bench()
        bench.hosts.on(act, .lostAfter)
        let report = try await bench.up()
        #expect(runs(bench, act) == 1 && effects(bench, act) == 1)
        #expect(report.results.allSatisfy { $0.outcome == .changed })
    }

    @Test("F09: lost before the effect → the check finds it undone, it is run once more", arguments: acts)
    func lostBefore(act: String) async throws {
        let bench = Bench()
        bench.hosts.on(act, .lostBefore)
        let report = try await bench.up()
        #expect(runs(bench, act) == 2 && effects(bench, act) == 1)
        #expect(report.results.allSatisfy { $0.outcome == .changed })
    }

    @Test("F09: lost every time → failed, the journal says unknown, no third run")
    func lostTwice() async throws {
        let bench = Bench()
        bench.hosts.on("join-swarm/h4", .lostBefore, .lostBefore, .lostBefore)
        let report = try await bench.up()
        #expect(runs(bench, "join-swarm/h4") == 2)
        #expect(report.failure("join-swarm/h4")?.code == "connection-lost")
        #expect(bench.store.lines.contains("unknown join-swarm/h4"))
        #expect(bench.exitCode(report) == 4)
    }

    @Test("F39: the host dies in the middle → it cannot be looked at, so it is not run again")
    func hostDies() async throws {
        let bench = Bench()
        bench.hosts.on("join-swarm/h4", .diesAfter)
        let report = try await bench.up()
        #expect(runs(bench, "join-swarm/h4") == 1)
        #expect(report.failure("join-swarm/h4") != nil)
        #expect(report.lostHosts == ["h4"] && bench.exitCode(report) == 4)
        #expect(bench.store.lines.contains("unknown join-swarm/h4"))
    }

    @Test("F38: killed after any step → the next run finishes, and nothing is done twice", arguments: 1...12)
    func resume(steps: Int) async throws {
        let bench = Bench(hosts: 3)
        var (plan, seen) = await bench.plan()
        plan.steps = Array(plan.steps.filter { $0.action.word != "hand-off" }.prefix(steps))
        _ = try await bench.run(plan, seen)
        let (rest, seenAgain) = await bench.plan(parent: plan.blueprint)
        let report = try await bench.run(rest, seenAgain)
        #expect(report.results.allSatisfy { $0.outcome == .changed })
        let effects = bench.hosts.effects.filter { !$0.hasPrefix("label-node") }
        #expect(Set(effects).count == effects.count)
        let (own, seenOwn) = await bench.plan(parent: rest.blueprint, isHandedOff: true)
        #expect(try await bench.run(own, seenOwn).results.allSatisfy { $0.step.action.word == "load-image" })
        #expect(await bench.plan(parent: rest.blueprint, isHandedOff: true).0.isEmpty)
    }

    @Test(
        "F11: a program that ends without a word → named by what it said last, not run again",
        arguments: [
            ("sudo: a password is required", 1, "sudo-wants-password"),
            ("deploy is not in the sudoers file.", 1, "not-in-sudoers"),
            ("sudo: sorry, you must have a tty to run sudo", 1, "sudo-wants-terminal"),
            ("sh: 1: sudo: not found", 127, "sudo-missing"),
            ("Killed", 137, "act-incomplete"),
        ])
    func silent(errors: String, status: Int, code: String) async throws {
        let bench = Bench()
        bench.hosts.on("install-engine/h4", .silent(status: status, errors: errors))
        let report = try await bench.up()
        #expect(report.failure("install-engine/h4")?.code == code)
        #expect(runs(bench, "install-engine/h4") == 1)
    }
}
