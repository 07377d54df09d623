// One mapping of the manifest, read key by key with types. Every method says what is wrong and gives nil; nothing
// throws, so that the reader goes on and finds the next problem.

/// A value with the place where it was written, for messages about it that come later.
struct Located<Value> {
    let value: Value
    let line: Int
    /// As it was written: what a variable holds may be a secret and never reaches a message.
    let raw: String
}

struct Section {
    let shape: SectionShape
    let line: Int
    private let members: [String: YAMLMember]
    let context: Context

    /// Reports unknown keys and keys that hold secrets; nil when the value is no mapping.
    init?(_ value: YAMLValue, _ shape: SectionShape, context: Context) {
        guard case .mapping(let members) = value.content else {
            context.reject(.type, line: value.line, "\(shape.title) must be a mapping, not \(value.noun)")
            return nil
        }
        (self.shape, self.line, self.context) = (shape, value.line, context)
        self.members = Dictionary(members.map { ($0.key, $0) }) { first, _ in first }
        for member in members where !shape.keys.contains(where: { $0.name == member.key }) {
            Self.refuse(member, shape, context)
        }
    }

    private static func refuse(_ member: YAMLMember, _ shape: SectionShape, _ context: Context) {
        if TextRule.soundsSecret(member.key) {
            context.rejectSecret(key: member.key, line: member.line)
        } else {
            let meant = Spelling.suggestion(for: member.key, among: shape.names)
            context.reject(
                .unknownKey, line: member.line, "\(shape.title) has no key \(shown(member.key))",
                hint: meant.map { "did you mean `\($0)`?" } ?? "its keys are " + shape.names.joined(separator: ", "))
        }
    }

    /// The value of a key; nil when it is absent or nothing. A needed one that is missing is a problem.
    func value(_ key: String) -> YAMLValue? {
        if let member = members[key], !member.value.isNull { return member.value }
        if shape[key].isRequired {
            let place = members[key]?.line ?? line
            context.reject(.missingKey, line: place, "\(shape.title) needs `\(key)`", hint: "see docs/manifest.md")
        }
        return nil
    }

    /// The text of a key with its variables replaced.
    func text(_ key: String) -> Located<String>? {
        value(key).flatMap { context.text($0, title: "`\(key)`") }
    }

    /// A number without quotes, of the table's range. `range` is a wider one, for a caller that has more to say about
    /// what lies between.
    func number(_ key: String, in range: ClosedRange<Int>? = nil) -> Located<Int>? {
        guard let value = value(key) else { return nil }
        let named = shape[key].value.numbers
        let range = range ?? named
        guard case .text(let text) = value.content, text.isPlain, let number = Int(text.raw), range.contains(number)
        else {
            let (least, most) = (named.lowerBound, named.upperBound)
            let wanted = least == most ? "the number \(least)" : "a number from \(least) to \(most)"
            context.reject(.type, line: value.line, "`\(key)` must be \(wanted), not \(value.noun)")
            return nil
        }
        return Located(value: number, line: value.line, raw: text.raw)
    }

    func flag(_ key: String) -> Bool? {
        guard let value = value(key) else { return nil }
        if case .text(let text) = value.content, text.isPlain, let flag = Bool(text.raw.lowercased()) { return flag }
        context.reject(.type, line: value.line, "`\(key)` must be `true` or `false`, not \(value.noun)")
        return nil
    }

    /// One of the table's words.
    func word<Word: RawRepresentable>(_ key: String, as type: Word.Type) -> Word? where Word.RawValue == String {
        guard let text = text(key) else { return nil }
        guard case .word(let words) = shape[key].value else { return nil }
        if words.contains(text.value), let word = Word(rawValue: text.value) { return word }
        let meant = Spelling.suggestion(for: text.value, among: words).map { "did you mean `\($0)`?" }
        context.reject(
            .value, line: text.line,
            "`\(key)` must be \(words.map { "`\($0)`" }.joined(separator: " or ")), not \(shown(text.raw))",
            hint: meant)
        return nil
    }

    /// The section below a key.
    func section(_ key: String) -> Section? {
        guard case .section(let shape) = shape[key].value else { return nil }
        return value(key).flatMap { Section($0, shape, context: context) }
    }

    func list(_ key: String) -> [YAMLValue]? {
        guard let value = value(key) else { return nil }
        if case .list(let items) = value.content { return items }
        context.reject(.type, line: value.line, "`\(key)` must be a list, not \(value.noun)")
        return nil
    }

    /// A name: a DNS label, because it becomes a part of the names of Docker's objects.
    func name(_ key: String, of noun: String) -> Located<String>? {
        guard let text = text(key), case .text(.name(let length)) = shape[key].value else { return nil }
        return context.checkName(text, of: noun, atMost: length) ? text : nil
    }
}

extension Context {
    /// The text of a value with its variables replaced; numbers and words without quotes are texts too.
    func text(_ value: YAMLValue, title: String) -> Located<String>? {
        guard case .text(let text) = value.content, !value.isNull else {
            reject(.type, line: value.line, "\(title) must be a text, not \(value.noun)")
            return nil
        }
        guard let replaced = interpolated(text.raw, line: value.line) else { return nil }
        if TextRule.holdsPrivateKey(replaced) {
            reject(
                .secret, line: value.line, "\(title) holds a private key in plain text",
                hint: "name the file that holds it; and make a new key, this one has been seen")
            return nil
        }
        return Located(value: replaced, line: value.line, raw: text.raw)
    }

    func rejectSecret(key: String, line: Int) {
        reject(
            .secret, line: line, "\(shown(key)) would hold a secret in plain text",
            hint: "manifests are kept in git: leave secrets out; Muster makes its own keys and tokens")
    }

    /// `noun` is what it would name, with its article.
    func checkName(_ text: Located<String>, of noun: String, atMost length: Int = 63) -> Bool {
        if TextRule.isDNSLabel(text.value, atMost: length) { return true }
        let lower = text.value.lowercased()
        let meant = lower != text.value && lower == text.raw.lowercased() && TextRule.isDNSLabel(lower, atMost: length)
        reject(
            .value, line: text.line, "\(shown(text.raw)) cannot be the name of \(noun)",
            hint: meant
                ? "write it in lower case: `\(lower)`"
                : "use 1 to \(length) of a-z, 0-9 and `-`, with no `-` at either end")
        return false
    }
}

extension ValueShape {
    /// The least and the greatest number that it takes; for all else a range that no number is in.
    fileprivate var numbers: ClosedRange<Int> {
        switch self {
        case .number(let range), .hostsOrShare(let range): range
        case .numbers(let numbers): (numbers.min() ?? 0)...(numbers.max() ?? 0)
        case .text, .word, .flag, .section, .list, .labels, .daemon: Int.max...Int.max
        }
    }
}
