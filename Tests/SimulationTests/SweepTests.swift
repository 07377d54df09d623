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
