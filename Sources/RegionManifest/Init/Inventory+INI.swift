// Ansible's INI form: `[group]` with hosts and their variables, `[group:vars]`, `[group:children]`.

extension Inventory {
    private enum Part { case hosts, variables, children }

    func readINI(_ text: String) {
        var (group, part) = ("ungrouped", Part.hosts)
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let (line, text) = (index + 1, Self.trimmed(raw))
            if text.isEmpty || text.hasPrefix("#") || text.hasPrefix(";") { continue }
            if text.hasPrefix("["), let close = text.lastIndex(of: "]"), Self.isEnd(text[close...].dropFirst()) {
                guard let head = header(text[..<close].dropFirst(), line: line) else { continue }
                (group, part) = head
                continue
            }
            switch part {
            case .hosts: host(text, group: group, line: line)
            case .variables: variable(text, group: group, line: line)
            case .children: addChild(String(text.prefix { !$0.isWhitespace && $0 != "#" }), to: group, line: line)
            }
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    /// Nothing, or a comment.
    private static func isEnd(_ text: Substring) -> Bool {
        let rest = trimmed(text)
        return rest.isEmpty || rest.hasPrefix("#") || rest.hasPrefix(";")
    }

    private func header(_ text: Substring, line: Int) -> (String, Part)? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(Self.trimmed(parts[0]))
        let kinds: [Substring: Part] = ["hosts": .hosts, "vars": .variables, "children": .children]
        guard !name.isEmpty, let part = parts.count == 1 ? .hosts : kinds[parts[1]] else {
            context.reject(
                .syntax, line: line, "\(shown("[\(text)]")) begins no section",
                hint: "write `[group]`, `[group:vars]` or `[group:children]`")
            return nil
        }
        addGroup(name)
        return (name, part)
    }

    /// `pattern[:port] key=value key="two words"`.
    private func host(_ text: Substring, group: String, line: Int) {
        guard let words = words(text, line: line), let first = words.first else { return }
        var pattern = first
        var port: String?
        // A colon behind the last bracket: those inside belong to ranges. Two of them are an IPv6 address.
        let tail = pattern[(pattern.lastIndex(of: "]") ?? pattern.lastIndex(of: "[") ?? pattern.startIndex)...]
        if !tail.hasPrefix("["), tail.count(where: { $0 == ":" }) == 1, let colon = tail.firstIndex(of: ":") {
            port = String(pattern[pattern.index(after: colon)...])
            pattern = String(pattern[..<colon])
        }
        let names = addHosts(pattern, to: group, line: line)
        for name in names {
            if let port { set("ansible_port", Setting(value: port, file: context.file, line: line), host: name) }
            for word in words.dropFirst() {
                guard let equals = word.firstIndex(of: "=") else {
                    context.reject(
                        .syntax, line: line, "\(shown(word)) is no `key=value`", hint: "one line is one host")
                    break
                }
                let value = Setting(value: String(word[word.index(after: equals)...]), file: context.file, line: line)
                set(String(word[..<equals]), value, host: name)
            }
        }
    }

    /// Words as a shell would part them, with quotes and a comment at the end.
    private func words(_ text: Substring, line: Int) -> [String]? {
        var (words, word, quote) = ([String](), nil as String?, nil as Character?)
        for letter in text {
            if let open = quote {
                if letter == open { quote = nil } else { word?.append(letter) }
            } else if letter == "\"" || letter == "'" {
                (quote, word) = (letter, word ?? "")
            } else if letter.isWhitespace {
                if let full = word { words.append(full) }
                word = nil
            } else if letter == "#", word == nil {
                break
            } else {
                word = (word ?? "") + String(letter)
            }
        }
        if quote != nil {
            context.reject(.syntax, line: line, "a quote is not closed", hint: "close it on the same line")
            return nil
        }
        return words + [word].compactMap { $0 }
    }

    /// `key = value`: the rest of the line is the value.
    private func variable(_ text: Substring, group: String, line: Int) {
        guard let equals = text.firstIndex(of: "=") else {
            context.reject(.syntax, line: line, "\(shown(String(text))) is no `key=value`")
            return
        }
        var value = Self.trimmed(text[text.index(after: equals)...])
        if let quote = value.first, quote == "\"" || quote == "'", value.count > 1, value.last == quote {
            value = value.dropFirst().dropLast()
        }
        let setting = Setting(value: String(value), file: context.file, line: line)
        set(String(Self.trimmed(text[..<equals])), setting, group: group)
    }
}
