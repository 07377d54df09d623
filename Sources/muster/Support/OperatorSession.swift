// What the verbs that talk to hosts share: a manifest read, its hosts' keys pinned, a client, the region's folder.
import ArgumentParser
import FleetLive
import FleetModel
import FleetPlanner
import FleetReconciler
import Foundation
import InventoryStore
import RegionManifest
import SSHTransport

/// Options of every verb that takes a manifest.
struct ManifestOptions: ParsableArguments {
    @Argument(
        help: "Path of the region's manifest, for example bootstrap/regions/lab.yaml.",
        completion: .file(extensions: ["yaml", "yml"]))
    var manifest: String
}

/// The operator's side of one region for one run.
struct OperatorSession {
    let policy: FleetPolicy
    let folder: RegionFolder
    let client: SSHClient
    private(set) var shell: SSHHostShell
    private var hasSudoPassword: Bool
    let clock = SystemClock()
    let nonce: String

    /// - Parameter reachesHosts: the verb asks hosts itself, even after the hand off.
    init(_ options: ManifestOptions, reachesHosts: Bool = false) throws {
        try self.init(policy: ManifestFile.policy(at: options.manifest), reachesHosts: reachesHosts)
    }

    init(policy manifestPolicy: FleetPolicy, reachesHosts: Bool = false) throws {
        let environment = ProcessInfo.processInfo.environment
        try LabGuard.check(manifestPolicy)
        nonce = makeNonce()
        let (client, knownHosts) = try OperatorClient.make(manifestPolicy.access)
        self.client = client
        folder = try RegionFolder(region: manifestPolicy.region, environment: environment)
        let trusted = manifestPolicy.pinned(by: try OperatorPins(folder: folder.path))
        policy = knownHosts.map(trusted.pinned(by:)) ?? trusted
        let password = try SudoPassword.given(for: policy, mayAsk: try reachesHosts || !Self.isHandedOff(folder))
        hasSudoPassword = password != nil
        shell = SSHHostShell(client: client, access: policy.access, nonce: nonce, sudoPassword: password)
    }

    /// After the hand off nobody was asked for a password, for most commands need none: now one does.
    ///
    /// - Throws: `no-sudo-password` where there is nobody to ask.
    mutating func askForSudoPassword() throws {
        guard !hasSudoPassword, let password = try SudoPassword.given(for: policy) else { return }
        hasSudoPassword = true
        shell = SSHHostShell(client: client, access: policy.access, nonce: nonce, sudoPassword: password)
    }

    var observer: Observer {
        let more: Set<ProbeSection> = policy.access.sudo == .password ? [.rootLogin] : []
        return Observer(
            shell: shell, clock: clock, nonce: nonce, sections: ProbeSection.forPlanning.union(more))
    }

    /// The control plane asks the hosts then, and has no use for a password.
    private static func isHandedOff(_ folder: RegionFolder) throws -> Bool {
        try RegionContext.load(folder)?.isHandedOff == true
    }

    func openInventory() throws -> Inventory { try Inventory(path: folder.inventoryPath) }

    /// The image that the control plane would run: this executable's.
    func imageReference() throws -> String { try ImageFile.reference() }

    func input(observation: FleetObservation, parent: Blueprint?, isHandedOff: Bool = false) throws -> PlannerInput {
        PlannerInput(
            policy: policy, observation: observation, parent: parent, image: try imageReference(),
            isHandedOff: isHandedOff, regionKey: folder.regionKeyLine)
    }

    /// Gives what `body` gives, and closes the connections in any case.
    func closing<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            let value = try await body()
            await client.shutdown()
            return value
        } catch {
            await client.shutdown()
            throw error
        }
    }
}

/// Reading a manifest from a file.
enum ManifestFile {
    static func policy(at path: String) throws -> FleetPolicy {
        try Manifest.policy(at: path, environment: ProcessInfo.processInfo.environment)
    }
}
