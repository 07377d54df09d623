// The real time and chance. The only file of this module that reads a clock.

import FleetModel
import Glibc

extension Surroundings {
    /// The machine's clocks and its random source.
    package static var system: Surroundings {
        let start = ContinuousClock.now
        return Surroundings(
            now: { Timestamp(secondsSinceEpoch: time(nil)) },
            elapsed: { start.duration(to: .now) },
            random: { Double.random(in: 0..<1) },
            wait: { try await Task.sleep(for: $0) })
    }
}
