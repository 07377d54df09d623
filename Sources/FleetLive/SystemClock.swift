// Time and chance of the real machine; everywhere else they are parameters.
package import FleetModel
import FleetReconciler
import Glibc

/// The machine's clocks.
package struct SystemClock: FleetClock {
    package init() {}

    package func now() -> Timestamp { Timestamp(secondsSinceEpoch: time(nil)) }

    package func uptime() -> Duration {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
    }

    package func sleep(for duration: Duration) async throws(CancellationError) {
        // It has no other error than that of a cancelled task.
        do { try await Task.sleep(for: duration) } catch { throw CancellationError() }
    }
}

/// A word that nothing else on a host's stdout begins with: 64 random bits, new in every run.
package func makeNonce() -> String { "muster-" + String(UInt64.random(in: .min ... .max), radix: 36) }
