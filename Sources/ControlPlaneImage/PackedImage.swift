// An image as it lies on disk and goes over the line: packed for lines that may be slow, plain where packing costs more
// than it saves.
import FleetModel
import Glibc
import Gzip

/// How an archive is written; engines load both.
package enum ArchivePacking: Sendable {
    /// For the operator's line, which may be a slow one.
    case gzip
    /// Between hosts of one region: at 1 Gbit/s the bytes that packing saves take 0.6 s a host, and packing them takes
    /// the control plane's host about 2 s of CPU, before the first is sent (docs/adr/0007).
    case plain

    var suffix: String {
        switch self {
        case .gzip: "tar.gz"
        case .plain: "tar"
        }
    }
}

/// What is in an image, and how it is packed.
struct PackedImage {
    let contents: ImageContents
    let packing: ArchivePacking

    /// The fastest. For the control plane's 116 MB level 6 takes two and a half times as long (4 s more) to save a
    /// tenth of the bytes, 4 MB, which 100 Mbit/s carry in 0.4 s a manager; docs/adr/0007 has the figures.
    private static let level = GzipLevel.fastest

    /// Sends the archive as it lies on disk.
    func write(to sink: @escaping ByteSink) throws(FleetProblem) {
        switch packing {
        case .plain: try contents.stream(to: sink)
        case .gzip:
            let gzip = GzipWriter<FleetProblem>(Self.level, to: sink)
            try contents.stream(to: gzip.add)
            try gzip.finish()
        }
    }

    /// True if the file unpacks to exactly these contents.
    func isHeld(by path: String) throws(FleetProblem) -> Bool {
        guard access(path, F_OK) == 0, let found = try unpackedDigest(of: ReadableFile(path)) else { return false }
        let wanted = SHA256Digest()
        try contents.stream(to: wanted.add)
        return found.hex() == wanted.hex()
    }

    /// nil where the file is not packed like this, or damaged.
    private func unpackedDigest(of file: ReadableFile) throws(FleetProblem) -> SHA256Digest? {
        let found = SHA256Digest()
        switch packing {
        case .plain:
            try file.stream(from: 0, to: file.size, found.add)
            return found
        case .gzip:
            let gzip = GzipReader<FleetProblem>(to: found.add)
            try file.stream(from: 0, to: file.size, gzip.add)
            return gzip.isIntact && gzip.isEnded ? found : nil
        }
    }
}
