// F37: two operators, of whom one waits and is told for whom; whatever is left by the dead stands in nobody's way.
import FleetModel
import FleetPlanner
import FleetReconciler
import Synchronization
import Testing

@Suite("Lease") struct LeaseTests {
    private func problem(_ body: () async throws(FleetProblem) -> ApplyReport) async -> FleetProblem? {
        do { _ = try await body() } catch { return error }
        return nil
    }

    private func lease(_ bench: Bench, _ host: HostID) -> LeaseFacts? {
        bench.hosts.state.withLock { $0.hosts[host]?.lease }
    }

    private func set(_ bench: Bench, _ host: HostID, owner: String, epoch: Int, isLive: Bool) {
        bench.hosts.state.withLock {
            $0.hosts[host]?.lease = LeaseFacts(
                owner: owner, epoch: epoch, plan: "eu1-9", since: Timestamp(secondsSinceEpoch: 900), isLive: isLive)
        }
    }

    @Test(
        "a run takes the lease on the first manager-to-be before anything else, every act carries it, the end gives it back"
    )
    func whole() async throws {
        let bench = Bench()
        let report = try await bench.up()
        #expect(report.results.allSatisfy { $0.outcome == .changed })
        #expect(bench.hosts.acts.first == "lease/h1" && bench.hosts.acts.last == "lease/h1")
        #expect(lease(bench, "h1")?.isReleased == true)
        #expect(lease(bench, "h5")?.owner == "ana@desk/1" && lease(bench, "h5")?.epoch == 1)
    }

    @Test(
        "F37: somebody else is at work → refused, exit 2, who, since when, which plan; nothing written, nothing noted")
    func leased() async throws {
        let bench = Bench()
        set(bench, "h1", owner: "bob@laptop/2", epoch: 4, isLive: true)
        let (plan, seen) = await bench.plan()
        let problem = try #require(await problem { () throws(FleetProblem) in try await bench.run(plan, seen) })
        #expect(problem.code == "leased" && problem.exitCode == 2)
        for part in ["`bob@laptop/2`", "since 1970-01-01T00:15:00Z", "plan `eu1-9`"] {
            #expect(problem.description.contains(part), "\(problem)")
        }
        #expect(bench.hosts.acts.isEmpty && bench.hosts.effects.isEmpty && bench.store.lines.isEmpty)
    }

    @Test("both saw nobody and begin at once → the second is refused on the anchor, before any write")
    func race() async throws {
        let bench = Bench()
        let (plan, seen) = await bench.plan()
        set(bench, "h1", owner: "bob@laptop/2", epoch: 1, isLive: true)
        let problem = await problem { () throws(FleetProblem) in try await bench.run(plan, seen) }
        #expect(problem?.code == "leased")
        #expect(bench.hosts.acts == ["lease/h1"] && bench.hosts.effects.isEmpty && bench.store.lines.isEmpty)
    }

    @Test(
        "what the next run finds: expired, released, its own → taken over at once, under a higher epoch",
        arguments: [
            ("bob@laptop/2", false), ("ana@desk/1", true), ("ana@desk/1", false),
        ])
    func takenOver(owner: String, isLive: Bool) async throws {
        let bench = Bench()
        for host in ["h1", "h4"] as [HostID] { set(bench, host, owner: owner, epoch: 7, isLive: isLive) }
        let report = try await bench.up()
        #expect(report.results.allSatisfy { $0.outcome == .changed })
        #expect(lease(bench, "h1")?.epoch == 8 && lease(bench, "h4")?.epoch == 8)
    }

    @Test("a run ended well a moment ago: its leases on other hosts are in nobody's way")
    func rightAfter() async throws {
        let bench = Bench()
        var (plan, seen) = await bench.plan()
        plan.steps = plan.steps.filter { $0.action.word == "install-engine" }
        _ = try await bench.run(plan, seen, owner: "bob@laptop/2")
        #expect(lease(bench, "h5")?.isLive == true)
        let report = try await bench.up()
        #expect(report.results.allSatisfy { $0.outcome == .changed })
        #expect(lease(bench, "h5")?.owner == "ana@desk/1" && lease(bench, "h5")?.epoch == 2)
    }

    @Test("F45: the operator was killed right after the hand off → the control plane goes on at once, a higher epoch")
    func handed() async throws {
        let bench = Bench()
        for host in ["h1", "h4"] as [HostID] { set(bench, host, owner: "ana@desk/1", epoch: 4, isLive: true) }
        let (plan, seen) = await bench.plan()
        let lease = HandedLease(owner: "ana@desk/1", epoch: 4)
        let report = try await bench.run(plan, seen, owner: "control-plane/eu1", handed: lease)
        #expect(report.results.allSatisfy { $0.outcome == .changed })
        #expect(self.lease(bench, "h1")?.epoch == 5 && self.lease(bench, "h4")?.epoch == 5)
    }

    @Test(
        "F37, F45: a lease that was not handed over holds: a later one of the same operator, one of somebody else",
        arguments: [("ana@desk/1", 5), ("bob@laptop/2", 4), ("bob@laptop/2", 5)])
    func notHanded(owner: String, epoch: Int) async throws {
        let bench = Bench()
        set(bench, "h1", owner: owner, epoch: epoch, isLive: true)
        let (plan, seen) = await bench.plan()
        let lease = HandedLease(owner: "ana@desk/1", epoch: 4)
        let problem = await problem { () throws(FleetProblem) in
            try await bench.run(plan, seen, owner: "control-plane/eu1", handed: lease)
        }
        #expect(problem?.code == "leased" && bench.hosts.acts.isEmpty)
    }

    @Test("what was handed over is above all that the control plane asks for, and reads as it was written")
    func handedText() {
        let lease = HandedLease(owner: "ana@desk/1", epoch: 4)
        #expect(HandedLease(lease.text) == lease)
        for text in ["", "ana@desk/1", "ana@desk/1 x", "a b 4"] { #expect(HandedLease(text) == nil) }
        let nobody = FleetObservation(takenAt: Timestamp(secondsSinceEpoch: 0), hosts: [:])
        #expect(LeaseTerms(owner: "control-plane/eu1", plan: "p", above: nobody, handed: lease).epoch == 5)
    }

    @Test(
        "F37: fenced in the middle → that step fails, nothing new is started, every step has a line, no host is to blame"
    )
    func fenced() async throws {
        let bench = Bench()
        let (plan, seen) = await bench.plan()
        set(bench, "h4", owner: "bob@laptop/2", epoch: 9, isLive: true)
        let report = try await bench.run(plan, seen)
        #expect(report.failure("install-engine/h4")?.code == "fenced")
        guard case .leaseLost(let problem)? = report.stop else {
            Issue.record("\(String(describing: report.stop))"); return
        }
        #expect(problem.description.contains("bob@laptop/2"))
        #expect(report.results.count == plan.steps.count && bench.exitCode(report) == 1)
        #expect(report.outcome("hand-off/eu1") == .unstarted(.leaseLost(problem)))
        #expect(bench.store.lives.withLock { $0["h4"] } == nil)
        #expect(lease(bench, "h4")?.owner == "bob@laptop/2")
    }

    @Test("plan and an empty plan take none")
    func none() async throws {
        let bench = Bench()
        let (plan, seen) = await bench.plan()
        #expect(bench.hosts.acts.isEmpty)
        _ = try await bench.run(plan, seen)
        let (images, seenImages) = await bench.plan(parent: plan.blueprint, isHandedOff: true)
        _ = try await bench.run(images, seenImages)
        let before = bench.hosts.acts.count
        let (again, seenAgain) = await bench.plan(parent: plan.blueprint, isHandedOff: true)
        _ = try await bench.run(again, seenAgain)
        #expect(again.isEmpty && bench.hosts.acts.count == before)
    }

    @Test("the first manager-to-be does not answer → the next one is the anchor")
    func deadAnchor() async throws {
        let bench = Bench()
        bench.hosts.kill("h1")
        _ = try await bench.up()
        #expect(bench.hosts.acts.first == "lease/h2" && lease(bench, "h2")?.isReleased == true)
    }

    @Test("it dies between the look and the run → the next one is the anchor")
    func dyingAnchor() async throws {
        let bench = Bench()
        let (plan, seen) = await bench.plan()
        bench.hosts.kill("h1")
        _ = try? await bench.run(plan, seen)
        #expect(bench.hosts.acts.prefix(2) == ["lease/h1", "lease/h2"])
    }

    @Test("I10: down leaves no lease, and takes away one that a run left before it made anything")
    func down() async throws {
        let bench = Bench()
        set(bench, "h3", owner: "bob@laptop/2", epoch: 3, isLive: false)
        let seen = await bench.observe()
        let input = PlannerInput(policy: bench.policy, observation: seen, parent: nil, image: "")
        let plan = TeardownPlanner.plan(input, deleteData: false)
        #expect(plan.steps.map(\.id) == ["restore-host/h3"])
        _ = try await bench.run(plan, seen)
        #expect(bench.hosts.state.withLock { state in state.hosts.values.allSatisfy { $0.lease?.isLive != true } })
        #expect(lease(bench, "h3") == nil)
    }
}
