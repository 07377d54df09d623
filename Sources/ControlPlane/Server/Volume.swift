// The data folder: how an inventory file gets into its place whole or not at all, and how it is copied out. A crash at
// any point leaves either the old file or the new one, never a mixture with another file's write-ahead log.

import FleetModel
import FoundationEssentials
import Glibc
import InventoryStore

/// The folder that holds the inventory.
struct Volume: Sendable {
    let folder: String

    var inventoryPath: String { folder + "/inventory.sqlite" }
    private var incomingPath: String { folder + "/incoming.sqlite" }
    private var outgoingPath: String { folder + "/outgoing.sqlite" }

    var hasInventory: Bool { access(inventoryPath, F_OK) == 0 }

    /// Removes what a crash left behind, and makes sure that the folder can be written: better to say so at the start
    /// than at the first hand off.
    func prepare() throws {
        for path in [incomingPath, outgoingPath, outgoingPath + ".part"] { unlink(path) }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data().write(to: URL(filePath: folder + "/.writable"))
        } catch {
            throw FleetProblem(
                .failed, "volume-unwritable", subject: "volume `\(folder)`", "cannot write in it",
                cause: String(cString: strerror(errno)), hint: "give the folder to the user that runs `muster serve`")
        }
        unlink(folder + "/.writable")
    }

    /// Writes bytes beside the inventory and proves that they are one; returns the region that it holds.
    func receive(_ bytes: Data) throws -> RegionRecord {
        do {
            try bytes.write(to: URL(filePath: incomingPath))
            chmod(incomingPath, 0o600)
            try Self.sync(incomingPath, O_RDONLY)
        } catch {
            unlink(incomingPath)
            throw FleetProblem(
                .failed, "volume-unwritable", subject: "volume `\(folder)`", "cannot keep the inventory that was sent",
                cause: String(cString: strerror(errno)), hint: "look at the space on the volume")
        }
        do throws(FleetProblem) {
            if let record = try Inventory.verify(path: incomingPath) { return record }
        } catch {
            unlink(incomingPath)
            // The path is ours and tells the sender nothing; the rest of the problem does.
            throw error.about("inventory that was sent")
        }
        unlink(incomingPath)
        throw FleetProblem(
            .rejected, "inventory-empty", subject: "inventory that was sent", "the file holds no region",
            hint: "send the inventory of the region's bring-up")
    }

    /// Forgets what `receive` kept.
    func discard() { unlink(incomingPath) }

    /// Puts what `receive` kept into its place. The inventory there must be closed; it is set aside as `aside` names.
    func install(settingAside aside: String?) throws {
        if hasInventory, let aside { rename(inventoryPath, inventoryPath + ".replaced-" + aside) }
        // A log of another file beside this one would be read into it.
        for suffix in ["-wal", "-shm"] { unlink(inventoryPath + suffix) }
        guard rename(incomingPath, inventoryPath) == 0 else {
            throw FleetProblem(
                .failed, "volume-unwritable", subject: "volume `\(folder)`", "cannot put the inventory in its place",
                cause: String(cString: strerror(errno)), hint: "look at the volume, then send it again")
        }
        try Self.sync(folder, O_RDONLY | O_DIRECTORY)
    }

    /// The bytes of a consistent copy of `inventory`.
    func copy(of inventory: Inventory) async throws -> Data {
        try await inventory.export(to: outgoingPath)
        defer { unlink(outgoingPath) }
        return try Data(contentsOf: URL(filePath: outgoingPath))
    }

    private static func sync(_ path: String, _ flags: Int32) throws {
        let descriptor = open(path, flags | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw FleetProblem(
                .failed, "volume-unwritable", subject: "volume `\(path)`", "cannot make what was written last",
                cause: String(cString: strerror(errno)), hint: "look at the disk below the volume")
        }
    }
}

extension FleetProblem {
    func about(_ subject: String) -> FleetProblem {
        var problem = self
        problem.subject = subject
        return problem
    }
}
