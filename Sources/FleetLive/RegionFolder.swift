// What the operator's machine keeps of a region: its inventory until the hand off, the keys that bring-up makes, the
// admin token, and afterwards the sealed copies. Every file is for its owner only.
package import FleetModel
package import Foundation

/// The folder of one region below `$MUSTER_HOME` (default `~/.local/share/muster`).
package struct RegionFolder: Sendable {
    package let path: String
    package let region: RegionID

    /// - Throws: when the folder cannot be made.
    package init(region: RegionID, environment: [String: String]) throws(FleetProblem) {
        self.region = region
        path = "\(Self.home(environment))/\(region)"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw FleetProblem(
                .rejected, "folder-unwritable", subject: "folder `\(path)`", "cannot make it",
                cause: error.localizedDescription, hint: "set MUSTER_HOME to a folder that you may write")
        }
    }

    /// Where the folders of all regions lie.
    package static func home(_ environment: [String: String]) -> String {
        environment["MUSTER_HOME"] ?? (environment["HOME"] ?? "/root") + "/.local/share/muster"
    }

    package var inventoryPath: String { "\(path)/inventory.sqlite" }
    package var imageFolder: String { "\(path)/images" }

    /// What it keeps, by file name.
    package enum Item: String, CaseIterable, Sendable {
        case regionKey = "region_key"
        case regionPublicKey = "region_key.pub"
        case authorityKey = "ca.key"
        case authorityCertificate = "ca.pem"
        case handOffToken = "hand-off.token"
        case adminToken = "admin.token"
        case sealingKey = "sealing.key"
        case context = "context.json"
        case sealedCopy = "sealed-copy.muster"
        case pins = "pins.json"
        case identity = "folder.id"
    }

    package func path(of item: Item) -> String { "\(path)/\(item.rawValue)" }

    package func text(_ item: Item) -> String? { try? String(contentsOfFile: path(of: item), encoding: .utf8) }
    package func secret(_ item: Item) -> Secret? { text(item).map { Secret($0) } }
    /// The region's public key, `ssh-ed25519 AAAA…`, without its comment; nil before it is made.
    package var regionKeyLine: String? {
        text(.regionPublicKey).map { $0.split(whereSeparator: \.isWhitespace).prefix(2).joined(separator: " ") }
    }
    package func has(_ item: Item) -> Bool { FileManager.default.fileExists(atPath: path(of: item)) }

    /// Writes a file for its owner only; a crash leaves the old one or the new one.
    package func write(_ data: Data, to item: Item) throws(FleetProblem) {
        let target = path(of: item)
        let draft = target + ".new"
        do {
            let made = FileManager.default.createFile(
                atPath: draft, contents: data, attributes: [.posixPermissions: 0o600])
            guard made else { throw CocoaError(.fileWriteUnknown) }
            guard rename(draft, target) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        } catch {
            throw FleetProblem(
                .failed, "file-unwritable", subject: "file `\(target)`", "cannot write it",
                cause: error.localizedDescription, hint: "check the disk and the folder's rights")
        }
    }

    package func write(_ text: String, to item: Item) throws(FleetProblem) { try write(Data(text.utf8), to: item) }

    package func remove(_ items: [Item]) {
        for item in items { try? FileManager.default.removeItem(atPath: path(of: item)) }
    }

    /// Removes the whole folder, after `down`.
    package func removeAll() { try? FileManager.default.removeItem(atPath: path) }

    /// Keeps the history of a region that is gone: `removed/<region>-<Unix seconds>.sqlite` beside the folders, with a
    /// number behind it where two regions of one name ended in the same second.
    ///
    /// - Returns: where it lies.
    /// - Throws: when it cannot be moved; then it is where it was.
    package func keepHistory(at time: Timestamp) throws(FleetProblem) -> String {
        let attic = (path as NSString).deletingLastPathComponent + "/removed"
        let stem = "\(attic)/\(region)-\(time.secondsSinceEpoch)"
        let names = ["\(stem).sqlite"] + (2...1_000).map { "\(stem)-\($0).sqlite" }
        do {
            try FileManager.default.createDirectory(
                atPath: attic, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            guard let free = names.first(where: { !FileManager.default.fileExists(atPath: $0) }) else {
                throw CocoaError(.fileWriteFileExists)
            }
            try FileManager.default.moveItem(atPath: inventoryPath, toPath: free)
            return free
        } catch {
            throw FleetProblem(
                .failed, "history-unmoved", subject: "inventory `\(inventoryPath)`", "cannot move it to `\(attic)`",
                cause: error.localizedDescription,
                hint: "check the disk and the folder's rights, and run the command again"
            )
        }
    }
}
