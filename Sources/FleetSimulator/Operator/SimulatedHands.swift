// Single acts on simulated hosts, without a plan: for tests that compare what scripts say.
package import FleetModel
package import FleetReconciler

/// Runs one act after another.
package struct SimulatedHands: Sendable {
    let world: SimulatedWorld
    let process: OperatorProcess

    package init(_ world: SimulatedWorld, nonce: String) {
        self.world = world
        process = OperatorProcess(name: "hands", folder: "hands", nonce: nonce)
    }

    /// What the act printed; the problem's words where it did not come to its end.
    package func run(_ act: RemoteAct, on host: HostID) async -> String {
        do { return try await world.exec(act, on: host, process).standardOutput } catch { return "\(error.problem)" }
    }
}
