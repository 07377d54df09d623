// Hand off, take back and restore: the three ways in which the right to change a region moves (F45). Each is one file
// and a step of the epoch; each may be repeated after a lost answer and then answers the same.

package import FleetModel
import FoundationEssentials
import InventoryStore

/// Where a region stands after it changed hands.
package struct Handed: Codable, Hashable, Sendable {
    package var region: RegionID
    package var owner: Ownership.Owner
    package var epoch: Int
    package var generation: Int

    init(_ region: RegionRecord) {
        (self.region, owner, epoch) = (region.name, region.ownership.owner, region.ownership.epoch)
        generation = region.targetGeneration ?? 0
    }
}

extension ControlPlaneCore {
    /// Takes the inventory that bring-up made, and with it the region.
    func handOff(_ bytes: Data) async throws -> Handed {
        try await exclusion.run { try await self.acceptHandOff(bytes) }
    }

    private func acceptHandOff(_ bytes: Data) async throws -> Handed {
        switch stage {
        case .awaiting, .serving, .paused: break
        case .checking, .refusing: throw notNow("hand off")
        }
        let sent = try volume.receive(bytes)
        defer { volume.discard() }
        try expectRegion(sent)
        try expectOperator(sent)
        // A run whose answer was lost sends what its journal has grown to since: who owned it, since when, is the same.
        let mark = "\(sent.ownership.epoch)@\(sent.ownedSince.secondsSinceEpoch)"
        if stage == .serving {
            guard try await inventory?.setting(ControlPlaneSetting.handedOff) == mark else { throw notNow("hand off") }
            return Handed(try await opened().region)
        }
        // After a take back the operator's machine may hand off again what it took.
        let present = stage == .paused ? try await opened().region.ownership.epoch : 0
        try expect(sent, atLeast: max(present, configuration.epoch))
        try await replaceInventory(by: sent, settingAside: nil)
        try await inventory?.setSetting(ControlPlaneSetting.handedOff, value: mark)
        try await inventory?.transferOwnership(to: .controlPlane, expecting: sent.ownership.epoch, at: now())
        return try await serve(kind: "hand-off", "handed off to the control plane")
    }

    /// Gives the region back to the operator's machine: loops rest, and the answer is the inventory's last state.
    func takeBack(by actor: String) async throws -> (handed: Handed, bytes: Data) {
        try await exclusion.run { try await self.giveBack(by: actor) }
    }

    private func giveBack(by actor: String) async throws -> (handed: Handed, bytes: Data) {
        guard stage.isReadable else { throw notNow("take back") }
        let (inventory, region) = try await opened()
        if region.ownership.owner == .controlPlane {
            if let lease = try await inventory.lease() { throw lease.refusal(of: "take back", region.name) }
            let ownership = try await inventory.transferOwnership(
                to: .operatorMachine, expecting: region.ownership.epoch, at: now())
            try await audit(
                "hand-off", by: actor, "region `\(region.name)`",
                "taken back by the operator's machine: epoch \(ownership.epoch)")
        }
        stage = .paused
        let bytes = try await volume.copy(of: inventory)
        return (Handed(try await opened().region), bytes)
    }

    /// Replaces an empty or old volume by a restored inventory. The next epoch is above every witness, so that what is
    /// restored, and not what was lost, is the truth from now on.
    func restore(_ bytes: Data) async throws -> Handed {
        try await exclusion.run { try await self.acceptRestore(bytes) }
    }

    private func acceptRestore(_ bytes: Data) async throws -> Handed {
        let digest = TokenText.sha256(of: bytes)
        if stage == .serving, try await inventory?.setting(ControlPlaneSetting.restored) == digest {
            return Handed(try await opened().region)
        }
        switch stage {
        case .awaiting, .refusing: break
        case .checking, .serving, .paused: throw notNow("restore")
        }
        let sent = try volume.receive(bytes)
        defer { volume.discard() }
        try expectRegion(sent)
        let newest = try await operations.witnesses(sent.policy, managers: []).filter { $0.region == sent.name }
            .map(\.epoch).max()
        let lost = try? await inventory?.region().map { Witness($0) }
        try await replaceInventory(by: sent, settingAside: lost.map { "\($0.epoch)-\($0.generation)" } ?? "unreadable")
        try await inventory?.setSetting(ControlPlaneSetting.restored, value: digest)
        var ownership = sent.ownership
        repeat {
            ownership =
                try await inventory?.transferOwnership(
                    to: .controlPlane, expecting: ownership.epoch, at: now()) ?? ownership
        } while ownership.epoch <= newest ?? 0
        return try await serve(kind: "restore", "restored from a copy of epoch \(sent.ownership.epoch)")
    }
}

extension ControlPlaneCore {
    private func replaceInventory(by sent: RegionRecord, settingAside aside: String?) async throws {
        try inventory?.close()
        inventory = nil
        try volume.install(settingAside: aside)
        inventory = try Inventory(path: volume.inventoryPath)
    }

    /// Begins to serve an inventory that is in its place and ours.
    private func serve(kind: String, _ message: String) async throws -> Handed {
        try await inventory?.resume()
        let (inventory, region) = try await opened()
        if let lease = try await inventory.lease() { try await endInterrupted(lease, in: inventory) }
        try await audit(
            kind, by: "operator", "region `\(region.name)`", "\(message): epoch \(region.ownership.epoch)")
        try await recall()
        (stage, peers) = (.serving, PeerRule(region.policy))
        wantLook(in: Self.lookAfterHandOff)
        await witness()
        return Handed(region)
    }

    private func expectRegion(_ sent: RegionRecord) throws {
        guard sent.name != configuration.region else { return }
        throw FleetProblem(
            .refused, "other-region", subject: "region `\(configuration.region)`",
            "the inventory that was sent is of region `\(sent.name)`", hint: "use the context of `\(sent.name)`")
    }

    private func expectOperator(_ sent: RegionRecord) throws {
        guard sent.ownership.owner != .operatorMachine else { return }
        throw FleetProblem(
            .refused, "not-the-operators", subject: "region `\(sent.name)`",
            "the inventory that was sent belongs to a control plane, in epoch \(sent.ownership.epoch)",
            hint: "a copy of a control plane's inventory is restored, not handed off")
    }

    private func expect(_ sent: RegionRecord, atLeast epoch: Int) throws {
        guard sent.ownership.epoch >= epoch else {
            throw FleetProblem(
                .refused, "epoch-old", subject: "region `\(sent.name)`",
                "the inventory that was sent is of epoch \(sent.ownership.epoch), the region is at epoch \(epoch)",
                hint: "hand off the newest inventory")
        }
    }

    private func notNow(_ what: String) -> APIProblem {
        APIProblem(
            .conflict, .refused, "wrong-stage", subject: "region `\(configuration.region)`",
            "\(what) is not possible while the control plane is `\(stage.word)`", hint: "look at `GET /v1/health`")
    }
}
