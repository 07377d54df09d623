// The hand off: the inventory goes to the control plane that has just started, and with it the right to plan. From the
// export on the operator's machine is paused: it does nothing but repeat the hand off until the control plane has
// proved that it serves, so that a kill or a cut at any point leaves one owner in one epoch (F45, ADR 0017).
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
    /// How long a container may take to start and to read its witnesses: 2 s when it is quiet. A kill in the middle of
    /// the hand off costs its restart on top.
    var patience = Duration.seconds(120)

    func handOver(
        to desired: DesiredControlPlane, addresses: [String], lease: HandedLease?
    ) async throws(FleetProblem) {
        do {
            try await tryHandOver(to: desired, addresses: addresses, lease)
        } catch let problem as FleetProblem {
            throw problem
        } catch {
            throw FleetProblem(
                .failed, "hand-off-failed", subject: "region `\(session.policy.region)`", "cannot hand it over",
                cause: "\(error)", hint: "run the command again")
        }
    }

    private func tryHandOver(
        to desired: DesiredControlPlane, addresses: [String], _ lease: HandedLease?
    ) async throws {
        let home = session.policy.host(desired.home)?.address
        let ordered = [home].compactMap { $0 } + addresses.filter { $0 != home }
        guard let authority = session.folder.text(.authorityCertificate) else { throw incomplete }
        let maker = SecretMaker(folder: session.folder, policy: session.policy, epoch: 1)
        let client = try ControlPlaneClient(
            addresses: ordered, port: desired.port, authorityPEM: authority,
            token: try maker.token(.handOffToken).secret,
            way: try session.policy.access.wayToControlPlane.map { try BastionWay($0, client: session.client) })
        do {
            try await waitUntilAwaiting(client, until: session.clock.uptime() + patience)
            try await inventory.pause()
            let handed = try await deliver(try await export(maker, lease), to: client)
            await client.shutdown()
            try await settle(handed, ordered, desired.port)
        } catch {
            await client.shutdown()
            throw error
        }
    }

    private var incomplete: FleetProblem {
        FleetProblem(
            .rejected, "context-incomplete", subject: "folder `\(session.folder.path)`",
            "the authority's certificate is missing", hint: "restore the folder from a backup")
    }

    /// An answer that was lost is asked for again: the control plane knows the same hand off again and answers the same.
    private func deliver(_ bytes: Data, to client: ControlPlaneClient) async throws -> Handed {
        let end = session.clock.uptime() + patience
        while true {
            do {
                return try await client.handOff(bytes)
            } catch {
                guard error.kind == .unavailable, session.clock.uptime() < end else { throw error }
            }
            try await waitUntilAwaiting(client, until: end)
        }
    }

    private func waitUntilAwaiting(_ client: ControlPlaneClient, until end: Duration) async throws {
        var last: FleetProblem?
        repeat {
            do {
                let health = try await client.health()
                if health.stage == "awaiting" || health.stage == "serving" || health.stage == "paused" { return }
                last = health.problem
                if health.stage == "refusing" { break }
            } catch {
                last = error
                // What is not up yet may be in a moment; an address that is not allowed will not.
                if error.kind == .refused { break }
            }
            try await Task.sleep(for: .milliseconds(200))
        } while session.clock.uptime() < end
        throw last
            ?? FleetProblem(
                .unavailable, "control-plane-silent", subject: "control plane of `\(session.policy.region)`",
                "it did not begin to answer within \(patience.shown)",
                hint: "look at it with `docker service logs muster-\(session.policy.region)`")
    }

    /// The inventory as it will be the control plane's: with the admin token's digest, the sealing recipient, and the
    /// lease that its first run takes over.
    private func export(_ maker: SecretMaker, _ lease: HandedLease?) async throws -> Data {
        let admin = try maker.token(.adminToken)
        if try await inventory.token(sha256: admin.sha256) == nil {
            try await inventory.addToken(name: "operator", role: .admin, sha256: admin.sha256, at: session.clock.now())
        }
        try await inventory.setSetting(ControlPlaneSetting.recipient, value: try maker.sealingRecipient())
        try await inventory.setSetting(ControlPlaneSetting.handedLease, value: lease?.text)
        let path = "\(session.folder.path)/hand-off.sqlite"
        try? FileManager.default.removeItem(atPath: path)
        try await inventory.export(to: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try Data(contentsOf: URL(fileURLWithPath: path))
    }

    /// The control plane serves: from here on the operator's machine is only its client.
    private func settle(_ handed: Handed, _ addresses: [String], _ port: Int) async throws {
        let context = RegionContext(
            region: handed.region, addresses: addresses, port: port, isHandedOff: true, epoch: handed.epoch,
            bastion: session.policy.access.wayToControlPlane)
        try context.save(session.folder)
        if let region = try await inventory.region(), region.ownership.owner == .operatorMachine {
            try await inventory.transferOwnership(
                to: .controlPlane, expecting: region.ownership.epoch, at: session.clock.now())
        }
        try await Self.finish(session.folder, context)
    }

    /// The last of it, which a kill may have left undone: the first sealed copy, and then no private key here any more.
    /// They are Swarm secrets and in the sealed copy now. The hand-off token stays: a control plane that lost its volume
    /// takes a restored one from nobody else.
    static func finish(_ folder: RegionFolder, _ context: RegionContext) async throws {
        guard folder.has(.regionKey) || folder.has(.authorityKey) else { return }
        try await RemoteRegion(folder: folder, context: context).refreshSealedCopy()
        folder.remove([.regionKey, .authorityKey])
    }
}
