// A run that is to stop starts nothing new, finishes what it has in hand, and says why it stopped and where.
package import FleetModel
import Synchronization

/// Why steps were not started.
package enum StopReason: Hashable, Sendable {
    /// More hosts failed than the budget allows.
    case budget
    /// Somebody asked for it: Ctrl-C, SIGTERM.
    case interrupted
    /// The right to change the region is gone, or can no longer be proved.
    case leaseLost(FleetProblem)
}

/// Asks a run to stop. The first reason stays.
package final class StopSignal: Sendable {
    private let given = Mutex<StopReason?>(nil)

    package init() {}

    package func stop(_ reason: StopReason) { given.withLock { $0 = $0 ?? reason } }
    package var reason: StopReason? { given.withLock { $0 } }
}
