// The executor on hosts in memory: order, journal, what a failure stops and what it does not.
import FleetModel
import FleetPlanner
import FleetReconciler
import Testing

@Suite("Executor") struct ExecutorTests {
    @Test("five bare hosts → all up, exit 0; I1: up again makes no write")
    func bringUp() async throws {
        let bench = Bench()
        let (plan, seen) = await bench.plan()
        let report = try await bench.run(plan, seen)
        #expect(report.results.allSatisfy { $0.outcome == .changed })
        #expect(report.results.count == plan.steps.count)
        #expect(bench.exitCode(report) == 0)
        #expect(report.remoteWrites == plan.steps.count)
        // Right after the hand off the control plane carries its image to the other managers.
        let (own, seenOwn) = await bench.plan(parent: plan.blueprint, isHandedOff: true)
        let loads = try await bench.run(own, seenOwn).results.map(\.step.id)
        #expect(Set(loads) == ["load-image/h2", "load-image/h3"] && loads.count == 2, "side by side, in either order")
        let effects = bench.hosts.effects
        let (again, seenAgain) = await bench.plan(parent: plan.blueprint, isHandedOff: true)
        let second = try await bench.run(again, seenAgain)
        #expect(again.isEmpty && second.remoteWrites == 0 && bench.exitCode(second) == 0)
        #expect(bench.hosts.effects == effects)
    }

    @Test("every step starts after what it needs is verified, and runs on its host once")
    func order() async throws {
        let bench = Bench()
        let (plan, seen) = await bench.plan()
        _ = try await bench.run(plan, seen)
        let lines = bench.store.lines
        for step in plan.steps {
            let start = try #require(lines.firstIndex(of: "started \(step.id)"))
            for needed in step.after + step.follows {
                #expect(try #require(lines.firstIndex(of: "verified \(needed)")) < start, "\(step.id) after \(needed)")
            }
        }
        #expect(Set(bench.hosts.effects).count == bench.hosts.effects.filter { !$0.hasPrefix("label-node") }.count + 1)
    }

    @Test("decision 5: the journal has every step intended, then started, then verified")
    func journal() async throws {
        let bench = Bench(hosts: 1, managers: 1)
        let (plan, seen) = await bench.plan()
        _ = try await bench.run(plan, seen)
        let ids = plan.steps.map(\.id)
        #expect(Array(bench.store.lines.prefix(ids.count)) == ids.map { "intended \($0)" })
        for id in ids {
            #expect(
                bench.store.lines.filter { $0.hasSuffix(" \(id)") }
                    == ["intended", "started", "done", "verified"].map { "\($0) \(id)" })
        }
        #expect(bench.store.lives.withLock { $0 } == ["h1": .ready])
    }

    @Test("second checks read what the step can have changed, never the whole host")
    func narrowChecks() async throws {
        let bench = Bench()
        let (plan, seen) = await bench.plan()
        #expect(bench.hosts.state.withLock { $0.probes.sorted() } == ["h1: ", "h2: ", "h3: ", "h4: ", "h5: "])
        _ = try await bench.run(plan, seen)
        let checks = bench.hosts.state.withLock { $0.probes.dropFirst(5) }
        #expect(checks.count == plan.steps.count - 1 && !checks.contains { $0.hasSuffix(": ") }, "all but the hand off")
        #expect(checks.contains("h1: node=node-h4") && checks.contains("h4: made"))
    }

    @Test("a host's log has what each act printed and how it ended")
    func logs() async throws {
        let bench = Bench()
        bench.hosts.on("install-engine/h4", .fails(code: "package-source", text: "Temporary failure resolving"))
        _ = try await bench.up()
        let log = bench.logs.withLock { $0.first { $0.hasPrefix("h4: install-engine 1 eu1 ") } }
        let end = "\n  Welcome!\n  fail package-source Temporary failure resolving\n  exit 1"
        #expect(log?.hasSuffix(end) == true, "\(log ?? "nothing")")
    }

    @Test("hand off starts when everything else has ended, and carries the managers' addresses and the run's lease")
    func handOffLast() async throws {
        let bench = Bench()
        bench.hosts.on("install-engine/h5", .fails(code: "package-install", text: "no space"))
        _ = try await bench.up()
        let lines = bench.store.lines
        let start = try #require(lines.firstIndex(of: "started hand-off/eu1"))
        #expect(lines[start...].allSatisfy { $0.hasSuffix("hand-off/eu1") })
        #expect(bench.handOver.taken.withLock { $0 } == [["198.18.1.1", "198.18.1.2", "198.18.1.3"]])
        #expect(bench.handOver.leases.withLock { $0 } == [HandedLease(owner: "ana@desk/1", epoch: 1)])
    }

    @Test("I4: a failed host stops its own steps only; it is named; exit 4")
    func oneFails() async throws {
        let bench = Bench()
        bench.hosts.on("install-engine/h4", .fails(code: "package-source", text: "Temporary failure resolving"))
        let report = try await bench.up()
        #expect(report.failure("install-engine/h4")?.code == "package-source")
        #expect(report.failure("install-engine/h4")?.description.contains("Temporary failure resolving") == true)
        #expect(report.outcome("join-swarm/h4") == .skipped(because: "install-engine/h4"))
        #expect(report.outcome("label-node/h4") == .skipped(because: "join-swarm/h4"))
        let others = report.results.filter { $0.step.subject != "h4" && !$0.isSuccess }
        #expect(others.map { "\($0.step.id): \($0.outcome)" } == [])
        #expect(report.lostHosts == ["h4"] && bench.exitCode(report) == 4)
        #expect(
            bench.hosts.acts.filter { $0 == "install-engine/h4" }.count == 1, "a script's own failure is not retried")
        #expect(bench.store.lives.withLock { $0["h4"] } == .quarantined)
    }

    @Test("the Swarm cannot be made → nothing joins, exit 1")
    func initFails() async throws {
        let bench = Bench()
        bench.hosts.on("init-swarm/h1", .fails(code: "swarm-init", text: "could not choose an IP address"))
        let report = try await bench.up()
        #expect(!bench.hosts.acts.contains { $0.hasPrefix("join-swarm") })
        #expect(bench.exitCode(report) == 1)
        #expect(report.outcome("hand-off/eu1") == .skipped(because: "start-control-plane/eu1"))
    }

    @Test("hand off refused by the far end → exit 1, its words are told")
    func handOffFails() async throws {
        let bench = Bench()
        let problem = FleetProblem(.failed, "hand-off", subject: "region `eu1`", "the control plane does not answer")
        bench.handOver.problem.withLock { $0 = problem }
        let report = try await bench.up()
        #expect(report.failure("hand-off/eu1") == problem)
        #expect(bench.exitCode(report) == 1)
    }

    @Test("the budget is used up → nothing new starts, exit 1")
    func budget() async throws {
        let bench = Bench()
        for host in ["h4", "h5"] {
            bench.hosts.on("install-engine/\(host)", .fails(code: "package-install", text: "broken"))
        }
        let (plan, seen) = await bench.plan()
        let report = try await bench.run(plan, seen)
        #expect(report.stop == .budget && bench.exitCode(report) == 1)
        #expect(report.outcome("hand-off/eu1") == .unstarted(.budget))
        #expect(report.results.count == plan.steps.count, "a line for every step")
        let lines = bench.progress.withLock { $0 }
        let failed = ["h4", "h5"].map { "finished install-engine/\($0) " }
        let used = try #require(lines.lastIndex { line in failed.contains { line.hasPrefix($0) } })
        #expect(!lines[used...].contains { $0.hasPrefix("started ") }, "what was at work ends, nothing else starts")
    }

    @Test("hosts that the plan left out count against the budget")
    func budgetCountsTheDead() async throws {
        let bench = Bench()
        bench.hosts.kill("h5")
        let (plan, seen) = await bench.plan()
        bench.hosts.on("install-engine/h4", .fails(code: "package-install", text: "broken"))
        let report = try await bench.run(plan, seen)
        #expect(report.stop == .budget)
        #expect(report.lostHosts == ["h4", "h5"] && bench.exitCode(report) == 1)
    }

    @Test("a dead host in the plan's report alone → exit 4")
    func deadFromTheStart() async throws {
        let bench = Bench()
        bench.hosts.kill("h5")
        let report = try await bench.up()
        #expect(bench.exitCode(report) == 4 && report.lostHosts == ["h5"])
        #expect(report.results.allSatisfy { $0.isSuccess })
    }

    @Test("F47: one host hangs → the others go on to their end; released, it ends too")
    func hanging() async throws {
        let bench = Bench()
        let gate = Gate()
        bench.hosts.on("install-engine/h5", .hangs(gate))
        let (plan, seen) = await bench.plan()
        let others = plan.steps.filter { $0.subject != "h5" && $0.action.word != "hand-off" }.map {
            "finished \($0.id)"
        }
        async let report = bench.run(plan, seen)
        var left = Set(others)
        for await event in bench.watch {
            left.remove(event)
            if left.isEmpty { break }
        }
        #expect(!bench.store.lines.contains("started hand-off/eu1"))
        gate.open()
        #expect(try await report.results.allSatisfy { $0.isSuccess })
    }

    @Test("F40: the journal cannot be written → nothing new starts, and the trouble is thrown")
    func journalTrouble() async throws {
        let bench = Bench()
        let (plan, seen) = await bench.plan()
        bench.store.failAt.withLock { $0 = plan.steps.count + 3 }
        await #expect(throws: FleetProblem.self) { _ = try await bench.run(plan, seen) }
        #expect(bench.hosts.effects.count <= 5, "only the steps that ran side by side at that time")
        #expect(!bench.hosts.acts.contains { $0.hasPrefix("init-swarm") })
    }

    @Test("I10: down through the same executor → bare hosts")
    func tearDown() async throws {
        let bench = Bench()
        let (plan, seen) = await bench.plan()
        _ = try await bench.run(plan, seen)
        let now = await bench.observe()
        let input = PlannerInput(policy: bench.policy, observation: now, parent: plan.blueprint, image: "muster:1")
        let report = try await bench.run(TeardownPlanner.plan(input, deleteData: false), now)
        #expect(report.results.allSatisfy { $0.outcome == .changed } && bench.exitCode(report) == 0)
        #expect(
            bench.hosts.state.withLock {
                $0.hosts.values.allSatisfy { !$0.hasEngine && $0.made == nil && $0.node == nil }
            })
        #expect(bench.hosts.state.withLock { $0.services.isEmpty })
    }
}
