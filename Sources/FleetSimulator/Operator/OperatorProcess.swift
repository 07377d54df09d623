// One process of `muster`: it can be killed at any of its calls, and then none of its ports does anything any more.
import FleetModel
import FleetReconciler
import Synchronization

/// A process on an operator's machine, or the control plane's.
package final class OperatorProcess: Sendable {
    package let name: String
    /// The folder in which this machine keeps its inventories.
    let folder: String
    package let nonce: String
    private let state = Mutex((isAlive: true, execs: [HostID: Int]()))

    init(name: String, folder: String, nonce: String) { (self.name, self.folder, self.nonce) = (name, folder, nonce) }

    package var isAlive: Bool { state.withLock(\.isAlive) }
    func die() { state.withLock { $0.isAlive = false } }
    func count(_ host: HostID) { state.withLock { $0.execs[host, default: 0] += 1 } }
    var execs: [HostID: Int] { state.withLock(\.execs) }

    /// What every port of a dead process says. Nobody reads it: the process is gone.
    static let death = FleetProblem(
        .unavailable, "operator-dead", subject: "operator", "the process was killed", hint: "run the command again")
}
