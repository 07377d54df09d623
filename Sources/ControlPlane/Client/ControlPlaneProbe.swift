// `muster serve --probe`: the container's own health check. It asks whether the process answers at all, not whether it
// serves: Swarm would otherwise restart a control plane that rightly refuses, for ever.

import FleetModel
import FoundationEssentials

/// Asks the control plane in this container.
package enum ControlPlaneProbe {
    /// Throws when nothing of ours answers on this machine.
    package static func run(port: Int, authorityCertificateFile: String) async throws -> Health {
        let client = try ControlPlaneClient(
            addresses: ["127.0.0.1"], port: port, authorityPEM: try SecretFile.text(authorityCertificateFile))
        do {
            let health = try await client.health()
            await client.shutdown()
            return health
        } catch {
            await client.shutdown()
            throw error
        }
    }
}
