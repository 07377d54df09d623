// What a control plane may answer: it serves only as long as it knows that its volume is the region's newest truth.

package import FleetModel

/// Where a control plane is between its start and serving.
package enum ControlPlaneStage: Hashable, Sendable {
    /// The witnesses could not be read yet; the reason is what stood in the way the last time.
    case checking(FleetProblem?)
    /// An empty volume and no witness: a new region that waits for hand off.
    case awaiting
    case serving
    /// The inventory was taken back: it reads, and changes nothing.
    case paused
    /// The volume is older than its witness, or empty though there is one.
    case refusing(FleetProblem)

    /// The word that health and `status` print.
    package var word: String {
        switch self {
        case .checking: "checking"
        case .awaiting: "awaiting"
        case .serving: "serving"
        case .paused: "paused"
        case .refusing: "refusing"
        }
    }

    /// Whether it has an inventory that may be read as the region's truth, or as what was the truth at take back.
    var isReadable: Bool {
        switch self {
        case .serving, .paused: true
        case .checking, .awaiting, .refusing: false
        }
    }
}

extension ControlPlaneStage {
    /// Where a start leads: how far the volume is (nil when it is empty), who owns it, and what the witnesses say.
    static func atStart(
        region: RegionID, volume: Witness?, owner: Ownership.Owner?, witnesses: [Witness]
    ) -> ControlPlaneStage {
        let newest = witnesses.filter { $0.region == region }.max()
        guard let volume else {
            return newest.map { .refusing(.emptyVolume(region, witness: $0)) } ?? .awaiting
        }
        if let newest, volume < newest { return .refusing(.oldVolume(region, volume: volume, witness: newest)) }
        switch owner {
        case .controlPlane?: return .serving
        case .operatorMachine?, nil: return .paused
        }
    }
}

extension FleetProblem {
    static func emptyVolume(_ region: RegionID, witness: Witness) -> FleetProblem {
        FleetProblem(
            .refused, "volume-empty", subject: "region `\(region)`",
            "will not serve an empty volume: witness `\(witness.name)` says that there was an inventory of epoch "
                + "\(witness.epoch), generation \(witness.generation)",
            hint: "restore the sealed copy with `\(restoreCommand(region))`")
    }

    static func oldVolume(_ region: RegionID, volume: Witness, witness: Witness) -> FleetProblem {
        FleetProblem(
            .refused, "volume-old", subject: "region `\(region)`",
            "will not serve a volume of epoch \(volume.epoch), generation \(volume.generation): witness "
                + "`\(witness.name)` says that the region was at epoch \(witness.epoch), generation "
                + "\(witness.generation)",
            hint: "restore the sealed copy with `\(restoreCommand(region))`")
    }

    static func restoreCommand(_ region: RegionID) -> String { "muster inventory restore --region \(region)" }
}
