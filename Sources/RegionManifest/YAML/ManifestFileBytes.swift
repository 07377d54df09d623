// Reading small files with the bound that a file from anywhere needs.

import Glibc

enum ManifestFileBytes {
    struct Failure: Error {
        let isAbsent: Bool
        let isOpen: Bool
        let reason: String
    }

    /// At most one byte more than a manifest may have, so that its reader can refuse the size.
    static func read(_ path: String) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(isOpen: false) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= YAMLReader.maximumBytes {
            let count = Glibc.read(descriptor, &part, part.count)
            if count < 0 { throw failure(isOpen: true) }
            if count == 0 { break }
            bytes += part.prefix(count)
        }
        return Array(bytes.prefix(YAMLReader.maximumBytes + 1))
    }

    private static func failure(isOpen: Bool) -> Failure {
        Failure(isAbsent: !isOpen && errno == ENOENT, isOpen: isOpen, reason: String(cString: strerror(errno)))
    }

    /// The names in a folder but those that begin with a dot, sorted.
    static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
