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
    @OptionGroup var approval: ApprovalOptions
    @Flag(help: "Print the result as JSON.") var json = false

    func run() async throws { try await recording.recording { try await result() } }

    private func result() async throws -> Int32 {
        let document = try PlanDocument.load(plan)
        let session = try OperatorSession(policy: document.policy)
        return try await session.closing {
            let lock = try FolderLock(session.folder)
            defer { lock.release() }
            if let context = try RegionContext.load(session.folder), context.isHandedOff {
                return try await apply(document, session, context)
            }
            return try await apply(document.plan, session)
        }
    }

    /// After the hand off the control plane has the very plan, and compares what it was made from.
    private func apply(
        _ document: PlanDocument, _ session: OperatorSession, _ context: RegionContext
    ) async throws -> Int32 {
        guard let id = document.id else { throw Self.handedOff(document.plan.region) }
        guard document.plan.refusals.isEmpty else { throw Self.refused(document.plan) }
        let remote = try RemoteRegion(session, context)
        let run = RemoteRun(remote: remote, policy: session.policy, isJSON: json, approval: approval.approval)
        let result = try await run.apply(document.plan, id: id, execs: [:])
        if json { try Console.json(result.document) }
        return result.code
    }

    private func apply(_ plan: Plan, _ session: OperatorSession) async throws -> Int32 {
        guard plan.refusals.isEmpty else { throw Self.refused(plan) }
        let hosts = (session.policy.hosts + plan.leaving).filter { plan.preconditions[$0.name] != nil }
        let observation = await session.observer.observation(of: hosts)
        let moved = plan.differences(from: observation)
        if !moved.isEmpty { throw FleetProblems(moved) }
        _ = try approval.approval.number(for: plan)
        let inventory = try session.openInventory()
        defer { try? inventory.close() }
        try await inventory.adopt(policy: session.policy.portable, at: session.clock.now())
        if try await HandOffGuard(session: session, inventory: inventory).context(observation) != nil {
            throw Self.handedOff(plan.region)
        }
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

    private static func refused(_ plan: Plan) -> FleetProblems { FleetProblems(plan.refusals.map(\.problem)) }

    private static func handedOff(_ region: RegionID) -> FleetProblem {
        FleetProblem(
            .refused, "plan-stale", subject: "plan of region `\(region)`",
            "it was made before the region was handed to its control plane", hint: "plan again")
    }
}
