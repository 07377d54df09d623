// The one loop of a control plane, as a service: it checks until it knows what its volume is, then looks at the region
// again and again until the process is told to stop. A run that an earlier process began goes on first.

import FleetModel
import Logging
import ServiceLifecycle

/// Checks, then observes on a timer.
struct ControlPlaneLoops: Service {
    let core: ControlPlaneCore
    let surroundings: Surroundings

    /// Between two tries to read the witnesses: managers come back in seconds after a reboot, and a control plane that
    /// cannot check costs its operators every one of them.
    static let checkInterval = Duration.seconds(3)
    /// How often a sleeping loop looks whether it is wanted: the most that the first look waits after a hand off.
    static let slice = Duration.milliseconds(500)

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await loop() }
        } catch is CancellationError {
            // Told to stop: that is how it is meant to end.
        }
        await core.interruptRun()
    }

    private func loop() async throws {
        while true {
            try Task.checkCancellation()
            if case .checking = await core.stage {
                await core.check()
                if case .checking = await core.stage { try await rest(Self.checkInterval) }
            } else if await core.resumeRun() {
                try await rest(Self.checkInterval)
            } else {
                await core.observe()
                try await rest(core.configuration.observeInterval)
            }
        }
    }

    /// Waits between 90 % and 110 % of `interval`, so that regions started together do not look together for ever;
    /// less when a look is wanted.
    private func rest(_ interval: Duration) async throws {
        let end = surroundings.elapsed() + interval * (0.9 + 0.2 * surroundings.random())
        while surroundings.elapsed() < end {
            if await core.wantsLook { return }
            try await surroundings.wait(min(Self.slice, end - surroundings.elapsed()))
        }
    }
}
