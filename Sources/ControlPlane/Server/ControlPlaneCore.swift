// The state of one control plane: its stage, its inventory, what it saw last. Routes and loops ask it; who may ask what
// is decided before (Routes/), and what a region looks like is decided after (Status/).

import FleetModel
import InventoryStore
import Logging

/// Keys of the inventory's settings that the control plane reads or writes.
package enum ControlPlaneSetting {
    /// Public key in base64 to which sealed copies are sealed; bring-up sets it.
    package static let recipient = "sealed-copy.recipient"
    /// When the last sealed copy was handed out, in seconds since 1970.
    package static let sealedCopyMadeAt = "sealed-copy.made-at"
    /// Owner and epoch of the lease under which the last hand off was made; whoever hands over sets it.
    package static let handedLease = "hand-off.lease"
    /// Epoch and beginning of the ownership that the last hand off ended: the same again is no second hand off.
    static let handedOff = "hand-off.sha256"
    /// SHA-256 of the file that the last restore brought.
    static let restored = "restore.sha256"
    /// The last `ObservedState`, so that a restart repeats no event.
    static let observed = "observed"
}

/// One control plane.
actor ControlPlaneCore {
    let configuration: ControlPlaneConfiguration
    let operations: any RegionOperations
    let surroundings: Surroundings
    let logger: Logger
    let volume: Volume
    let startedAt: Duration
    let exclusion = Exclusion()

    var stage = ControlPlaneStage.checking(nil)
    var inventory: Inventory?
    var peers: PeerRule
    var observed = ObservedState()
    var drift: [FleetProblem] = []
    var counters = Counters()
    /// Why the witness of the present position could not be written yet; nil when it is written.
    var owedWitness: FleetProblem?
    /// The one that this process wrote last.
    var writtenWitness: Witness?
    /// The run that this process executes.
    var going: GoingRun?
    /// What the last plan was made from.
    var lastLook: PlanLook?
    /// Tries to go on with a run that an earlier process began.
    var resumptions = 0
    /// When the loop should look without waiting for its time, because something happened; nil when nothing did.
    var wantedLook: Duration?
    /// Not while a run goes on, which looks at what it changes: its end wants one.
    var wantsLook: Bool { going == nil && wantedLook.map { $0 <= surroundings.elapsed() } ?? false }

    /// Whoever hands a region over plans for it next, and a plan is a look at every host: twice at once is one too many.
    static let lookAfterHandOff = Duration.seconds(5)

    func wantLook(in delay: Duration = .zero) { wantedLook = surroundings.elapsed() + delay }

    init(
        configuration: ControlPlaneConfiguration, operations: any RegionOperations, surroundings: Surroundings,
        logger: Logger
    ) {
        (self.configuration, self.operations) = (configuration, operations)
        (self.surroundings, self.logger) = (surroundings, logger)
        volume = Volume(folder: configuration.dataFolder)
        startedAt = surroundings.elapsed()
        peers = PeerRule(configuration.policy)
    }

    var uptimeSeconds: Int { Int((surroundings.elapsed() - startedAt).components.seconds) }

    /// What a request needs to know before it is let in.
    struct Gate: Sendable {
        let stage: ControlPlaneStage
        let peers: PeerRule
        let inventory: Inventory?
    }

    var gate: Gate { Gate(stage: stage, peers: peers, inventory: inventory) }

    /// The inventory and its region, for a caller that was let in.
    func opened() async throws -> (inventory: Inventory, region: RegionRecord) {
        guard let inventory, let region = try await inventory.region() else {
            throw FleetProblem(
                .unavailable, "no-inventory", subject: "region `\(configuration.region)`",
                "the control plane has no inventory", hint: "hand one off with `muster up`")
        }
        return (inventory, region)
    }

    func now() -> Timestamp { surroundings.now() }

    /// Writes to the audit log.
    func audit(_ kind: String, by actor: String, _ subject: String, _ message: String) async throws {
        try await audit([FleetEvent(at: now(), kind: kind, actor: actor, subject: subject, message: message)])
    }

    /// Writes to the audit log, all of it with one sync of the disk.
    func audit(_ events: [FleetEvent]) async throws {
        try await inventory?.append(events)
        log(events)
    }

    /// Counts events that were written, and repeats them in the service's log.
    func log(_ events: [FleetEvent]) {
        counters.events += events.count
        for event in events {
            logger.notice("\(event.kind): \(event.subject): \(event.message)", metadata: ["actor": "\(event.actor)"])
        }
    }
}

/// The look that a plan was made from, and when that look began.
struct PlanLook: Sendable {
    let plan: PlanID
    let observation: FleetObservation
    let since: Duration

    /// A look at a region of some size takes as long by itself: what is no older is not read again.
    static let freshness = Duration.seconds(3)
}

/// What the control plane counted since its start.
struct Counters: Sendable {
    var observations = 0
    var events = 0
    var execs = 0
    var plans = 0
    var observationSeconds = 0.0
    var isObserving = false
}

extension PeerRule {
    init(_ policy: FleetPolicy) {
        self.init(allowFrom: policy.controlPlane.allowFrom, hosts: policy.hosts.map(\.address))
    }
}

extension Witness {
    /// How far an inventory is.
    init(_ region: RegionRecord) {
        self.init(region: region.name, epoch: region.ownership.epoch, generation: region.targetGeneration ?? 0)
    }
}
