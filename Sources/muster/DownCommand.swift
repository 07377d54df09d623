// `muster down`: take the region back from its control plane, tear down what Muster made, prove that nothing is left.
import ArgumentParser
import ControlPlane
import FleetLive
import FleetModel
import FleetPlanner
import FleetReconciler
import Foundation
import InventoryStore

struct DownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Tear down what Muster made, and only that; prove that nothing is left.",
        discussion: """
            Example: muster down bootstrap/regions/lab.yaml --confirm lab
            Docker volumes that Muster did not make stay, unless --delete-data is given.
            """)

    @OptionGroup var options: ManifestOptions
    @Option(help: "The region's name, typed by whoever means it; asked for on a terminal.") var confirm: String?
    @Flag(help: "Remove Docker volumes that Muster did not make, too.") var deleteData = false
    @OptionGroup var recording: EventOptions
    @Flag(help: "Print the result as JSON.") var json = false

    func run() async throws { try await recording.recording { try await result() } }

    private func result() async throws -> Int32 {
        let session = try OperatorSession(options, reachesHosts: true)
        return try await session.closing {
            let lock = try FolderLock(session.folder)
            defer { lock.release() }
            try Confirmation(region: session.policy.region, given: confirm).check()
            try await TakeBack(session: session).run()
            return try await TearDown(session: session, deleteData: deleteData, isJSON: json).run()
        }
    }
}

/// The region's name, typed.
struct Confirmation {
    let region: RegionID
    let given: String?

    func check() throws {
        var name = given
        if name == nil, Console.isTerminal, isatty(STDIN_FILENO) == 1 {
            Console.write("This tears region `\(region)` down. Type its name to go on: ", to: STDERR_FILENO)
            name = readLine()
        }
        if name == region.rawValue { return }
        throw FleetProblem(
            .refused, "not-confirmed", subject: "region `\(region)`", "its name was not typed, so nothing was changed",
            hint: "give `--confirm \(region)`")
    }
}

/// Gets the inventory and the right to change the region back from the control plane.
struct TakeBack {
    let session: OperatorSession

    func run() async throws {
        guard let context = try await context() else { return }
        let remote = try RemoteRegion(session, context)
        do {
            let taken = try await remote.calling(refreshing: false) { try await $0.takeBack() }
            try keep(taken.inventory)
            Console.aside(
                "the control plane gave the region back: generation \(taken.generation), epoch \(taken.epoch)")
        } catch let problem as FleetProblem where problem.kind == .unavailable {
            Console.aside("\(problem)")
            Console.aside("going on from the sealed copy: `\(session.folder.path(of: .sealedCopy))`")
            try keep(SealedCopyFile(folder: session.folder, path: nil).archive().inventory)
        }
        session.folder.remove([.context])
    }

    /// The context of a region that was handed off, by this folder or, as its Swarm tells, by another.
    private func context() async throws -> RegionContext? {
        if let context = try RegionContext.load(session.folder), context.isHandedOff { return context }
        let inventory = try session.openInventory()
        defer { try? inventory.close() }
        try await inventory.adopt(policy: session.policy.portable, at: session.clock.now())
        let observation = await session.observer.observation(of: session.policy.hosts)
        return try await HandOffGuard(session: session, inventory: inventory, mayBeSilent: true).context(observation)
    }

    /// Puts the inventory in the place of the operator's own, whole or not at all.
    private func keep(_ inventory: Data) throws {
        let path = session.folder.inventoryPath
        let draft = path + ".taken-back"
        try inventory.write(to: URL(fileURLWithPath: draft))
        _ = try Inventory.verify(path: draft)
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        try FileManager.default.moveItem(atPath: draft, toPath: path)
    }
}

/// The tear-down itself.
struct TearDown {
    let session: OperatorSession
    let deleteData: Bool
    let isJSON: Bool

    func run() async throws -> Int32 {
        let inventory = try session.openInventory()
        try await inventory.adopt(policy: session.policy.portable, at: session.clock.now())
        try await inventory.resume()
        let parent = try await inventory.targetBlueprint()
        let hosts = session.policy.hosts + session.policy.leaving(after: parent)
        let observation = await session.observer.observation(of: hosts)
        let input = PlannerInput(policy: session.policy, observation: observation, parent: parent, image: "")
        let plan = TeardownPlanner.plan(input, deleteData: deleteData)
        if !isJSON { ReportText(entries: plan.report).print() }
        let code = try await PlanRun(session: session, inventory: inventory, isJSON: isJSON)
            .execute(plan, observation: observation, isTeardown: true)
        let left = code == 130 ? [] : await leftovers()
        try inventory.close()
        guard code == 0, left.isEmpty else {
            for problem in left { Console.error(problem) }
            return code == 0 ? 1 : code
        }
        try putAway()
        if !isJSON {
            Console.line(
                "  proven: nothing of region \(session.policy.region) is left on \(session.policy.hosts.count) hosts")
        }
        return 0
    }

    /// What a fresh look at every host still finds of this region.
    private func leftovers() async -> [FleetProblem] {
        let observation = await session.observer.observation(of: session.policy.hosts)
        return session.policy.hosts.compactMap { host in
            guard let facts = observation.facts(of: host.name),
                facts.made.map({ $0.region == session.policy.region }) ?? (facts.lease != nil)
            else { return nil }
            return FleetProblem(
                .failed, "left-over", subject: "host `\(host.name)`",
                "something of region `\(session.policy.region)` is left",
                hint: "run the command again")
        }
    }

    /// The history stays on the operator's machine; keys and tokens, which open nothing any more, go.
    private func putAway() throws {
        _ = try session.folder.keepHistory(at: session.clock.now())
        session.folder.removeAll()
    }
}
