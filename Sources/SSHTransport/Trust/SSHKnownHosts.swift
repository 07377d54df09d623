// A known_hosts file, parsed once for all hosts: libssh2's own reader would parse it anew for every session.
// What it cannot use is skipped with a note, never an error: one odd line must not stop a fleet.

/// The host keys that a known_hosts file vouches for, and those that it revokes.
package struct SSHKnownHosts: Sendable {
    struct Entry: Sendable {
        let key: SSHPublicKey
        let isRevoked: Bool
    }

    /// What was skipped, one line each: `known_hosts:14: …`.
    package private(set) var notes: [String] = []
    private var exact: [String: [Entry]] = [:]
    private var hashed: [(salt: [UInt8], hash: [UInt8], entry: Entry)] = []
    private var patterns: [(patterns: [Substring], entry: Entry)] = []

    package init(contents: String, name: String = "known_hosts") {
        for (index, line) in contents.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
            if words.isEmpty || words[0].hasPrefix("#") { continue }
            if let problem = add(words) { notes.append("\(name):\(index + 1): \(problem); line skipped") }
        }
    }

    /// Reads the file at `path`; a file that cannot be read is an error, an odd line is a note.
    package init(path: String) throws(SSHError) {
        let bytes = try LocalFile.read(path, limit: 64 << 20) { reason in
            SSHError(subject: "known hosts `\(path)`", .knownHostsUnreadable(reason: reason))
        }
        self.init(contents: String(decoding: bytes, as: UTF8.self), name: path)
    }

    /// The problem with the line, or nil when it was taken.
    private mutating func add(_ line: [Substring]) -> String? {
        var words = line[...]
        var isRevoked = false
        if let marker = words.first, marker.hasPrefix("@") {
            if marker != "@revoked" { return "marker `\(marker)` is not supported" }
            isRevoked = true
            words = words.dropFirst()
        }
        guard words.count >= 3 else { return "a host, a key type and a key are needed" }
        let names = words[words.startIndex]
        let type = words[words.startIndex + 1]
        guard let blob = Base64.decode(words[words.startIndex + 2]), let key = SSHPublicKey(blob: blob) else {
            return "the key is not base64"
        }
        if key.type != type { return "the key is of type `\(key.type)`, the line says `\(type)`" }
        return file(Entry(key: key, isRevoked: isRevoked), under: names)
    }

    private mutating func file(_ entry: Entry, under names: Substring) -> String? {
        if names.hasPrefix("|") {
            let parts = names.split(separator: "|")
            guard parts.count == 3, parts[0] == "1", let salt = Base64.decode(parts[1]),
                let hash = Base64.decode(parts[2]), hash.count == 20
            else { return "the hashed host name is malformed" }
            hashed.append((salt, hash, entry))
            return nil
        }
        let list = names.split(separator: ",")
        if list.contains(where: { $0.contains("*") || $0.contains("?") || $0.hasPrefix("!") }) {
            patterns.append((list, entry))
        } else {
            for name in list { exact[name.lowercased(), default: []].append(entry) }
        }
        return nil
    }

    /// All entries for the host, in the file's order within each kind of name.
    func entries(address: String, port: UInt16) -> [Entry] {
        let name = port == 22 ? address.lowercased() : "[\(address.lowercased())]:\(port)"
        let bytes = Array(name.utf8)
        return (exact[name] ?? [])
            + hashed.filter { Digest.hmacSHA1(key: $0.salt, bytes) == $0.hash }.map(\.entry)
            + patterns.filter { Self.matches($0.patterns, bytes) }.map(\.entry)
    }

    /// sshd(8): one positive match is needed, and a negated one spoils the line.
    private static func matches(_ patterns: [Substring], _ name: [UInt8]) -> Bool {
        var isMatch = false
        for pattern in patterns {
            let isNegated = pattern.hasPrefix("!")
            let glob = Array((isNegated ? pattern.dropFirst() : pattern).lowercased().utf8)
            guard matches(glob: glob, name) else { continue }
            if isNegated { return false }
            isMatch = true
        }
        return isMatch
    }

    /// `*` and `?` only, without recursion: the last star is the only place to go back to.
    private static func matches(glob: [UInt8], _ name: [UInt8]) -> Bool {
        var glyph = 0
        var index = 0
        var retry: (glyph: Int, index: Int)?
        while index < name.count {
            if glyph < glob.count, glob[glyph] == UInt8(ascii: "*") {
                glyph += 1
                retry = (glyph, index)
            } else if glyph < glob.count, glob[glyph] == UInt8(ascii: "?") || glob[glyph] == name[index] {
                glyph += 1
                index += 1
            } else if let back = retry {
                retry = (back.glyph, back.index + 1)
                glyph = back.glyph
                index = back.index + 1
            } else {
                return false
            }
        }
        return glob[glyph...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
