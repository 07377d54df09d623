// A folder of its own for each test, and the small values that the tests share.

import FleetModel
import Foundation

@testable import InventoryStore

/// A folder that goes away with the last reference to it.
final class Scratch: Sendable {
    let folder: String

    init() {
        folder = FileManager.default.temporaryDirectory.path + "/muster-inventory-" + UUID().uuidString
        try! FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String = "region.sqlite") -> String { folder + "/" + name }
}

func time(_ seconds: Int) -> Timestamp { Timestamp(secondsSinceEpoch: seconds) }

func policy(_ region: RegionID = "lab", hosts: Int = 3) -> FleetPolicy {
    let names = (1...hosts).map { HostID("h\($0)") }
    return FleetPolicy(
        region: region, domains: ["a", "b", "c"],
        clusters: [ClusterPolicy(name: "control", isControl: true, managers: 3)],
        hosts: names.enumerated().map { index, name in
            HostPolicy(name: name, address: "198.18.1.\(index + 2)", domain: "a", cluster: "control")
        })
}

func blueprint(_ generation: Int, hosts: Int = 3, region: RegionID = "lab") -> Blueprint {
    let names = (1...hosts).map { HostID("h\($0)") }
    let desired = names.enumerated().map { index, name in
        (name, DesiredHost(address: "198.18.1.\(index + 2)", domain: "a", cluster: "control", role: .manager))
    }
    return Blueprint(
        region: region, generation: generation, parent: generation - 1,
        clusters: [
            "control": DesiredCluster(
                isControl: true, addressPool: "10.201.0.0/16", subnetBits: 24, managers: Array(names.prefix(3)))
        ],
        hosts: Dictionary(uniqueKeysWithValues: desired), controlPlane: nil)
}

func entry(_ step: StepID, _ phase: JournalEntry.Phase, plan: PlanID = "p1", at seconds: Int = 1) -> JournalEntry {
    JournalEntry(at: time(seconds), region: "lab", plan: plan, step: step, host: "h1", phase: phase)
}

func facts(hostname: String = "h1", release: String = "6.1.0") -> HostFacts {
    HostFacts(
        identity: HostIdentity(hostname: hostname, machineID: "m", bootID: "b"),
        operatingSystem: OperatingSystem(
            id: "debian", versionID: "12", prettyName: "Debian GNU/Linux 12", initSystem: .systemd),
        capacity: HostCapacity(
            cpuMillicores: 2000, memoryMiB: 4096, memoryAvailableMiB: 3000, diskMiB: 20_000, diskFreeMiB: 10_000),
        kernel: KernelFeatures(release: release), packages: PackageFacts())
}

/// An inventory that holds region `lab` with three admitted hosts.
func inventory(in scratch: Scratch) async throws -> Inventory {
    let inventory = try Inventory(path: scratch.path())
    try await inventory.adopt(policy: policy(), at: time(10))
    try await inventory.setTarget(blueprint(1), at: time(11))
    try await inventory.syncHosts(with: blueprint(1), at: time(12))
    return inventory
}

/// The problem that a call ends with; nil when it works.
func problem(_ body: () async throws -> Void) async -> FleetProblem? {
    do {
        try await body()
        return nil
    } catch {
        return error as? FleetProblem
    }
}
