// Which scripts of which runs change one host at the same time: two of different runs may meet there, and never may
// both come to a good end (F37).
import FleetReconciler

/// The acting scripts of one host since its start, by the serial of the command that started each.
struct ActingScripts {
    private var running: [Int: LeaseTerms] = [:]
    /// Those of other runs that were at work at the same time.
    private var met: [Int: Set<Int>] = [:]
    private var succeeded: [Int: LeaseTerms] = [:]

    mutating func begin(_ serial: Int, _ terms: LeaseTerms) {
        for (other, theirs) in running where theirs.plan != terms.plan {
            met[serial, default: []].insert(other)
            met[other, default: []].insert(serial)
        }
        running[serial] = terms
    }

    /// - Returns: the terms of another run's script that was at work beside it and came to a good end, too.
    mutating func end(_ serial: Int, isGood: Bool) -> LeaseTerms? {
        guard let terms = running.removeValue(forKey: serial), isGood else { return nil }
        succeeded[serial] = terms
        return met[serial, default: []].sorted().lazy.compactMap { [succeeded] in succeeded[$0] }.first
    }
}
