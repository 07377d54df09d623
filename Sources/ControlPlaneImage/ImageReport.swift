// What `muster image` prints, as text and as JSON: everything that is in the image, because it holds nothing but that.

/// An image that was made, and what is in it.
package struct ImageReport: Hashable, Codable, Sendable {
    package let reference: String
    package let path: String
    /// False when the archive was there already.
    package let isNew: Bool
    /// The size of the archive.
    package let compressedBytes: Int
    /// The size of the root file system as a tar, before compression.
    package let layerBytes: Int
    package let files: [File]
    /// What a reader should know, one sentence each.
    package let notes: [String]

    /// A file or folder of the image.
    package struct File: Hashable, Codable, Sendable {
        package let path: String
        package let mode: UInt32
        package let owner: UInt32
        package let bytes: Int
        /// Where it was taken from on this machine; nil for what the recipe itself makes.
        package let source: String?
    }
}

extension ImageReport.File {
    init(_ entry: ImageEntry) {
        self.init(
            path: entry.path, mode: entry.mode, owner: entry.owner, bytes: entry.content.byteCount,
            source: entry.content.source)
    }
}

extension ImageReport: CustomStringConvertible {
    package var description: String {
        var lines = [
            "image    \(reference)",
            "archive  \(path) (\(isNew ? "made" : "was there"))",
            "size     \(Self.megabytes(compressedBytes)) compressed, \(Self.megabytes(layerBytes)) unpacked",
            "holds",
        ]
        lines += files.map { file in
            let size = file.source == nil ? "" : "  \(Self.megabytes(file.bytes)) from \(file.source ?? "")"
            return "  \(String(file.mode, radix: 8)) \(file.owner) \(file.path)\(size)"
        }
        lines += notes.map { "note     \($0)" }
        return lines.joined(separator: "\n")
    }

    /// `12.3 MB`, in millions of bytes with one digit, as registries and engines count.
    private static func megabytes(_ bytes: Int) -> String {
        let tenths = (bytes + 50_000) / 100_000
        return "\(tenths / 10).\(tenths % 10) MB"
    }
}
