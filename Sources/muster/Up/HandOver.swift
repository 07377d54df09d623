// The hand off: the inventory goes to the control plane that has just started, and with it the right to plan. Until the
// control plane has answered that it serves, the operator's machine stays the owner; repeating it is harmless.
import ControlPlane
import FleetLive
import FleetModel
import FleetReconciler
import Foundation
import InventoryStore

/// Hands one region over.
struct HandOver: HandOverPort {
    let session: OperatorSession
    let inventory: Inventory

    /// How long a container may take to start and to read its witnesses: 2 s when it is quiet.
    private static let patience = Duration.seconds(120)

    func handOver(to desired: DesiredControlPlane, addresses: [String]) async throws(FleetProblem) {
        do {
            try await tryHandOver(to: desired, addresses: addresses)
        } catch let problem as FleetProblem {
            throw problem
        } catch {
            throw FleetProblem(
                .failed, "hand-off-failed", subject: "region `\(session.policy.region)`", "cannot hand it over",
                cause: "\(error)", hint: "run the command again")
        }
    }

    private func tryHandOver(to desired: DesiredControlPlane, addresses: [String]) async throws {
        let home = session.policy.host(desired.home)?.address
        let ordered = [home].compactMap { $0 } + addresses.filter { $0 != home }
        guard let authority = session.folder.text(.authorityCertificate) else { return }
        let maker = SecretMaker(folder: session.folder, policy: session.policy, epoch: 1)
        let client = try ControlPlaneClient(
            addresses: ordered, port: desired.port, authorityPEM: authority,
            token: try maker.token(.handOffToken).secret)
        do {
            try await waitUntilAwaiting(client)
            let bytes = try await export(maker)
            let handed = try await client.handOff(bytes)
            await client.shutdown()
            try await settle(handed, ordered, desired.port)
        } catch {
            await client.shutdown()
            throw error
        }
    }

    private func waitUntilAwaiting(_ client: ControlPlaneClient) async throws {
        let start = session.clock.uptime()
        var last: FleetProblem?
        while session.clock.uptime() - start < Self.patience {
            do {
                let health = try await client.health()
                if health.stage == "awaiting" || health.stage == "serving" || health.stage == "paused" { return }
                last = health.problem
                if health.stage == "refusing" { break }
            } catch { last = error }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw last
            ?? FleetProblem(
                .unavailable, "control-plane-silent", subject: "control plane of `\(session.policy.region)`",
                "it did not begin to answer within \(Self.patience.shown)",
                hint: "look at it with `docker service logs muster-\(session.policy.region)`")
    }

    /// The inventory as it will be the control plane's: with the admin token's digest and the sealing recipient.
    private func export(_ maker: SecretMaker) async throws -> Data {
        let admin = try maker.token(.adminToken)
        if try await inventory.token(sha256: admin.sha256) == nil {
            try await inventory.addToken(name: "operator", role: .admin, sha256: admin.sha256, at: session.clock.now())
        }
        try await inventory.setSetting(ControlPlaneSetting.recipient, value: try maker.sealingRecipient())
        let path = "\(session.folder.path)/hand-off.sqlite"
        try? FileManager.default.removeItem(atPath: path)
        try await inventory.export(to: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try Data(contentsOf: URL(fileURLWithPath: path))
    }

    /// The control plane serves: from here on the operator's machine is only its client.
    private func settle(_ handed: Handed, _ addresses: [String], _ port: Int) async throws {
        let context = RegionContext(
            region: handed.region, addresses: addresses, port: port, isHandedOff: true, epoch: handed.epoch)
        try context.save(session.folder)
        if let region = try await inventory.region(), region.ownership.owner == .operatorMachine {
            try await inventory.transferOwnership(
                to: .controlPlane, expecting: region.ownership.epoch, at: session.clock.now())
        }
        try await inventory.pause()
        let remote = RemoteRegion(folder: session.folder, context: context)
        try await remote.refreshSealedCopy()
        // They are Swarm secrets and in the sealed copy now; this machine has no use for them any more. The hand-off
        // token stays: a control plane that lost its volume takes a restored one from nobody else.
        session.folder.remove([.regionKey, .authorityKey])
    }
}
