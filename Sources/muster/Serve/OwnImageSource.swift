// The control plane carries its own image to the other managers: what it runs from makes the very image that brought it
// here, with the same reference, and the operator's line carried it once (ADR 0017).
import FleetModel
import FleetReconciler
import Foundation

/// Makes the archive in the volume when a host asks for it, and removes it after the run.
struct OwnImageSource: ImageSource {
    let folder: String

    /// Free space that an archive needs beside the inventory: it has 130 MB today. At half of this none fits; twice of
    /// it would refuse small disks that have room.
    private static let room = 256 << 20

    init(dataFolder: String) { folder = dataFolder + "/images" }

    func archive(of reference: String) async throws(FleetProblem) -> String {
        var space = statvfs()
        let parent = String(folder.prefix(upTo: folder.lastIndex(of: "/") ?? folder.endIndex))
        guard statvfs(parent, &space) == 0, Int(space.f_bavail) * Int(space.f_frsize) >= Self.room else {
            throw FleetProblem(
                .failed, "volume-full", subject: "volume `\(parent)`",
                "there is no room for the image's archive: it needs \(Self.room >> 20) MiB",
                hint: "make room on the disk of the control plane's home, then run the command again")
        }
        return try await RecipeImageSource(folder: folder, packing: .plain).archive(of: reference)
    }

    /// Nothing of it stays: the managers have the image now, and the next run makes the archive in seconds.
    func discard() { try? FileManager.default.removeItem(atPath: folder) }
}
