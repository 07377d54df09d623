// From text to tree through Yams, with the bounds that a file from anywhere needs: size, depth (libyaml's own 1000),
// no aliases, no tags. Keys that are given twice are all found, though Yams stops at the first.

import Yams

struct YAMLReader {
    let context: Context
    /// Inventories of other tools may have tags (`!vault`): a value with one is then a text that is no value of ours.
    var allowsTags = false

    /// 4 MiB: 10,000 hosts with all their keys need 2.5. Half would refuse them; more is not a manifest.
    static let maximumBytes = 4 * 1024 * 1024

    /// How many keys that are given twice are looked for: each costs another parse.
    private static let maximumDuplicates = 20

    /// The tree of a document; nil when there is none, after saying why.
    func tree(_ text: String) -> YAMLValue? {
        guard text.utf8.count <= Self.maximumBytes else {
            context.reject(
                .file, line: 1, "the file has \(text.utf8.count) bytes, more than 4 MiB",
                hint: "one manifest describes one region; split it")
            return nil
        }
        if let alias = AliasScan.firstAlias(in: text) {
            context.reject(
                .syntax, line: alias.line, "`*\(alias.name)` is a YAML alias, and aliases are refused",
                hint: "write the value out where it is needed")
            return nil
        }
        // Windows' editors begin files with a byte order mark; Yams would take it for a text.
        guard let root = node(text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text) else {
            return nil
        }
        return value(root.node, twice: root.twice)
    }

    /// Parses again and again, each time with one more of the keys that are given twice under another name.
    private func node(_ original: String) -> (node: Node, twice: [String: String])? {
        var (text, twice) = (original, [String: String]())
        while true {
            do {
                guard let node = try Parser(yaml: text, resolver: .basic).singleRoot() else {
                    context.reject(.syntax, line: 1, "the file is empty", hint: "see docs/manifest.md for an example")
                    return nil
                }
                return (node, twice)
            } catch YamlError.duplicatedKeysInMapping(let keys, let place) {
                let name = "muster-given-twice-\(twice.count)"
                guard twice.count < Self.maximumDuplicates, let key = keys.first,
                    let renamed = Self.rename(key, to: name, at: place.mark, in: text)
                else {
                    context.reject(.duplicate, line: place.mark.line, "a mapping has \(shown(keys[0])) twice")
                    return nil
                }
                (text, twice[name]) = (renamed, key)
            } catch {
                rejectSyntax(error)
                return nil
            }
        }
    }

    /// The text with the key at `mark` under another name; nil when the key is not written there as it reads.
    private static func rename(_ key: String, to name: String, at mark: Mark, in text: String) -> String? {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.indices.contains(mark.line - 1) else { return nil }
        let line = lines[mark.line - 1].unicodeScalars
        let (head, tail) = (String(line.prefix(mark.column - 1)), String(line.dropFirst(mark.column - 1)))
        guard let written = [key, "\"\(key)\"", "'\(key)'"].first(where: tail.hasPrefix) else { return nil }
        lines[mark.line - 1] = head + name + tail.dropFirst(written.count)
        return lines.joined(separator: "\n")
    }

    private func value(_ node: Node, twice: [String: String]) -> YAMLValue {
        let line = node.mark?.line ?? 1
        if let tag = tag(node) {
            if allowsTags { return YAMLValue(line: line, content: .text(YAMLText(raw: tag, isPlain: false))) }
            context.reject(.syntax, line: line, "the YAML tag \(shown(tag)) is refused", hint: "leave it away")
        }
        switch node {
        case .scalar(let scalar):
            return YAMLValue(line: line, content: .text(YAMLText(raw: scalar.string, isPlain: scalar.style == .plain)))
        case .sequence(let items):
            return YAMLValue(line: line, content: .list(items.map { value($0, twice: twice) }))
        case .mapping(let pairs):
            return YAMLValue(line: line, content: .mapping(members(pairs, twice: twice)))
        case .alias:
            // Yams puts the anchored value in an alias's place, and the scan refused aliases before.
            return YAMLValue(line: line, content: .text(YAMLText(raw: "", isPlain: true)))
        }
    }

    private func members(_ pairs: Node.Mapping, twice: [String: String]) -> [YAMLMember] {
        var (members, firstLines) = ([YAMLMember](), [String: Int]())
        for (key, item) in pairs {
            let line = key.mark?.line ?? 1
            guard case .scalar(let scalar) = key else {
                context.reject(.syntax, line: line, "a key is not a word but a list or a mapping")
                continue
            }
            if let original = twice[scalar.string] {
                firstLines[original] = firstLines[original] ?? line
                continue
            }
            if let first = firstLines[scalar.string] {
                context.reject(
                    .duplicate, line: line, "\(shown(scalar.string)) is given twice: first at line \(first)",
                    hint: "keep one of them")
            }
            members.append(YAMLMember(key: scalar.string, line: line, value: value(item, twice: twice)))
        }
        return members
    }

    /// The tag that was written, if one was.
    private func tag(_ node: Node) -> String? {
        let plainTags = ["tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"]
        let tag = node.tag.description
        return plainTags.contains(tag) ? nil : tag
    }
}

extension YAMLReader {
    private func rejectSyntax(_ error: any Error) {
        switch error {
        case YamlError.scanner(let place, let problem, let mark, _),
            YamlError.parser(let place, let problem, let mark, _),
            YamlError.composer(let place, let problem, let mark, _):
            let start = place.map { " (\($0.text) at line \($0.mark.line))" } ?? ""
            context.reject(
                .syntax, line: mark.line, "not readable as YAML", hint: Self.hint(problem), cause: problem + start)
        case YamlError.reader(let problem, let offset, _, let yaml):
            let line = 1 + yaml.prefix(offset ?? 0).count(where: \.isNewline)
            context.reject(.syntax, line: line, "not readable as YAML", cause: problem)
        case _:
            context.reject(.syntax, line: 1, "not readable as YAML", cause: "\(error)")
        }
    }

    private static func hint(_ problem: String) -> String? {
        if problem.contains("another document") { return "one file is one document: remove `---` and what follows" }
        if problem.contains("cannot start any token") { return "indent with spaces, and quote texts that begin oddly" }
        if problem.contains("undefined alias") { return "quote texts that begin with `*` or `&`" }
        if problem.contains("mapping values are not allowed") { return "quote texts that contain `: `" }
        return nil
    }
}
