// How a manager is reached that this machine has no route to: through a port of this machine. What goes through stays
// TLS to the control plane, trusted by the region's authority alone.
package import FleetModel

/// Ports of this machine that lead to managers.
package protocol ControlPlaneWay: Sendable {
    /// A port on 127.0.0.1 that leads to `address`, opened when it is first asked for.
    ///
    /// - Throws: why there is no way, within seconds: the next manager is waiting to be tried.
    func localPort(to address: String, port: Int) async throws(FleetProblem) -> Int

    /// Closes what was opened.
    func close() async
}
