// `muster apply`: execute exactly a saved plan, or refuse it with the difference when the facts have moved (I3).
import ArgumentParser
import FleetModel
import FleetPlanner
import InventoryStore

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Execute a saved plan, or refuse it when the hosts are no longer as it found them.",
        discussion: "Example: muster apply plan.json")

    @Argument(help: "A plan saved by `muster plan -o`.") var plan: String
    @OptionGroup var recording: EventOptions
    @Flag(help: "Print the result as JSON.") var json = false

    func run() async throws { try await recording.recording { try await result() } }

    private func result() async throws -> Int32 {
        let document = try PlanDocument.load(plan)
        let session = try OperatorSession(policy: document.policy)
        return try await session.closing {
            let lock = try FolderLock(session.folder)
            defer { lock.release() }
            return try await apply(document.plan, session)
        }
    }

    private func apply(_ plan: Plan, _ session: OperatorSession) async throws -> Int32 {
        if try RegionContext.load(session.folder)?.isHandedOff == true { throw Self.handedOff(plan.region) }
        guard plan.refusals.isEmpty else { throw Self.refused(plan) }
        let hosts = session.policy.hosts.filter { plan.preconditions[$0.name] != nil }
        let observation = await session.observer.observation(of: hosts)
        let moved = Self.differences(plan, observation)
        if !moved.isEmpty { throw FleetProblems(moved) }
        let inventory = try session.openInventory()
        defer { try? inventory.close() }
        try await inventory.adopt(policy: session.policy.portable, at: session.clock.now())
        try await expectParent(of: plan, inventory)
        return try await PlanRun(session: session, inventory: inventory, isJSON: json)
            .execute(plan, observation: observation)
    }

    private func expectParent(of plan: Plan, _ inventory: Inventory) async throws {
        let target = try await inventory.targetBlueprint()
        guard target != plan.blueprint, (target?.generation ?? 0) != plan.blueprint.parent else { return }
        throw FleetProblem(
            .refused, "plan-stale", subject: "plan `\(self.plan)`",
            "it was made from generation \(plan.blueprint.parent), the region is at \(target?.generation ?? 0)",
            hint: "plan again")
    }

    private static func differences(_ plan: Plan, _ observation: FleetObservation) -> [FleetProblem] {
        plan.preconditions.sorted { $0.key < $1.key }.flatMap { host, expected in
            expected.differences(from: Precondition(observed: observation.hosts[host])).map { difference in
                FleetProblem(
                    .refused, "plan-stale", subject: "host `\(host)`", "is not as the plan found it: \(difference)",
                    hint: "plan again")
            }
        }
    }

    private static func refused(_ plan: Plan) -> FleetProblems { FleetProblems(plan.refusals.map(\.problem)) }

    private static func handedOff(_ region: RegionID) -> FleetProblem {
        FleetProblem(
            .refused, "handed-off", subject: "region `\(region)`",
            "its control plane owns it, and changes through the control plane are not built yet",
            hint: "take it back with `muster down`, or wait for a newer `muster`")
    }
}
