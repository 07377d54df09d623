// An OpenSSH client configuration as far as a manifest can use it: which hosts it names, and how they are reached.
// As in ssh_config(5) the first value that is found for a keyword holds.

import FleetModel

/// The blocks of a configuration with what they include.
struct SSHConfigFile {
    struct Block {
        var patterns: [String]
        var settings: [(keyword: String, setting: Setting)] = []
        var file: String
        var line: Int
        /// `Match` decides by what is only known when ssh runs: such blocks are left aside.
        var isMatch = false
    }

    private let context: Context
    private let home: String
    private(set) var blocks: [Block] = []
    private(set) var notes: [String] = []
    private var filesRead = 0

    /// OpenSSH's own bound is 16 deep; with 64 files a circle ends as fast.
    private static let (mostDeep, mostFiles) = (16, 64)

    init(_ text: String, context: Context, files: some FileTree) {
        self.context = context
        home = context.environment["HOME"] ?? ""
        blocks = [Block(patterns: ["*"], file: context.file, line: 1)]
        read(text, file: context.file, files: files, depth: 0)
    }

    private mutating func read(_ text: String, file: String, files: some FileTree, depth: Int) {
        filesRead += 1
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard let (keyword, words) = Self.words(raw) else { continue }
            let line = index + 1
            guard !words.isEmpty else {
                context.reject(.syntax, file: file, line: line, "\(shown(keyword)) has no value")
                continue
            }
            switch keyword.lowercased() {
            case "host": blocks.append(Block(patterns: words, file: file, line: line))
            case "match":
                blocks.append(Block(patterns: [], file: file, line: line, isMatch: true))
                notes.append("\(file):\(line): a `Match` block is not looked at")
            case "include":
                for word in words { include(word, file: file, line: line, files: files, depth: depth) }
            case let lower:
                let setting = Setting(value: words.joined(separator: " "), file: file, line: line)
                blocks[blocks.count - 1].settings.append((lower, setting))
            }
        }
    }

    /// Keyword and arguments of a line; nil for comments and empty lines.
    private static func words(_ raw: Substring) -> (String, [String])? {
        var (words, word, isQuoted, isKeyword) = ([String](), nil as String?, false, true)
        for letter in raw {
            if letter == "\"" {
                isQuoted.toggle()
                word = word ?? ""
            } else if !isQuoted && (letter.isWhitespace || (isKeyword && letter == "=")) {
                if let full = word { words.append(full) }
                if word != nil { isKeyword = false }
                word = nil
            } else if letter == "#", !isQuoted, word == nil {
                break
            } else if letter == "=", !isQuoted, word == nil, words.count == 1 {
                continue
            } else {
                word = (word ?? "") + String(letter)
            }
        }
        if let word { words.append(word) }
        guard let keyword = words.first else { return nil }
        return (keyword, Array(words.dropFirst()))
    }

    private mutating func include(_ word: String, file: String, line: Int, files: some FileTree, depth: Int) {
        var path = word.hasPrefix("~/") ? home + word.dropFirst() : word
        if !path.hasPrefix("/") { path = "\(home)/.ssh/\(path)" }
        guard depth < Self.mostDeep, filesRead < Self.mostFiles else {
            context.reject(
                .file, file: file, line: line, "\(shown("Include " + word)) leads too far: into a circle perhaps",
                hint: "at most \(Self.mostDeep) deep and \(Self.mostFiles) files are read")
            return
        }
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let (folder, name) = (String(path[..<slash]), String(path[slash...].dropFirst()))
        let isPattern = name.contains("*") || name.contains("?")
        let names = isPattern ? files.names(in: folder).filter { Glob.matches(name, $0) } : [name]
        for name in names where filesRead < Self.mostFiles {
            switch files.text("\(folder)/\(name)") {
            // As ssh does: what is not there includes nothing.
            case nil: continue
            case .failure(let error):
                context.reject(
                    .file, file: file, line: line, "cannot read \(shown("\(folder)/\(name)"))", cause: error.reason)
            case .success(let text):
                let block = blocks[blocks.count - 1]
                read(text, file: "\(folder)/\(name)", files: files, depth: depth + 1)
                // What follows an Include belongs to the block that holds it.
                blocks.append(Block(patterns: block.patterns, file: file, line: line, isMatch: block.isMatch))
            }
        }
    }

    // MARK: - What it comes to

    /// The hosts that are named without a pattern, in order.
    func found() -> FoundHosts {
        var found = FoundHosts(notes: notes)
        found.defaultUser = context.environment["USER"].flatMap { $0.isEmpty ? nil : $0 } ?? "root"
        var seen: Set<String> = []
        for block in blocks where !block.isMatch {
            let names = block.patterns.filter { !$0.contains { "*?!".contains($0) } }
            for name in names where seen.insert(name).inserted {
                found.hosts.append(host(name, block))
            }
        }
        return found
    }

    private func host(_ name: String, _ block: Block) -> FoundHost {
        var host = FoundHost(name: name, file: block.file, line: block.line)
        let values = values(of: name)
        host.address = values["hostname"].map { setting in
            var setting = setting
            setting.value = Self.address(setting.value, of: name)
            return setting
        }
        (host.user, host.port) = (values["user"], values["port"])
        host.keyFile = values["identityfile"].map { setting in
            var setting = setting
            setting.value = setting.value.replacing("%d", with: home)
            return setting
        }
        host.bastion = values["proxyjump"].flatMap { $0.value.lowercased() == "none" ? nil : jump($0) }
        return host
    }

    private static func address(_ text: String, of name: String) -> String {
        text.replacing("%h", with: name).replacing("%%", with: "%")
    }

    /// The first value of each keyword that holds for a host.
    private func values(of name: String) -> [String: Setting] {
        var values: [String: Setting] = [:]
        for block in blocks where !block.isMatch && Glob.matches(list: block.patterns, name) {
            for (keyword, setting) in block.settings where values[keyword] == nil { values[keyword] = setting }
        }
        return values
    }

    /// A jump host may itself be one of the configuration's hosts: what is not said here is said there.
    private func jump(_ setting: Setting) -> Setting {
        let halves = setting.value.split(separator: "@", maxSplits: 1)
        let ends = (halves.last ?? "").split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = ends.first.map(String.init) else { return setting }
        let values = values(of: name)
        guard let address = values["hostname"].map({ Self.address($0.value, of: name) }) else { return setting }
        let user = halves.count == 2 ? String(halves[0]) : values["user"]?.value
        let port = ends.count == 2 ? String(ends[1]) : values["port"]?.value
        var resolved = setting
        resolved.value = (user.map { $0 + "@" } ?? "") + address + (port.map { ":" + $0 } ?? "")
        return resolved
    }
}
