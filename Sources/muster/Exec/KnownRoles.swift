// Who is a manager: the control plane knows it after the hand off, the operator's inventory before; neither is made or
// changed by asking.
import ControlPlane
import FleetLive
import FleetModel
import Foundation
import InventoryStore

/// The roles of a region's hosts as far as this machine can know them.
enum KnownRoles {
    static func of(_ region: RegionID) async throws -> [HostID: NodeRole] {
        let environment = ProcessInfo.processInfo.environment
        let home = "\(RegionFolder.home(environment))/\(region)"
        guard FileManager.default.fileExists(atPath: "\(home)/inventory.sqlite") else { return [:] }
        let folder = try RegionFolder(region: region, environment: environment)
        if let context = try RegionContext.load(folder), context.isHandedOff {
            let hosts = try await RemoteRegion(folder: folder, context: context)
                .calling(refreshing: false) { try await $0.hosts() }
            return Dictionary(hosts.map { ($0.name, $0.role) }) { first, _ in first }
        }
        let inventory = try Inventory(path: folder.inventoryPath)
        defer { try? inventory.close() }
        return try await inventory.targetBlueprint()?.hosts.mapValues(\.role) ?? [:]
    }
}
