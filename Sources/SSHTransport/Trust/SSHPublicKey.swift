// A public key as it travels (RFC 4253 §6.6), and the name that people compare: its SHA-256 fingerprint.

/// `SHA256:` and 43 characters of base64, as `ssh-keygen -l` prints it.
package struct SSHFingerprint: Hashable, Sendable, CustomStringConvertible {
    private let digest: [UInt8]

    init(ofBlob blob: [UInt8]) { digest = Digest.sha256(blob) }

    /// nil unless `text` is `SHA256:` and 32 bytes in base64, with or without padding.
    package init?(_ text: String) {
        guard text.hasPrefix("SHA256:"), let bytes = Base64.decode(text.dropFirst(7)), bytes.count == 32 else {
            return nil
        }
        digest = bytes
    }

    package var description: String { "SHA256:" + Base64.encode(digest, padded: false) }
}

struct SSHPublicKey: Hashable, Sendable {
    let blob: [UInt8]
    /// The first string in the blob: `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`, …
    let type: String

    init?(blob: [UInt8]) {
        var reader = WireReader(blob)
        guard let name = reader.string(), !name.isEmpty, name.count < 64 else { return nil }
        self.blob = blob
        type = String(decoding: name, as: UTF8.self)
    }

    /// A line of a `.pub` file: type, base64, comment.
    init?(line: String) {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.count >= 2, let blob = Base64.decode(words[1]), let key = SSHPublicKey(blob: blob),
            key.type == words[0]
        else { return nil }
        self = key
    }

    var fingerprint: SSHFingerprint { SSHFingerprint(ofBlob: blob) }
}

/// Reads SSH's big-endian strings and numbers; nil at the first thing that does not fit.
struct WireReader {
    private var rest: ArraySlice<UInt8>
    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func number() -> UInt32? {
        guard let bytes = take(4) else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
    mutating func string() -> [UInt8]? {
        guard let count = number(), count <= rest.count else { return nil }
        return take(Int(count))
    }
    mutating func take(_ count: Int) -> [UInt8]? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}

/// Writes what `WireReader` reads.
struct WireWriter {
    private(set) var bytes: [UInt8] = []
    mutating func number(_ value: Int) {
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    mutating func string(_ value: some Collection<UInt8>) {
        number(value.count)
        bytes += value
    }
}
