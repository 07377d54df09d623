// Files and folders by plain system calls: the lab reads and writes a few hundred bytes at a time, much of it below
// /proc and /sys where sizes are lies, and does not want Foundation's 44 MB in the binary for it.
import Glibc

func lastErrorNumber() -> Int32 { errno }

func errorText(_ code: Int32) -> String { String(cString: strerror(code)) }

enum Files {
    /// The whole file as text, or nil if it cannot be read.
    static func text(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)  // a page of /proc is 4 KiB; four of them in one call
        while true {
            let count = read(file, &chunk, chunk.count)
            if count < 0 { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }

    /// The first line of a file without its line end.
    static func line(_ path: String) -> String? {
        text(path).map { $0.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) ?? "" }
    }

    /// Replaces a file in one step: a reader sees the old one or the new one, never half of it.
    static func write(_ path: String, _ bytes: some Collection<UInt8>, mode: mode_t = 0o644) throws(LabError) {
        let draft = "\(path).part"
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw .system("lab", "write `\(path)`") }
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                let code = errno
                close(file)
                throw .system("lab", "write `\(path)`", code)
            }
            rest = rest.dropFirst(count)
        }
        close(file)
        guard rename(draft, path) == 0 else { throw .system("lab", "write `\(path)`") }
    }

    /// Gives a word to a file of the kernel's; false if the kernel refuses.
    @discardableResult
    static func tell(_ path: String, _ word: String) -> Bool {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return Glibc.write(file, word, word.utf8.count) == word.utf8.count
    }

    /// Makes a folder and its parents.
    static func makeFolder(_ path: String) throws(LabError) {
        if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, path.contains("/") else { throw .system("lab", "make the folder `\(path)`") }
        try makeFolder(parent(path))
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .system("lab", "make the folder `\(path)`") }
    }

    /// The names in a folder, sorted; empty if there is no such folder.
    static func names(_ folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Device and inode: two names of the same thing have the same.
    static func identity(_ path: String) -> Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    struct Identity: Equatable, Sendable {
        let device: UInt64
        let inode: UInt64
    }

    /// `/a/b` for `/a/b/c`.
    static func parent(_ path: String) -> String {
        let parts = path.split(separator: "/").dropLast()
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }

    /// The path without symbolic links, as far as it exists: one folder has one name before and after it is made.
    static func resolved(_ path: String) -> String {
        if let real = realpath(path, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        let above = parent(path)
        guard above != path, let last = path.split(separator: "/").last else { return path }
        let folder = resolved(above.isEmpty ? "." : above)
        return folder == "/" ? "/\(last)" : "\(folder)/\(last)"
    }
}
