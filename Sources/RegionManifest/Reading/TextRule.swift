// What the texts of a manifest may look like. Names become parts of Docker's object names, node labels, file names and
// shell arguments, so they are DNS labels and nothing else (F43); no regular expressions, so nothing to get slow.

enum TextRule {
    private static let lower = Set("abcdefghijklmnopqrstuvwxyz".unicodeScalars)
    private static let upper = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZ".unicodeScalars)
    private static let digits = Set("0123456789".unicodeScalars)
    private static let letters = lower.union(upper)

    /// RFC 1123, lower case only.
    static func isDNSLabel(_ text: String, atMost length: Int = 63) -> Bool {
        let scalars = Array(text.unicodeScalars)
        guard let first = scalars.first, let last = scalars.last, scalars.count <= length else { return false }
        let ends = lower.union(digits)
        return ends.contains(first) && ends.contains(last) && scalars.allSatisfy { ends.contains($0) || $0 == "-" }
    }

    /// Labels with dots between, 253 letters at most, and not a number at the end: that is a mistyped IP address.
    static func isDNSName(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.unicodeScalars.count <= 253, labels.allSatisfy({ isDNSLabel(String($0)) }) else { return false }
        return !labels[labels.count - 1].unicodeScalars.allSatisfy(digits.contains)
    }

    /// An account's name as Debian's adduser accepts it.
    static func isUserName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, text.unicodeScalars.count <= 32 else { return false }
        let rest = lower.union(digits).union(["-", "_"])
        return (lower.contains(first) || first == "_") && text.unicodeScalars.allSatisfy(rest.contains)
    }

    /// As POSIX shells have them.
    static func isVariableName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, !digits.contains(first) else { return false }
        return text.unicodeScalars.allSatisfy { letters.contains($0) || digits.contains($0) || $0 == "_" }
    }

    /// The letters of Debian's version numbers, with `*` at the end for "and what begins like this".
    static func isVersionPattern(_ text: String) -> Bool {
        let body = text.hasSuffix("*") ? text.dropLast() : text[...]
        let allowed = letters.union(digits).union([".", "+", "~", "-", ":"])
        guard let first = body.unicodeScalars.first, digits.contains(first), text.unicodeScalars.count <= 64 else {
            return false
        }
        return body.unicodeScalars.allSatisfy(allowed.contains)
    }

    /// `SHA256:` and 43 letters of base64, as `ssh-keygen -l` prints it.
    static func isFingerprint(_ text: String) -> Bool {
        guard text.hasPrefix("SHA256:") else { return false }
        let digest = text.dropFirst(7).unicodeScalars
        return digest.count == 43
            && digest.allSatisfy { letters.contains($0) || digits.contains($0) || $0 == "+" || $0 == "/" }
    }

    /// A node label's key: words with dots, dashes, underlines or slashes between.
    static func isLabelKey(_ text: String) -> Bool {
        let ends = letters.union(digits)
        let inner = ends.union([".", "-", "_", "/"])
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last else { return false }
        return text.unicodeScalars.count <= 128 && ends.contains(first) && ends.contains(last)
            && text.unicodeScalars.allSatisfy(inner.contains)
    }

    /// One line that a terminal, a log and a shell argument can carry.
    static func isOneLine(_ text: String, atMost length: Int) -> Bool {
        text.unicodeScalars.count <= length
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
                case _: true
                }
            }
    }

    /// Whether a key's name says that its value is a secret: one of its words ends like one (`dbPassword`,
    /// `join-token`; not `tokenizer`).
    static func soundsSecret(_ key: String) -> Bool {
        var words = [""]
        var isAfterLower = false
        for scalar in key.unicodeScalars {
            if !letters.contains(scalar) || (isAfterLower && upper.contains(scalar)) { words.append("") }
            if letters.contains(scalar) { words[words.count - 1] += String(scalar).lowercased() }
            isAfterLower = lower.contains(scalar)
        }
        let secrets = ["password", "passwd", "passphrase", "token", "secret", "credential", "privatekey", "apikey"]
        return (words + [words.joined()]).contains { word in
            secrets.contains { word.hasSuffix($0) || word.hasSuffix($0 + "s") }
        }
    }

    /// Whether a value is a private key.
    static func holdsPrivateKey(_ text: String) -> Bool { text.contains("PRIVATE KEY-----") }
}
