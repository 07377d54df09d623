// A region after its hand off, as its operator's machine sees it: calls to the control plane with the admin token, and
// a sealed copy that every such call refreshes (decision 9).
import ArgumentParser
import ControlPlane
import FleetLive
import FleetModel
import Foundation

/// The client half of one region.
struct RemoteRegion {
    let folder: RegionFolder
    let context: RegionContext

    /// The region named, or the only one that this machine knows.
    static func named(_ name: String?) throws -> RemoteRegion {
        let environment = ProcessInfo.processInfo.environment
        let name = try name.map { RegionID($0) } ?? RegionFolder.only(environment: environment)
        guard RegionFolder.all(environment: environment).contains(name) else { throw unknown(name) }
        let folder = try RegionFolder(region: name, environment: environment)
        guard let context = try RegionContext.load(folder), context.isHandedOff else {
            throw unknown(name)
        }
        return RemoteRegion(folder: folder, context: context)
    }

    private static func unknown(_ name: RegionID) -> FleetProblem {
        FleetProblem(
            .rejected, "no-context", subject: "region `\(name)`", "this machine has not handed it to a control plane",
            hint: "bring it up with `muster up MANIFEST`, or see `muster context list`")
    }

    /// A region whose manifest is at hand: the bastion is the one that it names, whatever was true before.
    init(_ session: OperatorSession, _ context: RegionContext) throws {
        folder = session.folder
        var present = context
        present.bastion = session.policy.access.wayToControlPlane
        if present.bastion != context.bastion { try present.save(folder) }
        self.context = present
    }

    init(folder: RegionFolder, context: RegionContext) { (self.folder, self.context) = (folder, context) }

    /// Calls `body` with a client, and refreshes the sealed copy afterwards when there is reason to.
    func calling<Value>(
        refreshing: Bool = true, _ body: (ControlPlaneClient) async throws -> Value
    ) async throws -> Value {
        try await calling(refreshingIf: { _ in refreshing }, body)
    }

    /// The same, where what came of it decides whether there is reason to.
    func calling<Value>(
        refreshingIf isDue: (Value) -> Bool, _ body: (ControlPlaneClient) async throws -> Value
    ) async throws -> Value {
        let client = try client()
        do {
            let value = try await body(client)
            if isDue(value) { try? await store(client.sealedCopy()) }
            await client.shutdown()
            return value
        } catch let problem as FleetProblem where problem.code == "control-plane-unreachable" {
            await client.shutdown()
            throw explained(problem)
        } catch {
            await client.shutdown()
            throw error
        }
    }

    /// One host holds its volume, and nobody but that host can bring it back: it is named.
    private func explained(_ problem: FleetProblem) -> FleetProblem {
        guard let home = context.addresses.first else { return problem }
        var problem = problem
        problem.hint =
            "its home is `\(home)`: bring that host and a majority of the managers up, and see that "
            + "`controlPlane.allowFrom` has this machine; the Swarms go on without it"
        return problem
    }

    /// Remembers where the managers are, when that has changed: the home stays first.
    func remember(_ blueprint: Blueprint) throws {
        guard let plane = blueprint.controlPlane, let cluster = blueprint.clusters[plane.cluster] else { return }
        let managers = [plane.home] + cluster.managers.filter { $0 != plane.home }
        var present = context
        present.addresses = managers.compactMap { blueprint.hosts[$0]?.address }
        if present.addresses != context.addresses, !present.addresses.isEmpty { try present.save(folder) }
    }

    /// A plan changes nothing that a sealed copy would have to keep.
    /// - Parameter policy: nil asks for a plan of the region's present one.
    func plan(_ policy: FleetPolicy?, _ intents: FleetIntents = FleetIntents()) async throws -> PlanAnswer {
        try await calling(refreshing: false) {
            try await $0.plan(PlanWanted(policy: policy?.portable, intents: intents))
        }
    }

    /// Whether the sealed copy is there and fresh enough to go without another one after a command that changed nothing.
    var hasFreshCopy: Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: folder.path(of: .sealedCopy))
        guard let madeAt = attributes?[.modificationDate] as? Date else { return false }
        // A clock that jumped back makes it old: another copy costs little.
        return (0..<Self.freshCopySeconds).contains(Date().timeIntervalSince(madeAt))
    }

    /// A day: the control plane warns when its last copy is a week old, and one a day is never that.
    private static let freshCopySeconds = 86_400.0

    func refreshSealedCopy() async throws {
        try await calling(refreshing: false) { try store(try await $0.sealedCopy()) }
    }

    /// - Throws: when the managers have addresses of a lab that this process is not in.
    func checkReachable() throws(FleetProblem) {
        let asked = context.bastion.map { [$0.address] } ?? context.addresses
        try LabGuard.check(asked, subject: "region `\(context.region)`")
    }

    private func store(_ copy: Data) throws(FleetProblem) { try folder.write(copy, to: .sealedCopy) }

    private func client() throws -> ControlPlaneClient {
        guard let authority = folder.text(.authorityCertificate), let token = folder.secret(.adminToken) else {
            throw FleetProblem(
                .rejected, "context-incomplete", subject: "folder `\(folder.path)`",
                "the authority's certificate or the token is missing", hint: "restore the folder from a backup")
        }
        return try client(authority, token)
    }

    /// - Parameter token: of whoever asks.
    func client(_ authority: String, _ token: Secret) throws -> ControlPlaneClient {
        try checkReachable()
        return try ControlPlaneClient(
            addresses: context.addresses, port: context.port, authorityPEM: authority, token: token,
            way: try context.bastion.map { try BastionWay($0) })
    }
}

extension RegionFolder {
    /// Regions that this machine has a context of.
    static func all(environment: [String: String]) -> [RegionID] {
        let home = Self.home(environment)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home)) ?? []
        return names.filter { FileManager.default.fileExists(atPath: "\(home)/\($0)/context.json") }.sorted()
            .map { RegionID($0) }
    }

    static func only(environment: [String: String]) throws -> RegionID {
        let all = all(environment: environment)
        if all.count == 1, let one = all.first { return one }
        throw FleetProblem(
            .rejected, "which-region", subject: "region",
            all.isEmpty
                ? "this machine knows no region that has a control plane"
                : "this machine knows several: \(all.map { "`\($0)`" }.joined(separator: ", "))",
            hint: all.isEmpty ? "bring one up with `muster up MANIFEST`" : "name one with `--region NAME`")
    }
}

/// Which region is meant; every verb that asks a control plane takes it.
struct RegionOptions: ParsableArguments {
    @Option(
        help: "The region. (default: the only one that this machine knows)",
        completion: .custom(RegionCompletion.names))
    var region: String?

    func remote() throws -> RemoteRegion { try RemoteRegion.named(region) }
}
