// The forms that texts of a manifest take, each as a rule for the reader and as a pattern for the schema. Tests hold
// the two to each other.

/// A kind of text.
enum TextForm: Hashable, Sendable {
    case name(atMost: Int)
    case account
    case address
    case path
    case version
    case fingerprint
    case network
    case labelValue

    /// Whether the reader takes a text without variables. A host's address may still be refused for what it is.
    func accepts(_ text: String) -> Bool {
        switch self {
        case .name(let length): TextRule.isDNSLabel(text, atMost: length)
        case .account: TextRule.isUserName(text)
        case .address: IPv4Address(text) != nil || TextRule.isDNSName(text)
        case .path: !text.isEmpty && TextRule.isOneLine(text, atMost: 1_024)
        case .version: TextRule.isVersionPattern(text)
        case .fingerprint: TextRule.isFingerprint(text)
        case .network: IPv4Network(text) != nil
        case .labelValue: TextRule.isOneLine(text, atMost: FreeForm.maximumLabel)
        }
    }

    /// A regular expression (ECMA-262, for the whole text) that takes all that `accepts` takes.
    var pattern: String {
        let byte = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
        let address = "\(byte)(\\.\(byte)){3}"
        let label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
        return switch self {
        case .name(let length): "[a-z0-9]([a-z0-9-]{0,\(length - 2)}[a-z0-9])?"
        case .account: "[a-z_][a-z0-9_-]{0,31}"
        case .address: "\(address)|(\(label)\\.)*\(label)"
        case .path: ".{1,1024}"
        case .version: "[0-9][A-Za-z0-9.+~:-]{0,63}\\*?"
        case .fingerprint: "SHA256:[A-Za-z0-9+/]{43}"
        case .network: "\(address)/([12]?[0-9]|3[0-2])"
        case .labelValue: ".{0,\(FreeForm.maximumLabel)}"
        }
    }
}
