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
    /// With its article or in backquotes, for messages: "a host", "`access`".
    let title: String
    let line: Int
    private let members: [String: YAMLMember]
    let context: Context

    /// Reports unknown keys and keys that hold secrets; nil when the value is no mapping.
    init?(_ value: YAMLValue, title: String, keys: [String], context: Context) {
        guard case .mapping(let members) = value.content else {
            context.reject(.type, line: value.line, "\(title) must be a mapping, not \(value.noun)")
            return nil
        }
        (self.title, self.line, self.context) = (title, value.line, context)
        self.members = Dictionary(members.map { ($0.key, $0) }) { first, _ in first }
        for member in members where !keys.contains(member.key) { Self.refuse(member, title, keys, context) }
    }

    private static func refuse(_ member: YAMLMember, _ title: String, _ keys: [String], _ context: Context) {
        if TextRule.soundsSecret(member.key) {
            context.rejectSecret(key: member.key, line: member.line)
        } else {
            let meant = Spelling.suggestion(for: member.key, among: keys)
            context.reject(
                .unknownKey, line: member.line, "\(title) has no key \(shown(member.key))",
                hint: meant.map { "did you mean `\($0)`?" } ?? "its keys are " + keys.joined(separator: ", "))
        }
    }

    /// The value of a key; nil when it is absent or nothing. A required one that is missing is a problem.
    func value(_ key: String, isRequired: Bool = false) -> YAMLValue? {
        if let member = members[key], !member.value.isNull { return member.value }
        if isRequired {
            let place = members[key]?.line ?? line
            context.reject(.missingKey, line: place, "\(title) needs `\(key)`", hint: "see docs/manifest.md")
        }
        return nil
    }

    /// The text of a key with its variables replaced.
    func text(_ key: String, isRequired: Bool = false) -> Located<String>? {
        value(key, isRequired: isRequired).flatMap { context.text($0, title: "`\(key)`") }
    }

    /// A number without quotes. `sensible` is the range that a message names, when `range` is wider to let the caller
    /// say more about what lies between.
    func number(
        _ key: String, in range: ClosedRange<Int>, sensible: ClosedRange<Int>? = nil, isRequired: Bool = false
    ) -> Located<Int>? {
        guard let value = value(key, isRequired: isRequired) else { return nil }
        guard case .text(let text) = value.content, text.isPlain, let number = Int(text.raw), range.contains(number)
        else {
            let named = sensible ?? range
            context.reject(
                .type, line: value.line,
                "`\(key)` must be a number from \(named.lowerBound) to \(named.upperBound), not \(value.noun)")
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

    /// One of the words of a closed set.
    func word<Word: RawRepresentable & CaseIterable>(_ key: String, as type: Word.Type) -> Word?
    where Word.RawValue == String {
        guard let text = text(key) else { return nil }
        if let word = Word(rawValue: text.value) { return word }
        let words = Word.allCases.map(\.rawValue)
        let meant = Spelling.suggestion(for: text.value, among: words).map { "did you mean `\($0)`?" }
        context.reject(
            .value, line: text.line,
            "`\(key)` must be \(words.map { "`\($0)`" }.joined(separator: " or ")), not \(shown(text.raw))",
            hint: meant)
        return nil
    }

    /// The section below a key.
    func section(_ key: String, keys: [String]) -> Section? {
        value(key).flatMap { Section($0, title: "`\(key)`", keys: keys, context: context) }
    }

    func list(_ key: String, isRequired: Bool = false) -> [YAMLValue]? {
        guard let value = value(key, isRequired: isRequired) else { return nil }
        if case .list(let items) = value.content { return items }
        context.reject(.type, line: value.line, "`\(key)` must be a list, not \(value.noun)")
        return nil
    }

    /// A name: a DNS label, because it becomes a part of the names of Docker's objects.
    func name(_ key: String, of noun: String, atMost length: Int = 63) -> Located<String>? {
        guard let text = text(key, isRequired: true) else { return nil }
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
