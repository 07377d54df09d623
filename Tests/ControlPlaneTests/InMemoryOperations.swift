// The world as a control plane meets it, in memory: hosts that can be lost, witnesses that can be out of reach.

import ControlPlane
import FleetModel
import Synchronization

final class InMemoryOperations: RegionOperations {
    struct World: Sendable {
        var witnesses: [Witness] = []
        var areManagersReachable = true
        var hosts = 5
        var lost: Set<Int> = []
        /// Steps that every plan has.
        var steps: [Step] = []
        var observations = 0
        var now = SampleRegion.start
        /// What the planner wants; nil is what the parent wants.
        var wanted: Blueprint?
    }

    private let world: Mutex<World>

    init(_ world: World = World()) { self.world = Mutex(world) }

    func change(_ body: (inout World) -> Void) {
        world.withLock { body(&$0) }
    }

    var state: World { world.withLock { $0 } }

    func observe(_ policy: FleetPolicy) async -> (observation: FleetObservation, execs: [HostID: Int]) {
        world.withLock { world in
            world.observations += 1
            let seen = SampleRegion.observation(hosts: world.hosts, lost: world.lost, at: world.now)
            return (seen, seen.hosts.mapValues { _ in 1 })
        }
    }

    func plan(_ policy: FleetPolicy, observation: FleetObservation, parent: Blueprint?) throws -> Plan {
        let world = state
        let blueprint = world.wanted ?? parent ?? SampleRegion.blueprint()
        return Plan(region: policy.region, blueprint: blueprint, steps: world.steps)
    }

    func witnesses(_ policy: FleetPolicy) async throws -> [Witness] {
        guard state.areManagersReachable else { throw Self.noManager }
        return state.witnesses
    }

    func record(_ witness: Witness, policy: FleetPolicy) async throws {
        guard state.areManagersReachable else { throw Self.noManager }
        change { world in
            if !world.witnesses.contains(witness) { world.witnesses.append(witness) }
            let superseded = Witness.superseded(among: world.witnesses)
            world.witnesses.removeAll { superseded.contains($0) }
        }
    }

    static let noManager = FleetProblem(
        .unavailable, "no-manager", subject: "cluster `control`", "no manager answers", hint: "look at the managers")

    static let loadStep = Step(
        id: "load-image/eu1-04",
        action: .loadImage(reference: "muster:2f6c1d0b9a47"), host: "eu1-04",
        reason: "the image is absent")
}
