// Reads a private key once and signs with it for all sessions. Formats: OpenSSH's own container and PEM, from memory.
import CLibSSH2

/// An ed25519 or ECDSA key that can sign.
final class PrivateKey: Sendable {
    // OpenSSL's key objects are immutable after they are made and each signature has a context of its own.
    private nonisolated(unsafe) let key: OpaquePointer
    let publicKey: SSHPublicKey

    /// - Parameter subject: what errors call it, for example ``key `/root/.ssh/id_ed25519` ``.
    init(_ text: SecretBytes, subject: String) throws(SSHError) {
        let parsed = try text.withBytes { bytes throws(SSHError) in
            try Self.parse(bytes, subject: subject)
        }
        let kind = muster_key_kind(parsed)
        guard let publicKey = Self.publicKey(of: parsed, kind) else {
            EVP_PKEY_free(parsed)
            throw SSHError(subject: subject, .keyUnsupported(type: kind == MUSTER_KEY_RSA ? "ssh-rsa" : "unknown"))
        }
        key = parsed
        self.publicKey = publicKey
    }

    deinit { EVP_PKEY_free(key) }

    /// The signature as it stands in an authentication request; empty when libcrypto fails.
    func signature(over data: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        // Two mpints of P-521 are 2 × (4 + 67) bytes.
        [UInt8](unsafeUninitializedCapacity: 256) { out, count in
            count = muster_key_sign(key, data.baseAddress, data.count, out.baseAddress, out.count)
        }
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer, subject: String) throws(SSHError) -> OpaquePointer {
        let text = String(decoding: bytes.prefix(64), as: UTF8.self)
        if text.contains("BEGIN OPENSSH PRIVATE KEY") {
            return try OpenSSHKeyFile(bytes, subject: subject).key(subject: subject)
        }
        guard text.contains("-----BEGIN") else {
            let reason = "it is neither in OpenSSH's format nor PEM"
            throw SSHError(subject: subject, .keyUnreadable(reason: reason))
        }
        var wantsPassphrase: Int32 = 0
        let base = bytes.bindMemory(to: UInt8.self).baseAddress
        if let key = muster_key_from_pem(base, Int32(bytes.count), &wantsPassphrase) { return key }
        throw SSHError(subject: subject, wantsPassphrase != 0 ? .keyEncrypted : .keyUnreadable(reason: "broken PEM"))
    }

    private static func publicKey(of key: OpaquePointer, _ kind: muster_key_kind) -> SSHPublicKey? {
        let names: [UInt32: (type: String, curve: String)] = [
            MUSTER_KEY_ED25519.rawValue: ("ssh-ed25519", ""),
            MUSTER_KEY_P256.rawValue: ("ecdsa-sha2-nistp256", "nistp256"),
            MUSTER_KEY_P384.rawValue: ("ecdsa-sha2-nistp384", "nistp384"),
            MUSTER_KEY_P521.rawValue: ("ecdsa-sha2-nistp521", "nistp521"),
        ]
        guard let name = names[kind.rawValue] else { return nil }
        let point = [UInt8](unsafeUninitializedCapacity: 256) { out, count in
            count = muster_key_public(key, out.baseAddress, out.count)
        }
        if point.isEmpty { return nil }
        var writer = WireWriter()
        writer.string(name.type.utf8)
        if !name.curve.isEmpty { writer.string(name.curve.utf8) }
        writer.string(point)
        return SSHPublicKey(blob: writer.bytes)
    }
}

/// OpenSSH's own container, `PROTOCOL.key` in its sources: libcrypto does not read it.
private struct OpenSSHKeyFile {
    private var body: WireReader
    private let subject: String

    init(_ text: UnsafeRawBufferPointer, subject: String) throws(SSHError) {
        self.subject = subject
        let lines = text.split(separator: UInt8(ascii: "\n")).map { $0.filter { $0 > 32 } }
        let armor = lines.filter { !$0.isEmpty && $0.first != UInt8(ascii: "-") }
        guard let bytes = Base64.decode(String(decoding: armor.joined(), as: UTF8.self)) else {
            throw SSHError(subject: subject, .keyUnreadable(reason: "its base64 is broken"))
        }
        var reader = WireReader(bytes)
        guard reader.take(15) == Array("openssh-key-v1\0".utf8), let cipher = reader.string(), reader.string() != nil,
            reader.string() != nil, reader.number() == 1, let blob = reader.string(), let secret = reader.string()
        else { throw SSHError(subject: subject, .keyUnreadable(reason: "it is cut short")) }
        // RSA is named even when encrypted: a passphrase would not help.
        if SSHPublicKey(blob: blob)?.type == "ssh-rsa" {
            throw SSHError(subject: subject, .keyUnsupported(type: "ssh-rsa"))
        }
        if cipher != Array("none".utf8) { throw SSHError(subject: subject, .keyEncrypted) }
        body = WireReader(secret)
    }

    func key(subject: String) throws(SSHError) -> OpaquePointer {
        var reader = body
        guard let first = reader.number(), first == reader.number(), let name = reader.string() else {
            throw SSHError(subject: subject, .keyUnreadable(reason: "it is cut short"))
        }
        let type = String(decoding: name, as: UTF8.self)
        let key: OpaquePointer?
        switch type {
        case "ssh-ed25519": key = Self.edwards(&reader)
        case "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521": key = Self.curve(&reader)
        case let other: throw SSHError(subject: subject, .keyUnsupported(type: other))
        }
        guard let key else { throw SSHError(subject: subject, .keyUnreadable(reason: "its numbers are broken")) }
        return key
    }

    private static func edwards(_ reader: inout WireReader) -> OpaquePointer? {
        guard let point = reader.string(), point.count == 32, let pair = reader.string(), pair.count == 64 else {
            return nil
        }
        return muster_key_from_seed(pair)
    }

    private static func curve(_ reader: inout WireReader) -> OpaquePointer? {
        let groups = ["nistp256": "prime256v1", "nistp384": "secp384r1", "nistp521": "secp521r1"]
        guard let name = reader.string(), let group = groups[String(decoding: name, as: UTF8.self)],
            let point = reader.string(), let scalar = reader.string()
        else { return nil }
        return muster_key_from_scalar(group, scalar, scalar.count, point, point.count)
    }
}
