// Ansible's YAML form, and the files beside an inventory that hold variables of groups and hosts.

extension Inventory {
    func readYAML(_ text: String) {
        guard let root = YAMLReader(context: context, allowsTags: true).tree(text) else { return }
        for member in members(root, "an inventory") { group(member.key, member.value) }
    }

    private func group(_ name: String, _ value: YAMLValue) {
        addGroup(name)
        if value.isNull { return }
        for member in members(value, "group \(shown(name))") where !member.value.isNull {
            switch member.key {
            case "hosts":
                for host in members(member.value, "`hosts` of group \(shown(name))") {
                    let hosts = addHosts(host.key, to: name, line: host.line)
                    if host.value.isNull { continue }
                    for variable in members(host.value, "host \(shown(host.key))") {
                        guard let setting = setting(variable, context.file) else { continue }
                        for host in hosts { set(variable.key, setting, host: host) }
                    }
                }
            case "vars":
                for variable in members(member.value, "`vars` of group \(shown(name))") {
                    if let setting = setting(variable, context.file) { set(variable.key, setting, group: name) }
                }
            case "children":
                for child in members(member.value, "`children` of group \(shown(name))") {
                    addChild(child.key, to: name, line: child.line)
                    group(child.key, child.value)
                }
            case let other:
                context.reject(
                    .unknownKey, line: member.line, "group \(shown(name)) has no key \(shown(other))",
                    hint: "its keys are hosts, vars, children")
            }
        }
    }

    private func members(_ value: YAMLValue, _ title: String) -> [YAMLMember] {
        if case .mapping(let members) = value.content { return members }
        context.reject(
            .type, line: value.line, "\(title) must be a mapping, not \(value.noun)",
            hint: "`ansible-inventory --list --yaml` writes any inventory in the form that is read here")
        return []
    }

    /// Lists and mappings are variables of plays: nothing that is used here.
    private func setting(_ member: YAMLMember, _ file: String) -> Setting? {
        guard case .text(let text) = member.value.content, !member.value.isNull else { return nil }
        return Setting(value: text.raw, file: file, line: member.value.line)
    }

    /// What `group_vars` and `host_vars` beside the inventory say; it goes before what the inventory says itself.
    func readVariableFiles(_ files: some FileTree) {
        let folder = context.file.lastIndex(of: "/").map { String(context.file[...$0]) } ?? ""
        for group in groups.keys.sorted() {
            for (name, setting) in variables("\(folder)group_vars/\(group)", files) { set(name, setting, group: group) }
        }
        // One look at the folder spares a thousand looks for files that are not there.
        let named = Set(files.names(in: folder + "host_vars").map { String($0.prefix { $0 != "." }) })
        for (host, _) in hosts where named.contains(String(host.prefix { $0 != "." })) {
            for (name, setting) in variables("\(folder)host_vars/\(host)", files) { set(name, setting, host: host) }
        }
    }

    /// More files than this in one folder of variables are not read: nobody has them by intent.
    private static let mostFiles = 100

    /// A file with or without its ending, or a folder of such files.
    private func variables(_ path: String, _ files: some FileTree) -> [(String, Setting)] {
        let inFolder = files.names(in: path).filter { !$0.hasSuffix("~") }.prefix(Self.mostFiles)
        let paths = inFolder.isEmpty ? [path, path + ".yml", path + ".yaml"] : inFolder.map { "\(path)/\($0)" }
        return paths.flatMap { path -> [(String, Setting)] in
            switch files.text(path) {
            case nil: return []
            case .failure(let error):
                context.reject(.file, file: path, line: 1, "cannot read it", cause: error.reason)
                return []
            case .success(let text): return text.hasPrefix("$ANSIBLE_VAULT") ? [] : settings(text, path)
            }
        }
    }

    private func settings(_ text: String, _ path: String) -> [(String, Setting)] {
        let inner = Context(file: path, environment: [:])
        let isEmpty = text.split(separator: "\n").allSatisfy { line in
            let text = line.drop(while: \.isWhitespace)
            return text.isEmpty || text.hasPrefix("#") || text == "---"
        }
        guard !isEmpty, let root = YAMLReader(context: inner, allowsTags: true).tree(text) else {
            for problem in inner.problems.all { context.take(problem) }
            return []
        }
        guard case .mapping(let members) = root.content else { return [] }
        return members.compactMap { member in setting(member, path).map { (member.key, $0) } }
    }
}
