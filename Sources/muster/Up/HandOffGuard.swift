// Who owns the region is said by the witness in its Swarm, whatever this machine's folder believes: an operator whose
// hand off was cut short, or whose folder is older than it, may repeat the hand off and do nothing else (F45, ADR 0017).
import ControlPlane
import FleetLive
import FleetModel
import InventoryStore

/// Looks for a hand off that this machine began, or does not know of.
struct HandOffGuard {
    let session: OperatorSession
    let inventory: Inventory
    /// A control plane that does not answer stops nothing: for `down`, the last resort.
    var mayBeSilent = false

    /// Before anything is changed, with what was just seen of the hosts.
    ///
    /// - Returns: the context, when the region turns out to be its control plane's; nil when it is this machine's.
    func context(_ observation: FleetObservation) async throws -> RegionContext? {
        guard let region = try await inventory.region(), region.ownership.owner == .operatorMachine else { return nil }
        let witness = newestWitness(observation)
        let isTaken = witness.map { $0.epoch > region.ownership.epoch } ?? false
        guard isTaken || region.isPaused else { return nil }
        guard let (desired, addresses) = try await controlPlane() else {
            guard isTaken else { return nil }
            throw Self.taken(region.name, witness, nil)
        }
        Console.aside("region \(region.name): finishing a hand off that was begun before")
        // What the run that was cut short holds still: its folder's lock says that it is over.
        let lease = observation.newestLease(of: try LeaseOwner.text(of: session.folder))
        do {
            // Who still has to start gets the whole patience of a hand off; who has served is there, or is not.
            let hand = HandOver(session: session, inventory: inventory, patience: .seconds(isTaken ? 30 : 120))
            try await hand.handOver(to: desired, addresses: addresses, lease: lease)
        } catch {
            if isTaken, !(mayBeSilent && error.kind == .unavailable) {
                throw Self.taken(region.name, witness, error)
            }
            // It says nothing, and no witness tells that it ever served: the region is this machine's still.
            guard error.kind == .unavailable else { throw error }
            try await inventory.resume()
            return nil
        }
        return try RegionContext.load(session.folder)
    }

    private func newestWitness(_ observation: FleetObservation) -> Witness? {
        Self.newestWitness(observation, session.policy)
    }

    private static func newestWitness(_ observation: FleetObservation, _ policy: FleetPolicy) -> Witness? {
        let configs = policy.hosts.flatMap { observation.facts(of: $0.name)?.swarm.cluster?.configs ?? [] }
        return configs.compactMap { Witness(name: $0, region: policy.region) }.max()
    }

    /// For `plan`, which changes nothing: refuses to plan for a region that its control plane owns.
    static func expectOwn(
        _ policy: FleetPolicy, epoch: Int, _ observation: FleetObservation
    ) throws(FleetProblem) {
        guard let witness = newestWitness(observation, policy), witness.epoch > epoch else { return }
        throw FleetProblem(
            .refused, "handed-off-elsewhere", subject: "region `\(policy.region)`",
            "its control plane owns it since epoch \(witness.epoch), and this folder does not know of it",
            hint: "run `muster up`: it finishes the hand off that this folder began, or names the folder to use")
    }

    /// Where the control plane is, by the blueprint that brought it up.
    private func controlPlane() async throws -> (DesiredControlPlane, [String])? {
        guard let target = try await inventory.targetBlueprint(), let desired = target.controlPlane else { return nil }
        let managers = target.clusters[desired.cluster]?.managers ?? []
        return (desired, managers.compactMap { target.hosts[$0]?.address })
    }

    private static func taken(_ region: RegionID, _ witness: Witness?, _ cause: FleetProblem?) -> FleetProblem {
        let isSilent = cause?.kind == .unavailable
        return FleetProblem(
            .refused, "handed-off-elsewhere", subject: "region `\(region)`",
            "its control plane owns it since epoch \(witness?.epoch ?? 0), and "
                + (isSilent ? "does not answer" : "this folder is not the one that handed it off")
                + "; nothing was changed", cause: cause?.description,
            hint: isSilent
                ? "bring its home host and a majority of its managers up, then run the command again"
                : "use the folder of whoever handed it off: `context.json`, `ca.pem` and `admin.token` are enough")
    }
}
