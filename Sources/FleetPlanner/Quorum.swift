// Quorum is arithmetic, not hope (decision 7): how many managers there should be, and what losing some means.

/// Raft's majority rule (Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", 2014, §5.1) as
/// Docker Swarm uses it.
package enum Quorum {
    /// More managers make every write slower and add no safety that people need: Docker advises at most seven.
    package static let mostManagers = 7

    /// How many of `managers` must agree.
    package static func majority(of managers: Int) -> Int { managers / 2 + 1 }

    /// How many of `managers` may be lost at once.
    package static func tolerance(of managers: Int) -> Int { max(0, (managers - 1) / 2) }

    /// The largest odd number of managers that `available` hosts allow, at most `wanted`.
    package static func oddCount(wanted: Int, available: Int) -> Int {
        let most = min(wanted, available, mostManagers)
        return most % 2 == 1 ? most : max(0, most - 1)
    }

    /// Whether the loss of any single failure domain leaves a majority, given the number of managers in each.
    package static func survivesLosingADomain(managersByDomain counts: [Int]) -> Bool {
        let all = counts.reduce(0, +)
        return (counts.max() ?? 0) <= tolerance(of: all)
    }
}
