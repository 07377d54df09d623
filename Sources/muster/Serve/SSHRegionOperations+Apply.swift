// Executing a plan from within the control plane: the same executor, scripts and journal as the command line, with the
// region's key, the control plane's own inventory, and the secrets that Swarm mounts.
import ControlPlane
import FleetLive
import FleetModel
import FleetReconciler
import Foundation
import InventoryStore
import SSHTransport

extension SSHRegionOperations {
    func apply(
        _ order: ExecutionOrder, stop: StopSignal, progress: @escaping @Sendable (ProgressEvent) -> Void
    ) async throws -> ApplyReport {
        let handed = try await order.inventory.setting(ControlPlaneSetting.handedLease).flatMap(HandedLease.init(_:))
        let executor = Executor(
            policy: order.policy, shell: shell(order.policy), store: InventoryFleetStore(order.inventory),
            clock: SystemClock(), nonce: nonce,
            lease: LeaseTerms(
                owner: LeaseOwner.controlPlane(of: order.policy.region), plan: order.id, above: order.observation,
                handed: handed),
            stop: stop, secrets: try await secrets(order), images: images, progress: progress)
        defer { images.discard() }
        return try await executor.run(order.plan, id: order.id, observation: order.observation)
    }

    private func secrets(_ order: ExecutionOrder) async throws -> RegionSecrets {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return RegionSecrets(
            regionPublicKey: try regionPublicKey(), regionKey: Secret(try Self.text(files.regionKey)),
            authorityCertificate: try Self.text(files.authorityCertificate),
            authorityKey: Secret(try Self.text(files.authorityKey)), handOffDigest: files.handOffDigest,
            seedPolicy: String(decoding: try encoder.encode(order.policy.portable), as: UTF8.self),
            epoch: try await order.inventory.region()?.ownership.epoch ?? 1)
    }

    func regionPublicKey() throws -> String {
        do throws(SSHError) { return try SSHIdentity.publicKeyLine(ofKeyFile: files.regionKey) } catch {
            throw FleetProblem(.rejected, "ssh-setup", subject: error.subject, error.message, hint: error.hint)
        }
    }

    private static func text(_ path: String) throws -> String {
        do { return try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw FleetProblem(
                .failed, "file-unreadable", subject: "file `\(path)`", "cannot read it",
                cause: error.localizedDescription,
                hint: "mount it into the control plane's service, readable by its user")
        }
    }
}

/// Where the control plane's secrets lie.
struct ServiceFiles: Sendable {
    var regionKey: String
    var authorityKey: String
    var authorityCertificate: String
    /// SHA-256 of the hand-off token.
    var handOffDigest: String

    init(_ configuration: ControlPlaneConfiguration) {
        (regionKey, authorityKey) = (configuration.regionKeyFile, configuration.authorityKeyFile)
        authorityCertificate = configuration.authorityCertificateFile
        handOffDigest = configuration.handOffTokenSHA256
    }
}
