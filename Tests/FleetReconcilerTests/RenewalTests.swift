// The lease while a run lasts: renewed, lost, moved to another host when the anchor dies.
import FleetModel
import FleetPlanner
import FleetReconciler
import Testing

@Suite("Renewal of the lease") struct RenewalTests {
    /// A run that has done all but the engine of h5, which waits for the gate; its lease is renewed by this clock.
    private struct Stage {
        let bench = Bench(budget: .hosts(2))
        let clock = ManualClock()
        let gate = Gate()

        /// Starts the run, lets `body` play, opens the gate, and gives what came of it.
        func play(_ body: (inout AsyncStream<Duration>.Iterator) async -> Void) async throws -> ApplyReport {
            bench.hosts.on("install-engine/h5", .hangs(gate))
            let (plan, seen) = await bench.plan()
            let others = plan.steps.filter { $0.subject != "h5" && $0.action.word != "hand-off" }
            async let report = bench.run(plan, seen, clock: clock)
            var left = Set(others.map { "finished \($0.id)" })
            for await event in bench.watch {
                left.remove(event)
                if left.isEmpty { break }
            }
            var sleeps = clock.sleeps.makeAsyncIterator()
            _ = await sleeps.next()
            await body(&sleeps)
            gate.open()
            return try await report
        }

        var leaseActs: [String] { bench.hosts.acts.filter { $0.hasPrefix("lease/") } }
    }

    @Test("renewed every 20 s, given back at the end")
    func renewed() async throws {
        let stage = Stage()
        let report = try await stage.play { sleeps in
            for _ in 1...3 {
                stage.clock.advance(by: .seconds(20))
                #expect(await sleeps.next() == .seconds(20))
            }
        }
        #expect(stage.leaseActs == ["lease/h1", "lease/h1", "lease/h1", "lease/h1", "lease/h1"])
        #expect(report.stop == nil && report.results.allSatisfy { $0.outcome == .changed })
    }

    @Test("taken by somebody else in the meantime → the step in hand ends, nothing new starts, the reason is told")
    func taken() async throws {
        let stage = Stage()
        let report = try await stage.play { _ in
            stage.bench.hosts.state.withLock {
                $0.hosts["h1"]?.lease = LeaseFacts(
                    owner: "bob@laptop/2", epoch: 9, plan: "eu1-9", since: Timestamp(secondsSinceEpoch: 900),
                    isLive: true)
            }
            stage.clock.advance(by: .seconds(20))
            while stage.bench.stop.reason == nil { await Task.yield() }
        }
        guard case .leaseLost(let problem)? = report.stop else {
            Issue.record("\(String(describing: report.stop))")
            return
        }
        #expect(problem.code == "lease-lost" && problem.description.contains("`bob@laptop/2`"))
        #expect(report.outcome("install-engine/h5") == .changed)
        #expect(report.outcome("join-swarm/h5") == .unstarted(.leaseLost(problem)))
        #expect(stage.bench.handOver.taken.withLock { $0.isEmpty } && stage.bench.exitCode(report) == 1)
    }

    @Test("F45: the control plane takes the lease while the region is handed over → the run comes to its end")
    func handedOver() async throws {
        let stage = Stage()
        let (hosts, clock) = (stage.bench.hosts, stage.clock)
        stage.bench.handOver.meanwhile.withLock {
            $0 = {
                let before = hosts.acts.count
                hosts.state.withLock {
                    $0.hosts["h1"]?.lease = LeaseFacts(
                        owner: "control-plane/eu1", epoch: 2, plan: "p-1", since: Timestamp(secondsSinceEpoch: 900),
                        isLive: true)
                }
                clock.advance(by: .seconds(20))
                while hosts.acts.count == before { await Task.yield() }
            }
        }
        let report = try await stage.play { _ in }
        #expect(report.stop == nil && report.results.allSatisfy { $0.outcome == .changed })
        #expect(hosts.state.withLock { $0.hosts["h1"]?.lease?.owner } == "control-plane/eu1")
    }

    @Test("F27: the anchor dies → the next manager holds the lease, under a higher epoch, and the run goes on")
    func moved() async throws {
        let stage = Stage()
        let report = try await stage.play { sleeps in
            stage.bench.hosts.kill("h1")
            stage.clock.advance(by: .seconds(20))
            #expect(await sleeps.next() == .seconds(5), "it may be a moment's trouble")
            stage.clock.advance(by: .seconds(5))
            #expect(await sleeps.next() == .seconds(20))
        }
        #expect(report.stop == nil)
        #expect(report.outcome("join-swarm/h5") == .changed && report.outcome("label-node/h5") == .changed)
        let lease = stage.bench.hosts.state.withLock { $0.hosts["h2"]?.lease }
        #expect(lease?.epoch == 2 && lease?.isReleased == true)
        #expect(stage.bench.hosts.state.withLock { $0.hosts["h5"]?.lease?.epoch } == 2)
    }

    @Test("no host is left that can hold it → the run stops before the lease has ended")
    func nobody() async throws {
        let stage = Stage()
        let report = try await stage.play { sleeps in
            for host in ["h1", "h2", "h3", "h4", "h5"] as [HostID] { stage.bench.hosts.kill(host) }
            stage.clock.advance(by: .seconds(20))
            for _ in 1...4 {
                #expect(await sleeps.next() == .seconds(5))
                stage.clock.advance(by: .seconds(5))
            }
            #expect(await sleeps.next() == .seconds(5) && stage.bench.stop.reason == nil)
            stage.clock.advance(by: .seconds(5))
            while stage.bench.stop.reason == nil { await Task.yield() }
        }
        guard case .leaseLost(let problem)? = report.stop else {
            Issue.record("\(String(describing: report.stop))")
            return
        }
        #expect(problem.description.hasPrefix("host `h1`"))
    }

    @Test(
        "F38: interrupted → the step in hand ends, nothing new starts, the lease is given back, exit 130, a line for each step"
    )
    func interrupted() async throws {
        let stage = Stage()
        let report = try await stage.play { _ in stage.bench.stop.stop(.interrupted) }
        #expect(report.stop == .interrupted && stage.bench.exitCode(report) == 130)
        #expect(report.outcome("install-engine/h5") == .changed)
        #expect(report.outcome("join-swarm/h5") == .unstarted(.interrupted))
        #expect(report.outcome("hand-off/eu1") == .unstarted(.interrupted))
        #expect(Set(report.results.map(\.step.id)).count == report.plan.steps.count)
        #expect(stage.bench.hosts.state.withLock { $0.hosts["h1"]?.lease?.isReleased } == true)
    }
}
