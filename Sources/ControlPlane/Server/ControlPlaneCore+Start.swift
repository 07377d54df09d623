// From a start to serving: open the volume, read the witnesses, and only then answer. What cannot be checked is not
// served: a control plane without managers keeps asking.

import FleetModel
import FoundationEssentials
import InventoryStore

extension ControlPlaneCore {
    /// One try to find out what this volume is. Does nothing once that is known.
    func check() async {
        guard case .checking = stage else { return }
        do {
            try await exclusion.run { try await self.decideStage() }
        } catch {
            let problem = (error as? FleetProblem) ?? .unexpected(error, subject: "region `\(configuration.region)`")
            stage = .checking(problem)
        }
        logger.notice("stage: \(stage.word)", metadata: stage.problem.map { ["reason": "\($0)"] })
    }

    private func decideStage() async throws {
        try volume.prepare()
        let region: RegionRecord?
        do {
            region = try await openVolume()
        } catch let problem as FleetProblem where !problem.mayHeal {
            return stage = .refusing(problem)
        }
        let policy = region?.policy ?? configuration.policy
        let managers = try await managers()
        let witnesses = try await operations.witnesses(policy, managers: managers)
        let position = region.map { Witness($0) }
        let next = ControlPlaneStage.atStart(
            region: configuration.region, volume: position, owner: region?.ownership.owner, witnesses: witnesses)
        // Killed between taking the region over and beginning to serve: what the sender paused is not paused here.
        if next == .serving, region?.isPaused == true { try await inventory?.resume() }
        if next == .serving, let position {
            try await operations.record(position, policy: policy, managers: managers)
        }
        if next.isReadable { try await recall() }
        (stage, peers) = (next, PeerRule(policy))
        if next == .serving { wantLook() }
    }

    /// The control cluster's, by the target; none before there is one.
    private func managers() async throws -> [HostID] {
        guard let target = try await inventory?.targetBlueprint(), let plane = target.controlPlane else { return [] }
        return target.clusters[plane.cluster]?.managers ?? []
    }

    private func openVolume() async throws -> RegionRecord? {
        guard volume.hasInventory else { return nil }
        if inventory == nil { inventory = try Inventory(path: volume.inventoryPath) }
        guard let region = try await inventory?.region() else { return nil }
        guard region.name == configuration.region else {
            throw FleetProblem(
                .rejected, "other-region", subject: "region `\(configuration.region)`",
                "the volume holds region `\(region.name)`", hint: "mount the volume of `\(configuration.region)`")
        }
        return region
    }

    /// Reads what was seen last, so that a restart repeats no event.
    func recall() async throws {
        guard let text = try await inventory?.setting(ControlPlaneSetting.observed) else { return observed = .init() }
        // What an other version wrote differently is forgotten: at worst an event is told twice.
        observed = (try? JSONDecoder().decode(ObservedState.self, from: Data(text.utf8))) ?? ObservedState()
        drift = observed.drift.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Writes the witness of where the inventory is now. When no manager takes it the control plane goes on, says so
    /// in `status`, and tries again with each observation.
    func witness() async {
        do {
            let (_, region) = try await opened()
            let witness = Witness(region)
            if owedWitness == nil, writtenWitness == witness { return }
            try await operations.record(witness, policy: region.policy, managers: managers())
            (owedWitness, writtenWitness) = (nil, witness)
        } catch {
            owedWitness = FleetProblem(
                .unavailable, "witness-owed", subject: "region `\(configuration.region)`",
                "the witness of the present blueprint is not written yet", cause: String(describing: error),
                hint: "look at the managers; it is tried again with each observation")
        }
    }
}

extension FleetProblem {
    static func unexpected(_ error: any Error, subject: String) -> FleetProblem {
        FleetProblem(
            .failed, "unexpected", subject: subject, "something unexpected happened", cause: "\(error)",
            hint: "see the log of the control plane's service")
    }

    /// A locked file or a full disk may be well a moment later; a file that is damaged, newer or no inventory is not.
    var mayHeal: Bool {
        switch kind {
        case .unavailable, .failed: true
        case .rejected, .refused, .broken, .noted: false
        }
    }
}

extension ControlPlaneStage {
    /// Why it does not serve.
    var problem: FleetProblem? {
        switch self {
        case .checking(let problem): problem
        case .refusing(let problem): problem
        case .awaiting, .serving, .paused: nil
        }
    }
}
