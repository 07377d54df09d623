// Which labs this machine carries, and who works on one right now: one file a lab below /run, so that it is gone with a
// reboot, as the labs are. Keeps two state folders from using one name, and the shared layers from being taken away.
import Glibc

struct LabRegistry: Sendable {
    static let folder = "/run/muster-lab"

    struct Entry: Equatable, Sendable {
        let name: String
        let state: String
        /// The process that will take the lab down when it ends (a test run), if any.
        let owner: Int32?
        /// Where the layers lie that its hosts stand on.
        let cache: String
    }

    static func entries() -> [Entry] {
        Files.names(folder).filter { $0.hasSuffix(".lab") }.compactMap { entry(named: String($0.dropLast(4))) }
    }

    static func entry(named name: String) -> Entry? {
        guard let lines = Files.text("\(folder)/\(name).lab")?.split(separator: "\n", omittingEmptySubsequences: false),
            lines.count > 2
        else { return nil }
        return Entry(name: name, state: String(lines[0]), owner: Int32(lines[1]), cache: String(lines[2]))
    }

    static func record(_ entry: Entry) throws(LabError) {
        try Files.makeFolder(folder)
        let owner = entry.owner.map(String.init) ?? ""
        try Files.write("\(folder)/\(entry.name).lab", Array("\(entry.state)\n\(owner)\n\(entry.cache)\n".utf8))
    }

    static func forget(_ name: String) {
        unlink("\(folder)/\(name).lab")
    }
}

/// Held while a lab is being changed; a second one waits. Gone with the process that held it.
final class LabLock: Sendable {
    private let file: Int32
    private let path: String

    /// Blocks until the lock is ours.
    init(_ name: String) throws(LabError) {
        try Files.makeFolder(LabRegistry.folder)
        path = "\(LabRegistry.folder)/\(name).lock"
        while true {
            let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw .system("lab `\(name)`", "open `\(path)`") }
            while flock(file, LOCK_EX) != 0 && errno == EINTR {}
            var ours = stat()
            fstat(file, &ours)
            // Whoever held it may have removed the file, and then it locks nothing any more.
            if Files.identity(path)?.inode == UInt64(ours.st_ino) {
                self.file = file
                return
            }
            close(file)
        }
    }

    /// Removes the file itself; for `down`, which leaves nothing.
    func removeFile() { unlink(path) }

    deinit { close(file) }
}
