// What routes read: the status document, sealed copies, health and metrics.

package import FleetModel
import FoundationEssentials
import InventoryStore

/// What `GET /v1/health` answers; the one thing that needs no token, so it names no host.
package struct Health: Codable, Hashable, Sendable {
    package var region: RegionID
    package var stage: String
    package var version: String
    package var uptimeSeconds: Int
    /// Why it does not serve, with what to do.
    package var problem: FleetProblem?
}

extension ControlPlaneCore {
    func health() -> Health {
        Health(
            region: configuration.region, stage: stage.word, version: configuration.version,
            uptimeSeconds: uptimeSeconds, problem: stage.problem)
    }

    func status() async throws -> RegionStatus {
        let (inventory, region) = try await opened()
        let madeAt = try await inventory.setting(ControlPlaneSetting.sealedCopyMadeAt).flatMap { Int($0) }
        let inputs = StatusInputs(
            now: now(), stage: stage, policy: region.policy, ownership: region.ownership,
            blueprint: try await inventory.targetBlueprint(),
            records: try await inventory.hosts().filter { $0.life != .removed }, run: try await presentRun(),
            drift: drift,
            hasRecipient: try await inventory.setting(ControlPlaneSetting.recipient) != nil,
            sealedCopyMadeAt: madeAt.map(Timestamp.init(secondsSinceEpoch:)), version: configuration.version,
            uptimeSeconds: uptimeSeconds, observedAt: observed.takenAt,
            observeIntervalSeconds: Int(configuration.observeInterval.components.seconds))
        var status = inputs.status
        if let owedWitness { status.warnings.append(owedWitness) }
        return status
    }

    private func presentRun() async throws -> RunStatus? {
        guard let inventory, let lease = try await inventory.lease(), let run = try await inventory.run(lease.run)
        else {
            return nil
        }
        return RunStatus(
            run: run, steps: try await inventory.plan(run.plan)?.steps.count ?? 0,
            ended: try await inventory.endedSteps(of: run.id))
    }

    /// The inventory and both keys, sealed to the recipient that the inventory names.
    func sealedCopy() async throws -> Data {
        let (inventory, region) = try await opened()
        guard let recipient = try await inventory.setting(ControlPlaneSetting.recipient) else {
            throw FleetProblem(
                .refused, "no-recipient", subject: "region `\(region.name)`",
                "there is no recipient to seal a copy to",
                hint: "take the region back and hand it off again: `muster up` makes a key pair")
        }
        // Before the copy, so that the copy knows of itself.
        try await inventory.setSetting(
            ControlPlaneSetting.sealedCopyMadeAt, value: String(now().secondsSinceEpoch))
        let archive = RegionArchive(
            inventory: try await volume.copy(of: inventory),
            authorityKeyPEM: Secret(try SecretFile.text(configuration.authorityKeyFile)),
            authorityCertificatePEM: try SecretFile.text(configuration.authorityCertificateFile),
            regionKey: Secret(try SecretFile.text(configuration.regionKeyFile)))
        return try SealedCopy.seal(archive, to: recipient)
    }
}

/// Files that Swarm mounts for us.
enum SecretFile {
    static func text(_ path: String) throws -> String {
        do {
            return String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        } catch {
            throw FleetProblem(
                .failed, "file-unreadable", subject: "file `\(path)`", "cannot read it",
                hint: "mount it into the control plane's service, readable by its user")
        }
    }
}
