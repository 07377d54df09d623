// API tokens: 256 random bits whose text only their owner has. The inventory keeps the SHA-256 alone (decision 9), so
// a stolen inventory opens no door; with 256 random bits a slow hash would add nothing.

import Crypto
package import FleetModel
package import FoundationEssentials

/// A token as its owner holds it.
package struct TokenText: Sendable {
    package let secret: Secret

    /// What secret scanners look for, and what tells a token from other text.
    package static let prefix = "muster_"

    package init(_ secret: Secret) { self.secret = secret }

    /// Makes a token from the system's random source.
    package static func make() -> TokenText {
        let bits = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
        return TokenText(Secret(prefix + Base64URL.text(of: bits)))
    }

    /// What the inventory keeps.
    package var sha256: String { Self.sha256(of: secret.exposed) }

    /// SHA-256 of a text in lower-case hexadecimal digits.
    package static func sha256(of text: String) -> String { sha256(of: Data(text.utf8)) }

    package static func sha256(of data: Data) -> String {
        SHA256.hash(data: data).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// Compares two digests in a time that does not tell how much of them is the same.
    package static func isSame(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// Base64 as URLs and headers take it (RFC 4648 §5), without padding.
enum Base64URL {
    static func text(of data: Data) -> String {
        String(
            data.base64EncodedString().compactMap { character -> Character? in
                switch character {
                case "+": "-"
                case "/": "_"
                case "=": nil
                case _: character
                }
            })
    }
}
