// I2, F38, F39, F09: killed, powered off or cut off at every point of a story, and run again: the same end, every effect
// once, nothing half done.
import Dispatch
import FleetModel
import FleetReconciler
import FleetSimulator
import Foundation
import Synchronization
import Testing

@Suite("Kill-point sweeps") struct SweepTests {
    /// Plays all points of a story on all cores; gives how many there were, and what is wrong in words.
    static func sweep(_ sweep: Sweep) -> (runs: Int, failures: String) {
        let undisturbed = StoryRun(sweep.story, seed: sweep.seed).play()
        guard undisturbed.faults.isEmpty else { return (1, "undisturbed: \(undisturbed.faults)") }
        let injections = sweep.injections(of: undisturbed)
        let found = Mutex<[Int: SweepReport.Failure]>([:])
        DispatchQueue.concurrentPerform(iterations: injections.count) { index in
            let failure = sweep.failure(injections[index], undisturbed: undisturbed)
            if let failure { found.withLock { $0[index] = failure } }
        }
        return (injections.count, text(found.withLock { $0.sorted { $0.key < $1.key }.map(\.value) }))
    }

    /// With `MUSTER_TRACE=1` the first failed point shows its whole history.
    private static func text(_ failures: [SweepReport.Failure]) -> String {
        guard let first = failures.first else { return "" }
        let isWhole = ProcessInfo.processInfo.environment["MUSTER_TRACE"] != nil
        let trace = isWhole ? first.trace.joined(separator: "\n") : "MUSTER_TRACE=1 shows the first one's history"
        return "\(failures.count) failures\n\(failures.prefix(40).map(\.description).joined(separator: "\n"))\n\(trace)"
    }

    @Test("I2, F09, F38, F39: bring-up of five hosts, hurt at every point → the same region, everything done once")
    func bringUp() {
        let (runs, failures) = Self.sweep(Sweep(.bringUp(BringUpTests.policy(hosts: 5))))
        #expect(runs > 500, "\(runs) points")
        #expect(failures == "")
    }

    @Test("F38: killed anywhere and run again at once, beside the scripts of the dead run → the same region")
    func atOnce() {
        let sweep = Sweep(.bringUp(BringUpTests.policy(hosts: 5)), pause: .seconds(1), actions: [.killOperator])
        #expect(Self.sweep(sweep).failures == "")
    }

    @Test("F38, F39: down, every point, then down again → nothing is left")
    func down() {
        let (runs, failures) = Self.sweep(Sweep(.down(BringUpTests.policy(hosts: 5))))
        #expect(runs > 100, "\(runs) points")
        #expect(failures == "")
    }

    @Test("F38, F39: a sixth host, every point, then up again → it is in, and nobody else was touched twice")
    func addHost() {
        let story = Story.change("add a host", from: BringUpTests.policy(hosts: 5), to: BringUpTests.policy(hosts: 6))
        let (runs, failures) = Self.sweep(Sweep(story))
        #expect(runs > 50, "\(runs) points")
        #expect(failures == "")
    }
}

/// The same for what people change about a region that is up.
@Suite("Kill-point sweeps of changes") struct ChangeSweepTests {
    /// Two clusters: four hosts with three managers, and two with one.
    private static var two: FleetPolicy {
        var policy = BringUpTests.policy(hosts: 6)
        policy.clusters.append(ClusterPolicy(name: "work", isControl: false, managers: 1))
        for index in 4...5 { policy.hosts[index].cluster = "work" }
        return policy
    }

    private func check(
        _ name: String, from start: FleetPolicy, to end: FleetPolicy, points: Int,
        pause: Duration = .seconds(1800), actions: Set<Injection.Action> = Set(Injection.Action.allCases)
    ) {
        let sweep = Sweep(.change(name, from: start, to: end), pause: pause, actions: actions)
        let (runs, failures) = SweepTests.sweep(sweep)
        #expect(runs > points, "\(runs) points")
        #expect(failures == "")
    }

    @Test("F38, F39: a worker leaves, every point, then up again → drained, out, off the list, bare; nothing twice")
    func worker() {
        check("remove a worker", from: BringUpTests.policy(hosts: 6), to: BringUpTests.policy(hosts: 5), points: 50)
    }

    @Test(
        "F31, F38, F39: a manager is replaced, every point, then up again → its replacement first, never less than three"
    )
    func manager() {
        var end = BringUpTests.policy(hosts: 5)
        end.hosts.remove(at: 1)
        check("replace a manager", from: BringUpTests.policy(hosts: 5), to: end, points: 80)
    }

    @Test("F31, F38: a manager is replaced, killed anywhere and run again at once → the same")
    func managerAtOnce() {
        var end = BringUpTests.policy(hosts: 5)
        end.hosts.remove(at: 1)
        check(
            "replace a manager", from: BringUpTests.policy(hosts: 5), to: end, points: 50, pause: .seconds(1),
            actions: [.killOperator])
    }

    @Test("F38, F39: two hosts change their roles, every point, then up again → one promoted, one demoted, once each")
    func roles() {
        var end = BringUpTests.policy(hosts: 5)
        (end.hosts[1].role, end.hosts[3].role) = (.worker, .manager)
        check("change roles", from: BringUpTests.policy(hosts: 5), to: end, points: 40)
    }

    @Test("F31, F38, F39: three managers become one and one becomes three, every point, then up again → odd at rest")
    func counts() {
        let (one, three) = (BringUpTests.policy(hosts: 4, managers: 1), BringUpTests.policy(hosts: 4))
        check("three managers become one", from: three, to: one, points: 30)
        check("one manager becomes three", from: one, to: three, points: 30)
    }

    @Test("F38, F39: a host goes to another cluster, every point, then up again → out of one Swarm, in the other, once")
    func cluster() {
        var end = Self.two
        end.hosts[3].cluster = "work"
        check("change the cluster", from: Self.two, to: end, points: 50)
        end = Self.two
        end.hosts[1].cluster = "work"
        check("a manager changes its cluster", from: Self.two, to: end, points: 70)
    }

    @Test("F38, F39: a cluster is given up, every point, then up again → one host joins the other, one is bare")
    func givenUp() {
        var end = Self.two
        end.clusters.removeLast()
        end.hosts.removeLast()
        end.hosts[4].cluster = "control"
        check("give a cluster up", from: Self.two, to: end, points: 60)
    }
}
