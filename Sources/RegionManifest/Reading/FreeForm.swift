// The two places where people choose the keys themselves: labels of hosts, and the engine's daemon.json.

import FleetModel

struct FreeForm {
    let context: Context

    /// Longer values are files, not labels.
    static let maximumLabel = 512

    func labels(_ value: YAMLValue) -> [String: String] {
        var labels: [String: String] = [:]
        for member in members(value, title: "`labels`") {
            guard checkLabelKey(member), let text = context.text(member.value, title: "label \(shown(member.key))")
            else { continue }
            if TextRule.isOneLine(text.value, atMost: Self.maximumLabel) {
                labels[member.key] = text.value
            } else {
                context.reject(
                    .value, line: text.line,
                    "label \(shown(member.key)) must be one line of at most \(Self.maximumLabel) letters")
            }
        }
        return labels
    }

    private func checkLabelKey(_ member: YAMLMember) -> Bool {
        let reserved = ["io.muster.", "com.docker.", "io.docker.", "org.dockerproject."]
        if let prefix = reserved.first(where: member.key.hasPrefix) {
            context.reject(
                .value, line: member.line, "label \(shown(member.key)) is not yours: `\(prefix)` is reserved")
        } else if !TextRule.isLabelKey(member.key) {
            context.reject(
                .value, line: member.line, "\(shown(member.key)) is not a label",
                hint: "use letters, digits, `.`, `-`, `_` and `/`, with a letter or digit at both ends")
        } else {
            return true
        }
        return false
    }

    /// The keys for daemon.json, with YAML's types as JSON has them.
    func daemon(_ value: YAMLValue) -> [String: JSONValue] {
        var daemon: [String: JSONValue] = [:]
        for member in members(value, title: "`daemon`") {
            if member.key == "live-restore" {
                context.reject(
                    .value, line: member.line, "`live-restore` does not work with Swarm", hint: "leave it away")
            }
            daemon[member.key] = json(member.value)
        }
        return daemon
    }

    private func json(_ value: YAMLValue) -> JSONValue {
        switch value.content {
        case .text(let text): return scalar(text, line: value.line)
        case .list(let items): return .array(items.map(json))
        case .mapping:
            let pairs = members(value, title: "`daemon`").map { ($0.key, json($0.value)) }
            return .object(Dictionary(pairs) { first, _ in first })
        }
    }

    private func scalar(_ text: YAMLText, line: Int) -> JSONValue {
        let value = YAMLValue(line: line, content: .text(text))
        if value.isNull { return .null }
        if text.isPlain {
            if ["true", "True", "TRUE"].contains(text.raw) { return .bool(true) }
            if ["false", "False", "FALSE"].contains(text.raw) { return .bool(false) }
            if let number = number(text.raw, line: line) { return number }
        }
        return .string(context.text(value, title: "a value of `daemon`")?.value ?? "")
    }

    /// A number as JSON writes it; nil for other texts (`0644`, `1.2.3`, `.inf` are texts).
    private func number(_ text: String, line: Int) -> JSONValue? {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard let first = digits.utf8.first, (48...57).contains(first),
            digits.utf8.count == 1 || first != 48 || digits.dropFirst().utf8.first == UInt8(ascii: "."),
            digits.utf8.allSatisfy({ (48...57).contains($0) || ".eE+-".utf8.contains($0) })
        else { return nil }
        if let integer = Int(text) { return .integer(integer) }
        guard let double = Double(text) else { return nil }
        if digits.utf8.allSatisfy({ (48...57).contains($0) }) || !double.isFinite {
            context.reject(.value, line: line, "\(shown(text)) is too large a number", hint: "quote it if it is a text")
        }
        return .double(double)
    }

    private func members(_ value: YAMLValue, title: String) -> [YAMLMember] {
        guard case .mapping(let members) = value.content else {
            context.reject(.type, line: value.line, "\(title) must be a mapping, not \(value.noun)")
            return []
        }
        return members.filter { member in
            let isSecret = TextRule.soundsSecret(member.key)
            if isSecret { context.rejectSecret(key: member.key, line: member.line) }
            return !isSecret
        }
    }
}
