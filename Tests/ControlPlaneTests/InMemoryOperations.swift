// The world as a control plane meets it, in memory: hosts that can be lost, witnesses that can be out of reach.

import ControlPlane
import FleetModel
import FleetReconciler
import Synchronization

final class InMemoryOperations: RegionOperations {
    struct World: Sendable {
        var witnesses: [Witness] = []
        /// Who was to be asked to write the last one.
        var askedManagers: [HostID] = []
        var areManagersReachable = true
        var hosts = 5
        var lost: Set<Int> = []
        /// Steps that every plan has.
        var steps: [Step] = []
        /// What a plan finds of the hosts.
        var preconditions: [HostID: Precondition] = [:]
        var approval: PlanApproval?
        /// What every plan says.
        var report: [ReportEntry] = []
        /// What the planner was asked for last.
        var intents = FleetIntents()
        /// Hosts that it was told of because nobody knew them.
        var forgotten: [HostID: DesiredHost] = [:]
        var failing: Set<StepID> = []
        /// Steps at which an execution stays until it is cancelled, as one that is killed there.
        var hanging: Set<StepID> = []
        /// What was executed, in order.
        var executed: [StepID] = []
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

    func observe(
        _ policy: FleetPolicy, leaving: [HostPolicy]
    ) async -> (observation: FleetObservation, execs: [HostID: Int]) {
        world.withLock { world in
            world.observations += 1
            let seen = SampleRegion.observation(hosts: world.hosts, lost: world.lost, at: world.now)
            return (seen, seen.hosts.mapValues { _ in 1 })
        }
    }

    func plan(
        _ policy: FleetPolicy, observation: FleetObservation, parent: Blueprint?, intents: FleetIntents,
        forgotten: [HostID: DesiredHost]
    ) throws -> Plan {
        change { ($0.intents, $0.forgotten) = (intents, forgotten) }
        let world = state
        let blueprint = world.wanted ?? parent ?? SampleRegion.blueprint()
        return Plan(
            region: policy.region, blueprint: blueprint, steps: world.steps, report: world.report,
            preconditions: world.preconditions, approval: world.approval)
    }

    func regionPublicKey() throws -> String { "ssh-ed25519 AAAA" }

    /// Every step changes what it is about, so that the next plan has it no more.
    func apply(
        _ order: ExecutionOrder, stop: StopSignal, progress: @escaping @Sendable (ProgressEvent) -> Void
    ) async throws -> ApplyReport {
        var results: [StepResult] = []
        for step in order.plan.steps {
            if stop.reason == nil { progress(.started(step)) }
            while state.hanging.contains(step.id), stop.reason == nil { try? await Task.sleep(for: .milliseconds(5)) }
            let outcome = stop.reason.map { StepResult.Outcome.unstarted($0) } ?? perform(step)
            let result = StepResult(step: step, outcome: outcome, duration: .milliseconds(1500))
            results.append(result)
            progress(.finished(result))
        }
        return ApplyReport(plan: order.plan, results: results, duration: .seconds(2), stop: stop.reason)
    }

    private func perform(_ step: Step) -> StepResult.Outcome {
        world.withLock { world in
            guard !world.failing.contains(step.id) else {
                return .failed(
                    FleetProblem(.failed, "load-image", subject: "host `\(step.subject)`", "the engine refused it"))
            }
            world.executed.append(step.id)
            world.steps.removeAll { $0.id == step.id }
            return .changed
        }
    }

    func witnesses(_ policy: FleetPolicy, managers: [HostID]) async throws -> [Witness] {
        guard state.areManagersReachable else { throw Self.noManager }
        return state.witnesses
    }

    func record(_ witness: Witness, policy: FleetPolicy, managers: [HostID]) async throws {
        guard state.areManagersReachable else { throw Self.noManager }
        change { world in
            world.askedManagers = managers
            if !world.witnesses.contains(witness) { world.witnesses.append(witness) }
            let superseded = Witness.superseded(among: world.witnesses)
            world.witnesses.removeAll { superseded.contains($0) }
        }
    }

    static let noManager = FleetProblem(
        .unavailable, "no-manager", subject: "cluster `control`", "no manager answers", hint: "look at the managers")

    static let loadStep = loadStep(4)

    static func loadStep(_ number: Int) -> Step {
        Step(
            id: StepID("load-image/\(SampleRegion.host(number))"),
            action: .loadImage(reference: "muster:2f6c1d0b9a47"), host: SampleRegion.host(number),
            reason: "the image is absent")
    }
}
