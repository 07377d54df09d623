// From what addresses, inventories and ssh configurations say to a policy: one account, one port, one key for all, names
// that Docker takes, managers that hold a majority. What cannot be said in a manifest is a problem with its line.

package import FleetModel

/// Where the hosts of a new manifest come from.
package enum DraftSource: Sendable {
    /// `10.0.0.1`, `10.0.0.1-20`, `web[01:12].example.org`, `db=10.0.0.9`.
    case addresses([String])
    case ansible(path: String, patterns: [String])
    case sshConfig(path: String, patterns: [String])
}

/// What people say beside it; nil takes what the source says, or a default.
package struct DraftOptions: Sendable {
    package var user: String?
    package var port: Int?
    package var keyFile: String?
    package var managers: Int?
    /// Groups of an inventory that become clusters of their own.
    package var clusters: [String] = []
    /// Names of failure domains, given to the hosts in turn.
    package var domains: [String] = []
    /// The variable of an inventory that holds a host's failure domain.
    package var domainVariable: String?

    package init() {}
}

/// A manifest that is about to be written.
package struct ManifestDraft {
    package let policy: FleetPolicy
    /// What people should look at.
    package let notes: [String]

    /// - Parameters:
    ///   - directory: where relative paths of the source begin.
    ///   - hostKey: the fingerprint that is known for an address and a port.
    /// - Throws: all that is wrong with the source, each with its line.
    package init(
        region: String, source: DraftSource, options: DraftOptions, files: some FileTree,
        environment: [String: String], directory: String, hostKey: (String, Int) -> String?
    ) throws(FleetProblems) {
        let context = Context(file: source.name, environment: environment)
        let maker = DraftMaker(region: region, options: options, context: context, directory: directory)
        let found = Self.read(source, context, files)
        guard !context.hasProblems, let policy = maker.policy(found, hostKey: hostKey), !context.hasProblems else {
            throw context.problems
        }
        self.policy = policy
        notes = found.notes + maker.notes(policy)
    }

    private static func read(_ source: DraftSource, _ context: Context, _ files: some FileTree) -> FoundHosts {
        switch source {
        case .addresses(let words): return FoundHosts(hosts: HostWords(context: context).hosts(words))
        case .ansible(let path, let patterns):
            guard let text = files.text(path, context) else { return FoundHosts() }
            return chosen(AnsibleReading(context: context).hosts(text, files), patterns, context)
        case .sshConfig(let path, let patterns):
            guard let text = files.text(path, context) else { return FoundHosts() }
            return chosen(SSHConfigFile(text, context: context, files: files).found(), patterns, context)
        }
    }

    /// Only hosts whose name, or a group of theirs, is one of the patterns.
    private static func chosen(_ found: FoundHosts, _ patterns: [String], _ context: Context) -> FoundHosts {
        var chosen = found
        guard !patterns.isEmpty, !context.hasProblems else { return found }
        for pattern in patterns where !found.hosts.contains(where: { $0.matches(pattern) }) {
            context.reject(
                .reference, line: 1, "it has neither a host nor a group \(shown(pattern))", hint: "check the spelling")
        }
        chosen.hosts = found.hosts.filter { host in patterns.contains { host.matches($0) } }
        return chosen
    }
}

extension DraftSource {
    fileprivate var name: String {
        switch self {
        case .addresses: "command line"
        case .ansible(let path, _), .sshConfig(let path, _): path
        }
    }
}

extension FoundHost {
    fileprivate func matches(_ pattern: String) -> Bool {
        Glob.matches(pattern, name) || groups.contains { Glob.matches(pattern, $0) }
    }
}

/// Hosts as words of the command line; a problem's line is the number of the word.
struct HostWords {
    let context: Context

    func hosts(_ words: [String]) -> [FoundHost] {
        words.enumerated().flatMap { index, word -> [FoundHost] in
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { return [host(parts[0], address: parts[1], index + 1)] }
            do throws(RangeFailure) {
                let addresses = try HostRange.addresses(word)
                let names = if let addresses { addresses } else { try HostRange.names(word) }
                return names.map { host($0, address: nil, index + 1) }
            } catch {
                context.reject(.value, line: index + 1, "\(shown(word)) names no hosts: \(error.reason)")
                return []
            }
        }
    }

    private func host(_ name: String, address: String?, _ line: Int) -> FoundHost {
        var host = FoundHost(name: name, file: context.file, line: line)
        host.address = address.map { Setting(value: $0, file: context.file, line: line) }
        return host
    }
}

/// An inventory's hosts with what a manifest can use of their variables.
struct AnsibleReading {
    let context: Context

    func hosts(_ text: String, _ files: some FileTree) -> FoundHosts {
        let inventory = Inventory(context: context)
        let isYAML = [".yml", ".yaml", ".json"].contains { context.file.hasSuffix($0) }
        if text.hasPrefix("#!") {
            context.reject(
                .syntax, line: 1, "it is a program that makes an inventory",
                hint: "write what it makes into a file: `ansible-inventory -i \(context.file) --list --yaml`")
            return FoundHosts()
        }
        if isYAML { inventory.readYAML(text) } else { inventory.readINI(text) }
        guard !context.hasProblems, inventory.checkGroups() else { return FoundHosts() }
        inventory.readVariableFiles(files)
        var found = FoundHosts()
        found.defaultUser = context.environment["USER"].flatMap { $0.isEmpty ? nil : $0 } ?? "root"
        for host in inventory.found() {
            let connection = host.variables["ansible_connection"]?.value ?? "ssh"
            if ["ssh", "smart", "paramiko", "paramiko_ssh", "libssh"].contains(connection) {
                found.hosts.append(reached(host))
            } else {
                found.notes.append(
                    "\(host.file):\(host.line): `\(host.name)` is left out: its connection is `\(connection)`, not ssh")
            }
        }
        return found
    }

    private func reached(_ host: FoundHost) -> FoundHost {
        var host = host
        func first(_ names: String...) -> Setting? { names.lazy.compactMap { host.variables[$0] }.first }
        host.address = first("ansible_host", "ansible_ssh_host")
        host.user = first("ansible_user", "ansible_ssh_user")
        host.port = first("ansible_port", "ansible_ssh_port")
        host.keyFile = first("ansible_private_key_file", "ansible_ssh_private_key_file")
        host.bastion = first("ansible_ssh_common_args", "ansible_ssh_extra_args").flatMap(proxyJump)
        for setting in [host.address, host.user, host.port, host.keyFile] {
            guard let setting, setting.value.contains("{{") || setting.value.hasPrefix("!") else { continue }
            context.reject(
                .value, file: setting.file, line: setting.line,
                "\(shown(setting.value)) of host \(shown(host.name)) is computed by Ansible, and only plain values are read",
                hint: "`ansible-inventory --list --yaml` writes the values out")
        }
        return host
    }

    /// `-J x`, `-o ProxyJump=x`, quoted or not.
    private func proxyJump(_ arguments: Setting) -> Setting? {
        let words = arguments.value.split { $0.isWhitespace || $0 == "\"" || $0 == "'" }
        for (index, word) in words.enumerated() {
            if word == "-J", index + 1 < words.count {
                return Setting(value: String(words[index + 1]), file: arguments.file, line: arguments.line)
            }
            let lower = word.lowercased()
            for head in ["-oproxyjump=", "proxyjump=", "-j"] where lower.hasPrefix(head) && word.count > head.count {
                let value = String(word.dropFirst(head.count))
                return Setting(value: value, file: arguments.file, line: arguments.line)
            }
        }
        return nil
    }
}
