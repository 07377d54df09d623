// What happened on each host while it was changed, one file a host in the region's folder: for the person who asks next
// morning why one of a thousand failed. Bounded, because a thousand hosts times a megabyte is a full disk (F48).
package import FleetModel
import Foundation
import Glibc
import Synchronization

/// The logs of one region's hosts.
package final class HostLogs: Sendable {
    private let folder: String
    private let now: @Sendable () -> Timestamp
    /// Entries of one host come one at a time, and those of different hosts touch different files: one lock is enough.
    private let hasFolder = Mutex(false)

    /// A file above it loses its oldest half: some 20 acts with all that apt prints, and 128 MiB for a thousand hosts.
    static let mostBytes = 131_072

    package init(folder: RegionFolder, now: @escaping @Sendable () -> Timestamp) {
        self.folder = "\(folder.path)/logs"
        self.now = now
    }

    package func path(of host: HostID) -> String { "\(folder)/\(host).log" }

    /// Adds an entry. A log that cannot be written stops nothing: what matters is in the journal too.
    package func write(_ text: String, of host: HostID) {
        hasFolder.withLock { hasFolder in
            if !hasFolder {
                try? FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                hasFolder = true
            }
            append("\(now())  \(text)\n", to: path(of: host))
        }
    }

    private func append(_ text: String, to path: String) {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
        if lseek(descriptor, 0, SEEK_END) > Self.mostBytes { halve(path) }
    }

    /// The newer half, from a whole line on; a crash leaves the old file or the new one.
    private func halve(_ path: String) {
        guard let data = FileManager.default.contents(atPath: path) else { return }
        let half = data.suffix(Self.mostBytes / 2)
        let lines = half.firstIndex(of: UInt8(ascii: "\n")).map { half[($0 + 1)...] } ?? half
        let draft = path + ".new"
        guard FileManager.default.createFile(atPath: draft, contents: lines, attributes: [.posixPermissions: 0o600])
        else { return }
        rename(draft, path)
    }
}
