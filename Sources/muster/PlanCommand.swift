// `muster plan`: what would change and why, with the very commands; `-o` saves it for `muster apply`.
import ArgumentParser
import FleetModel
import FleetPlanner
import Foundation
import InventoryStore

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what would change, why, and by which commands.",
        discussion: """
            Example: muster plan eu1.yaml -o plan.json; muster apply plan.json
            Exit codes: 0 nothing to change; 2 there are changes, or the plan is refused.
            """)

    @OptionGroup var options: ManifestOptions
    @Option(name: .shortAndLong, help: "Save the plan to this file.") var output: String?
    @Flag(help: "Print the plan as JSON.") var json = false

    func run() async throws {
        let session = try OperatorSession(options)
        let document = try await session.closing { try await plan(session) }
        if let output { try document.save(to: output) }
        if json { try Console.json(document) } else { PlanText(plan: document.plan, nodes: document.nodes).print() }
        if !document.plan.isEmpty || !document.plan.refusals.isEmpty { throw ExitCode(2) }
    }

    private func plan(_ session: OperatorSession) async throws -> PlanDocument {
        if let context = try RegionContext.load(session.folder), context.isHandedOff {
            let answer = try await RemoteRegion(session, context).plan(session.policy)
            return PlanDocument(policy: session.policy, plan: answer.plan, nodes: [:], id: answer.id)
        }
        // An inventory is read, never made: `plan` changes nothing.
        var parent: Blueprint?
        var (epoch, drained) = (1, Set<HostID>())
        if FileManager.default.fileExists(atPath: session.folder.inventoryPath) {
            let inventory = try session.openInventory()
            parent = try await inventory.targetBlueprint()
            epoch = try await inventory.region()?.ownership.epoch ?? epoch
            drained = try await inventory.drainingHosts()
            try inventory.close()
        }
        let hosts = session.policy.hosts + session.policy.leaving(after: parent)
        let first = await session.observer.observation(of: hosts)
        try HandOffGuard.expectOwn(session.policy, epoch: epoch, first)
        var input = try session.input(observation: first, parent: parent)
        input.intents.draining = drained
        let (plan, observation) = await session.observer.plan(input)
        let nodes = observation.hosts.compactMapValues { observed in
            if case .reachable(let facts) = observed { facts.swarm.nodeID } else { nil }
        }
        return PlanDocument(policy: session.policy, plan: plan, nodes: nodes)
    }
}

/// A saved plan. It holds no secret: keys and tokens are named by the policy and read when it is applied.
struct PlanDocument: Codable {
    var schema = 1
    var policy: FleetPolicy
    var plan: Plan
    var nodes: [HostID: NodeID]
    /// The control plane's name for the plan, when it made it.
    var id: PlanID?

    func save(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do { try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw FleetProblem(
                .failed, "file-unwritable", subject: "file `\(path)`", "cannot save the plan",
                cause: error.localizedDescription, hint: "name a file in a folder that you may write")
        }
    }

    static func load(_ path: String) throws -> PlanDocument {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            return try JSONDecoder().decode(PlanDocument.self, from: data)
        } catch {
            throw FleetProblem(
                .rejected, "plan-unreadable", subject: "file `\(path)`", "it is not a plan saved by `muster plan -o`",
                hint: "make one with `muster plan MANIFEST -o \(path)`")
        }
    }
}
