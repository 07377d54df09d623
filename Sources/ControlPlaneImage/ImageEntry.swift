// The root file system as a list, and that list as a tar: times, owners and order are fixed, so equal files give equal
// bytes (I8). It holds nothing but what the control plane needs: no shell, no package, nothing to patch.
import FleetModel

/// A file or folder of the image.
struct ImageEntry: Hashable, Sendable {
    enum Content: Hashable, Sendable {
        case folder
        case text(String)
        case program(ELFFile)

        var byteCount: Int {
            switch self {
            case .folder: 0
            case .text(let text): text.utf8.count
            case .program(let file): file.loadedBytes
            }
        }

        var source: String? { if case .program(let file) = self { file.path } else { nil } }
    }

    /// Absolute.
    let path: String
    var mode: UInt32 = 0o755
    /// User and group.
    var owner: UInt32 = 0
    var content: Content = .folder
}

extension ImageEntry {
    /// Nobody's number in distroless images too; the service runs as this user and its volume belongs to it.
    static let user: UInt32 = 65532

    static func all(program: ELFFile, libraries: [SharedLibrary]) -> [ImageEntry] {
        var entries = fixed
        entries.append(ImageEntry(path: "/usr/local/bin/muster", content: .program(program)))
        entries += libraries.map { ImageEntry(path: $0.imagePath, content: .program($0.file)) }
        return withParents(entries)
    }

    /// An engine mounts over /dev, /proc, /run and /sys, and a fresh volume takes over the owner of the folder that it
    /// covers: without /var/lib/muster's the first start could not write.
    private static let fixed: [ImageEntry] = [
        ImageEntry(path: "/dev"),
        ImageEntry(path: "/etc/group", mode: 0o644, content: .text("root:x:0:\nmuster:x:65532:\n")),
        ImageEntry(
            path: "/etc/nsswitch.conf", mode: 0o644, content: .text("passwd: files\ngroup: files\nhosts: files dns\n")),
        ImageEntry(
            path: "/etc/passwd", mode: 0o644,
            content: .text(
                "root:x:0:0:root:/:/nonexistent\nmuster:x:65532:65532:Muster:/var/lib/muster:/nonexistent\n")),
        ImageEntry(path: "/proc", mode: 0o555),
        ImageEntry(path: "/run"),
        ImageEntry(path: "/sys", mode: 0o555),
        ImageEntry(path: "/tmp", mode: 0o1777),
        ImageEntry(path: "/var/lib/muster", mode: 0o700, owner: user),
    ]

    /// Sorted, with every folder on the way to an entry; a folder sorts before what is in it.
    private static func withParents(_ entries: [ImageEntry]) -> [ImageEntry] {
        var byPath = Dictionary(entries.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        for entry in entries {
            var folder = ""
            for part in entry.path.split(separator: "/").dropLast() {
                folder += "/" + part
                if byPath[folder] == nil { byPath[folder] = ImageEntry(path: folder) }
            }
        }
        return byPath.values.sorted { $0.path < $1.path }
    }
}

extension [ImageEntry] {
    /// Sends them as a tar.
    func stream(to sink: ByteSink) throws(FleetProblem) {
        for entry in self {
            let isFolder = entry.content == .folder
            let name = entry.path.dropFirst() + (isFolder ? "/" : "")
            let count = entry.content.byteCount
            try send(
                TarHeader(
                    name: String(name), mode: entry.mode, owner: entry.owner, byteCount: count, isFolder: isFolder
                ).bytes(), to: sink)
            switch entry.content {
            case .folder: break
            case .text(let text): try send([UInt8](text.utf8), to: sink)
            case .program(let file): try file.stream(to: sink)
            }
            try send(TarHeader.padding(after: count), to: sink)
        }
        try send(TarHeader.end, to: sink)
    }
}
