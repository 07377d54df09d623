// Two operators at once, in the simulated world: whoever is second is told so, and never do both succeed on one host.
import Dispatch
import FleetSimulator
import Foundation
import Synchronization
import Testing

@Suite("Two operators") struct ContestTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = 400
    /// `7` or `401-1400`.
    private static let asked = environment["MUSTER_CONTEST"].flatMap { text -> ClosedRange<Int>? in
        let bounds = text.split(separator: "-").compactMap { Int($0) }
        return bounds.first.flatMap { first in bounds.last.map { first...max(first, $0) } }
    }

    private static func ends(_ seeds: ClosedRange<Int>) -> [Int: Contest.End] {
        let found = Mutex<[Int: Contest.End]>([:])
        DispatchQueue.concurrentPerform(iterations: seeds.count) { index in
            let seed = seeds.lowerBound + index
            var end = Contest(seed: UInt64(seed)).play()
            if end.faults.isEmpty { end.trace = [] }
            found.withLock { $0[seed] = end }
        }
        return found.withLock { $0 }
    }

    @Test(
        "F37: two runs beside each other, one killed in some → never two that succeed on one host, the loser is told who"
    )
    func contests() {
        let seeds = Self.asked ?? 1...Self.count
        let ends = Self.ends(seeds)
        let failed = ends.filter { !$0.value.faults.isEmpty }.sorted { $0.key < $1.key }
        let texts = failed.prefix(10).map { "contest \($0.key): \($0.value.faults.joined(separator: "; "))" }
        #expect(texts == [], "\(failed.count) of \(seeds.count) fail; MUSTER_CONTEST=SEED plays one with its history")
        if seeds.count == 1 { print(failed.flatMap(\.value.trace).joined(separator: "\n")) }
        guard seeds.count > 1 else { return }
        // That there was a contest at all.
        #expect(ends.values.reduce(0) { $0 + $1.told } > seeds.count / 2)
        #expect(ends.values.reduce(0) { $0 + $1.takenOver } > seeds.count / 4)
    }
}
