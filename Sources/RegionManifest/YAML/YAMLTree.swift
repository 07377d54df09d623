// A YAML document as this module sees it: texts, lists and mappings with their lines, and no types yet. YAML's own
// guesses (`no` is false, `20.10` is 20.1) are not made; the reader of each key knows what it wants.

/// One value of the document.
struct YAMLValue {
    /// Counted from 1.
    let line: Int
    let content: Content

    enum Content {
        case text(YAMLText)
        case list([YAMLValue])
        case mapping([YAMLMember])
    }

    /// Nothing was written, or YAML's word for nothing.
    var isNull: Bool {
        guard case .text(let text) = content, text.isPlain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text.raw)
    }

    /// What it is, for messages.
    var noun: String {
        if isNull { return "nothing" }
        return switch content {
        case .text(let text): (text.isPlain ? "" : "the text ") + shown(text.raw)
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// A scalar as it was written, before any variable is replaced.
struct YAMLText {
    let raw: String
    /// Written without quotes: only such texts can be numbers, `true`, `false` or nothing.
    let isPlain: Bool
}

struct YAMLMember {
    let key: String
    let line: Int
    let value: YAMLValue
}
