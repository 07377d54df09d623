// An Ansible inventory as far as a manifest can use it: which hosts there are, in which groups, and what their
// variables come to. INI and YAML fill the same tables; what Ansible would compute (templates, plugins) is refused.

/// The groups and hosts of one inventory while it is read.
final class Inventory {
    struct Group {
        var hosts: [String] = []
        var children: [String] = []
        var variables: [String: Setting] = [:]
    }

    let context: Context
    private(set) var groups: [String: Group] = ["all": Group()]
    /// In the order in which they are first named.
    private(set) var hosts: [(name: String, line: Int)] = []
    private var variables: [String: [String: Setting]] = [:]
    /// Group and host of every membership, so that none is there twice.
    private var memberships: Set<String> = []
    /// Lines that name a group as a child, which must be there in the end.
    private var childLines: [(name: String, line: Int)] = []

    init(context: Context) { self.context = context }

    func addGroup(_ name: String) { groups[name] = groups[name] ?? Group() }

    /// - Returns: the names that the pattern stands for; none after saying why.
    func addHosts(_ pattern: String, to group: String, line: Int) -> [String] {
        addGroup(group)
        let names: [String]
        do { names = try HostRange.names(pattern) } catch {
            context.reject(.value, line: line, "\(shown(pattern)) names no hosts: \(error.reason)")
            return []
        }
        for name in names where variables[name] == nil {
            variables[name] = [:]
            hosts.append((name, line))
        }
        groups[group]?.hosts += names.filter { memberships.insert("\(group) \($0)").inserted }
        if hosts.count > ManifestShape.maximumHosts {
            context.reject(
                .file, line: line, "it has more than \(ManifestShape.maximumHosts) hosts", hint: "split the region")
            return []
        }
        return names
    }

    func addChild(_ name: String, to group: String, line: Int) {
        addGroup(group)
        if groups[group]?.children.contains(name) == false { groups[group]?.children.append(name) }
        childLines.append((name, line))
    }

    /// A later value takes the place of an earlier one, as in Ansible.
    func set(_ name: String, _ setting: Setting, host: String) { variables[host]?[name] = setting }
    func set(_ name: String, _ setting: Setting, group: String) {
        addGroup(group)
        groups[group]?.variables[name] = setting
    }

    /// Reports children that are no groups, and groups that are their own descendants; true when all is well.
    func checkGroups() -> Bool {
        var isSound = true
        for (name, line) in childLines where groups[name] == nil {
            context.reject(.reference, line: line, "there is no group \(shown(name))", hint: "define it, or remove it")
            isSound = false
        }
        for (name, line) in childLines where descendants(of: name).contains(name) {
            context.reject(.reference, line: line, "group \(shown(name)) contains itself", hint: "break the circle")
            return false
        }
        return isSound
    }

    /// All groups below one, without itself unless there is a circle.
    private func descendants(of group: String) -> Set<String> {
        var (found, waiting) = (Set<String>(), groups[group]?.children ?? [])
        while let next = waiting.popLast() {
            if found.insert(next).inserted { waiting += groups[next]?.children ?? [] }
        }
        return found
    }

    // MARK: - What it comes to

    /// The hosts with what their variables come to; `checkGroups` must have been glad.
    func found() -> [FoundHost] {
        let depths = depths()
        var groupsByHost: [String: [String]] = [:]
        for (name, group) in groups { for host in group.hosts { groupsByHost[host, default: []].append(name) } }
        let parents = parents()
        return hosts.map { host, line in
            let mine = ancestors(of: groupsByHost[host] ?? [], parents)
            // Ansible's order: `all` first, then the deeper after the less deep, by name within a depth.
            let order = mine.union(["all"]).sorted { (depths[$0] ?? 0, $0) < (depths[$1] ?? 0, $1) }
            var merged: [String: Setting] = [:]
            for group in order { merged.merge(groups[group]?.variables ?? [:]) { $1 } }
            merged.merge(variables[host] ?? [:]) { $1 }
            var found = FoundHost(name: host, file: context.file, line: line)
            found.groups = order.reversed().filter { $0 != "all" && $0 != "ungrouped" }
            found.variables = merged
            return found
        }
    }

    private func parents() -> [String: [String]] {
        var parents: [String: [String]] = [:]
        for (name, group) in groups { for child in group.children { parents[child, default: []].append(name) } }
        return parents
    }

    private func ancestors(of groups: [String], _ parents: [String: [String]]) -> Set<String> {
        var (found, waiting) = (Set<String>(), groups)
        while let next = waiting.popLast() { if found.insert(next).inserted { waiting += parents[next] ?? [] } }
        return found
    }

    /// The longest way from `all` to each group; without circles it ends.
    private func depths() -> [String: Int] {
        var depths = ["all": 0]
        var waiting = groups.keys.filter { $0 != "all" }.map { ($0, 1) }
        while let (name, depth) = waiting.popLast() {
            if let known = depths[name], known >= depth { continue }
            depths[name] = depth
            waiting += (groups[name]?.children ?? []).map { ($0, depth + 1) }
        }
        return depths
    }
}
