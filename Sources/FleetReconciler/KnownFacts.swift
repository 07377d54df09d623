// What is known of the hosts while a plan runs: the observation that it was made from, and every check since. From here
// come node ids, and the managers that a step may turn to when the one in the plan is lost (F27).
import FleetModel
import Synchronization

/// The facts of one run, growing with every check.
final class KnownFacts: Sendable {
    private struct State {
        var facts: [HostID: HostFacts] = [:]
        /// Working managers, when they were last seen; kept beside the facts, for there are seven of a thousand.
        var managers: Set<HostID> = []
        var silent: Set<HostID> = []

        mutating func note(_ new: HostFacts, of host: HostID) {
            facts[host] = new
            if new.swarm.state == .active && new.swarm.isManager {
                managers.insert(host)
            } else {
                managers.remove(host)
            }
            silent.remove(host)
        }
    }

    private let state = Mutex(State())

    init(_ observation: FleetObservation) {
        state.withLock { state in
            for host in observation.hosts.keys {
                if let facts = observation.facts(of: host) { state.note(facts, of: host) }
            }
        }
    }

    func of(_ host: HostID) -> HostFacts? { state.withLock { $0.facts[host] } }
    func node(of host: HostID) -> NodeID? { state.withLock { $0.facts[host]?.swarm.nodeID } }
    func note(_ new: HostFacts, of host: HostID) { state.withLock { $0.note(new, of: host) } }

    /// Puts a partial reading over the newest facts of `host`, over `known` when there are none, and keeps the result.
    func update(_ host: HostID, or known: HostFacts, by read: (HostFacts) -> HostFacts?) -> HostFacts? {
        state.withLock { state in
            guard let new = read(state.facts[host] ?? known) else { return nil }
            state.note(new, of: host)
            return new
        }
    }

    /// Another host told of its new role: its own facts are not read for that.
    func noteRole(_ role: NodeRole, of host: HostID) {
        state.withLock { state in
            guard var facts = state.facts[host] else { return }
            facts.swarm.isManager = role == .manager
            state.note(facts, of: host)
        }
    }

    /// It did not answer: others are asked before it, until it does.
    func noteSilence(of host: HostID) { _ = state.withLock { $0.silent.insert(host) } }

    /// Working managers, as last seen, and which of all hosts did not answer when they were asked last.
    var managers: (working: Set<HostID>, silent: Set<HostID>) { state.withLock { ($0.managers, $0.silent) } }
}
