// One machine: what lies on its disk, what runs, and what it was before Muster came. No behaviour but that of a machine:
// scripts and engines that run on it are elsewhere.
import FleetModel

/// A host of the simulated world. Lives inside the world's actor.
final class SimulatedHost {
    /// What is wrong with a package, as dpkg has it.
    enum PackageState: String { case unpacked, installed }

    /// The container engine's daemon.
    struct Engine {
        var isRunning = false
        /// The settings that it was started with.
        var daemon: String?
    }

    /// What the engine remembers of the Swarm that it is in or wants to be in; lies on the disk.
    struct Membership {
        var swarm: String
        var node: NodeID?
        var address: String
        var state: SwarmFacts.State
        var errorText = ""
    }

    let name: HostID
    var address: String
    let system: OperatingSystem.InitSystem
    var random: SeededRandom

    // MARK: Power
    var isOn = true
    /// Grows with every start: a script or engine of an earlier start is no more.
    var boots = 1
    /// Scripts and engines take so many times longer.
    var slowness = 1
    /// Its power never comes back.
    var isDead = false
    /// Accepts connections and runs nothing any more (F47).
    var isFrozen = false

    // MARK: Disk
    var packages: [String: PackageState] = [:]
    var daemonFile: String?
    var authorizedKeys: [String] = ["ssh-ed25519 AAAAoperator operator"]
    /// /etc/muster/made, by kind; nil when there is no such folder.
    var made: [String: [String]]?
    /// /etc/muster/lease.
    var lease: LeaseFile?
    /// Region in made.json.
    var madeRegion = ""
    var images: Set<String> = []
    /// Volumes with the region whose label they carry, empty for people's own.
    var volumes: [String: String] = [:]
    var freeDiskMiB = 30_000
    var membership: Membership?

    /// Volumes that people made, which must outlive everything that Muster does.
    var peoplesVolumes: Set<String> = []

    // MARK: Running
    var acting = ActingScripts()
    var engine: Engine?
    /// When the engine, once started, will have found its Swarm again.
    var activeAt = Duration.zero
    /// What the engine last said of a join.
    var joinAnswer = ""
    /// Who holds dpkg's lock.
    var lockHolder: String?
    /// So many installations fail before one works.
    var aptFailures = 0
    var isPackageSourceUp = true
    var clockSkew = 0
    /// The Swarm port refuses others' connections: a firewall, a wrong route (F19).
    var isSwarmPortFiltered = false

    init(name: HostID, address: String, system: OperatingSystem.InitSystem, random: SeededRandom) {
        (self.name, self.address, self.system, self.random) = (name, address, system, random)
    }

    var hasEngineInstalled: Bool { packages["docker.io"] != nil }
    var isEngineConfigured: Bool { !packages.isEmpty && packages.values.allSatisfy { $0 == .installed } }
    var isEngineRunning: Bool { isOn && engine?.isRunning == true }

    /// The node's state as `docker info` has it.
    var swarmState: SwarmFacts.State { membership?.state ?? .inactive }

    /// What remains on the disk of what Muster may make, in words: equal before bring-up and after `down` (I10).
    var remains: String {
        let parts = [
            "packages: \(packages.map { "\($0.key) \($0.value)" }.sorted())", "daemon.json: \(daemonFile ?? "none")",
            "keys: \(authorizedKeys)", "made: \(made == nil ? "none" : "\(madeRegion)")",
            "lease: \(lease == nil ? "none" : "left")", "images: \(images.sorted())",
            "volumes: \(volumes.keys.filter { !peoplesVolumes.contains($0) }.sorted())",
            "swarm: \(membership?.state.rawValue ?? "inactive")",
        ]
        return parts.joined(separator: "; ")
    }
}
