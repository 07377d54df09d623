// How the command line finds a region's control plane after the hand off: addresses, CA and token.
import ControlPlane
import FleetLive
import FleetModel
import Foundation

/// The non-secret half of a region's context, in context.json.
struct RegionContext: Codable {
    var region: RegionID
    /// The managers' addresses, in the order in which they are tried.
    var addresses: [String]
    var port: Int
    var isHandedOff: Bool
    var epoch: Int
    /// In front of the managers; its key's file lies on this machine.
    var bastion: BastionPolicy?

    static func load(_ folder: RegionFolder) throws -> RegionContext? {
        guard let text = folder.text(.context) else { return nil }
        do { return try JSONDecoder().decode(RegionContext.self, from: Data(text.utf8)) } catch {
            throw FleetProblem(
                .rejected, "context-unreadable", subject: "file `\(folder.path(of: .context))`", "it is not a context",
                hint: "restore it, or remove it to start from the operator's inventory")
        }
    }

    func save(_ folder: RegionFolder) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try folder.write(String(decoding: try encoder.encode(self), as: UTF8.self), to: .context)
    }
}
