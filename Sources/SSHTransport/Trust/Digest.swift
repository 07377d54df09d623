// SHA-256, HMAC-SHA1 and base64, by libcrypto: the transport needs these three and no crypto package.
import CLibSSH2

enum Digest {
    static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { out, count in
            muster_sha256(bytes, bytes.count, out.baseAddress!)
            count = 32
        }
    }

    static func hmacSHA1(key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 20) { out, count in
            muster_hmac_sha1(key, key.count, bytes, bytes.count, out.baseAddress!)
            count = 20
        }
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

enum Base64 {
    static func encode(_ bytes: [UInt8], padded: Bool = true) -> String {
        var text = [UInt8](unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4 + 1) { out, count in
            count = Int(EVP_EncodeBlock(out.baseAddress!, bytes, Int32(bytes.count)))
        }
        if !padded { while text.last == UInt8(ascii: "=") { text.removeLast() } }
        return String(decoding: text, as: UTF8.self)
    }

    /// nil unless `text` is whole, canonical base64; missing padding is allowed, as in fingerprints.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var source = Array(text.utf8)
        while source.last == UInt8(ascii: "=") { source.removeLast() }
        let rest = source.count % 4
        if rest == 1 || source.isEmpty { return nil }
        let missing = rest == 0 ? 0 : 4 - rest
        source += repeatElement(UInt8(ascii: "="), count: missing)
        if source.dropLast(missing).contains(where: { !isDigit($0) }) { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: source.count / 4 * 3) { out, count in
            count = max(0, Int(EVP_DecodeBlock(out.baseAddress!, source, Int32(source.count))) - missing)
        }
        return bytes.isEmpty ? nil : bytes
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
