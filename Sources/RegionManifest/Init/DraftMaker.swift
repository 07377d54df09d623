// The rules by which found hosts become a policy.

import FleetModel

struct DraftMaker {
    let region: String
    let options: DraftOptions
    let context: Context
    let directory: String

    /// Variables by which inventories name a failure domain, the first that any host has.
    private static let domainVariables = [
        "failure_domain", "availability_zone", "zone", "datacenter", "rack", "region_zone",
    ]

    func policy(_ found: FoundHosts, hostKey: (String, Int) -> String?) -> FleetPolicy? {
        checkNames()
        if found.hosts.isEmpty, !context.hasProblems {
            context.reject(.missingKey, line: 1, "there are no hosts in it", hint: "name some, or check the patterns")
        }
        let access = access(found)
        let names = HostNames(region: region, context: context).names(found.hosts)
        let clusters = clusters(found.hosts)
        let variable =
            options.domainVariable
            ?? Self.domainVariables.first { name in
                found.hosts.contains { $0.variables[name] != nil }
            }
        var addresses: [String: Int] = [:]
        var hosts: [HostPolicy] = []
        for (index, host) in found.hosts.enumerated() {
            let address = address(host)
            context.checkOnce(
                Located(value: address, line: host.line, raw: address), title: "address", in: &addresses)
            let name = names[index]
            hosts.append(
                HostPolicy(
                    name: HostID(name), address: address, domain: DomainID(domain(host, index, variable)),
                    cluster: ClusterID(cluster(host, clusters)), hostKey: hostKey(address, access.port)))
        }
        if context.hasProblems { return nil }
        return FleetPolicy(
            region: RegionID(region), access: access, domains: Self.unique(hosts.map(\.domain)),
            clusters: policies(clusters, hosts), hosts: hosts)
    }

    private static func unique(_ domains: [DomainID]) -> [DomainID] {
        var seen: Set<DomainID> = []
        return domains.filter { seen.insert($0).inserted }
    }

    private func checkNames() {
        let domains = options.domains.map { ($0, "a domain", 63) }
        for (name, noun, length) in [(region, "a region", ManifestShape.maximumRegionName)] + domains {
            _ = context.checkName(Located(value: name, line: 1, raw: name), of: noun, atMost: length)
        }
    }

    // MARK: - One way to all hosts

    private func access(_ found: FoundHosts) -> AccessPolicy {
        var access = AccessPolicy(user: options.user ?? found.defaultUser)
        if options.user == nil, let user = same(found.hosts, "accounts", "--user", \.user) { access.user = user.value }
        if !TextRule.isUserName(access.user) {
            context.reject(.value, line: 1, "\(shown(access.user)) is not a name of an account", hint: "add `--user`")
        }
        if let port = options.port {
            access.port = port
        } else if let port = same(found.hosts, "ports", "--port", \.port) {
            access.port = self.port(port.value, port) ?? 22
        }
        let key = options.keyFile ?? same(found.hosts, "keys", "--key", \.keyFile)?.value
        access.keyFile = key.map(path)
        access.bastion = same(found.hosts, "bastions", nil, \.bastion).flatMap { bastion($0, user: access.user) }
        let hasPassword = found.hosts.contains { host in
            ["ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"].contains {
                host.variables[$0] != nil
            }
        }
        access.sudo = access.user == "root" ? .none : hasPassword ? .password : .nopasswd
        return access
    }

    /// The one value that all hosts have. Hosts without one have the default, which is another value.
    private func same(
        _ hosts: [FoundHost], _ noun: String, _ option: String?, _ value: (FoundHost) -> Setting?
    ) -> Setting? {
        if options.port != nil && noun == "ports" || options.keyFile != nil && noun == "keys" { return nil }
        guard let first = hosts.first, let other = hosts.first(where: { value($0)?.value != value(first)?.value })
        else {
            return hosts.first.flatMap(value)
        }
        func words(_ host: FoundHost) -> String {
            "\(value(host).map { shown($0.value) } ?? "none") of \(shown(host.name))"
        }
        let hint = option.map { ", or name one for all with `\($0)`" } ?? ""
        let place = value(other) ?? value(first)
        context.reject(
            .value, file: place?.file, line: place?.line ?? other.line,
            "the hosts have different \(noun): \(words(first)), \(words(other))",
            hint: "a manifest has one for all: choose hosts by name or group\(hint)")
        return nil
    }

    private func port(_ text: String, _ setting: Setting) -> Int? {
        if let port = Int(text), (1...65_535).contains(port) { return port }
        context.reject(.value, file: setting.file, line: setting.line, "\(shown(text)) is no port")
        return nil
    }

    /// `user@address:port`; several in a row cannot be said in a manifest.
    private func bastion(_ setting: Setting, user: String) -> BastionPolicy? {
        let text = setting.value.hasPrefix("ssh://") ? String(setting.value.dropFirst(6)) : setting.value
        let halves = text.split(separator: "@", maxSplits: 1).map(String.init)
        let ends = (halves.last ?? "").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let account = halves.count == 2 ? halves[0] : user
        guard let address = ends.first, TextForm.address.accepts(address), TextRule.isUserName(account), ends.count <= 2
        else {
            context.reject(
                .value, file: setting.file, line: setting.line, "\(shown(setting.value)) is no bastion",
                hint: "one bastion is written like `ops@192.0.2.1:22`; several in a row cannot be said"
            )
            return nil
        }
        let port = ends.count == 2 ? port(ends[1], setting) : 22
        return BastionPolicy(address: address, port: port ?? 22, user: account)
    }

    private func path(_ text: String) -> String {
        if text.hasPrefix("~/") { return (context.environment["HOME"] ?? "") + text.dropFirst() }
        return text.hasPrefix("/") ? text : "\(directory)/\(text)"
    }

    // MARK: - Hosts

    private func address(_ host: FoundHost) -> String {
        let text = host.address?.value ?? host.name
        let lower = text.lowercased()
        if let number = IPv4Address(text) {
            if number.isHost { return text }
        } else if TextRule.isDNSName(lower) {
            return lower
        }
        context.reject(
            .value, file: host.address?.file ?? host.file, line: host.address?.line ?? host.line,
            "host \(shown(host.name)) has no address: \(shown(text)) is neither an IPv4 address nor a DNS name")
        return text
    }

    private func domain(_ host: FoundHost, _ index: Int, _ variable: String?) -> String {
        if !options.domains.isEmpty { return options.domains[index % options.domains.count] }
        guard let variable else { return "a" }
        let setting = host.variables[variable]
        let name = HostNames.label(setting?.value ?? "")
        if !TextRule.isDNSLabel(name) {
            context.reject(
                .value, file: setting?.file ?? host.file, line: setting?.line ?? host.line,
                "host \(shown(host.name)) has no failure domain in `\(variable)`: \(shown(setting?.value ?? ""))",
                hint: "set it, or name domains with `--domains`")
        }
        return name
    }

    // MARK: - Clusters

    /// Name and group of each cluster; the first is the control cluster.
    private func clusters(_ hosts: [FoundHost]) -> [(name: String, group: String?)] {
        var clusters: [(name: String, group: String?)] = []
        for group in options.clusters {
            let name = HostNames.label(group)
            if !TextRule.isDNSLabel(name) || !hosts.contains(where: { $0.groups.contains(group) }) {
                context.reject(.reference, line: 1, "there is no group \(shown(group)) with hosts to make a cluster of")
            }
            clusters.append((name, group))
        }
        let isOpen = { (host: FoundHost) in !options.clusters.contains { host.groups.contains($0) } }
        return hosts.contains(where: isOpen) || clusters.isEmpty ? [("control", nil)] + clusters : clusters
    }

    private func cluster(_ host: FoundHost, _ clusters: [(name: String, group: String?)]) -> String {
        let cluster = clusters.first { cluster in cluster.group.map(host.groups.contains) ?? false }
        return (cluster ?? clusters[0]).name
    }

    /// Three managers survive the loss of one; below three hosts only one manager makes sense.
    private func policies(_ clusters: [(name: String, group: String?)], _ hosts: [HostPolicy]) -> [ClusterPolicy] {
        clusters.enumerated().map { index, cluster in
            let count = hosts.count { $0.cluster.rawValue == cluster.name }
            let wanted = index == 0 ? options.managers : nil
            if let wanted, wanted > count || ![1, 3, 5, 7].contains(wanted) {
                context.reject(
                    .managers, line: 1, "\(wanted) managers cannot be made of \(count) host\(count == 1 ? "" : "s")",
                    hint: "use 1, 3, 5 or 7, and at most as many as the control cluster has hosts")
            }
            return ClusterPolicy(
                name: ClusterID(cluster.name), isControl: index == 0, managers: wanted ?? (count < 3 ? 1 : 3))
        }
    }

    // MARK: - Notes

    func notes(_ policy: FleetPolicy) -> [String] {
        var notes: [String] = []
        let unknown = policy.hosts.count { $0.hostKey == nil }
        if unknown > 0 {
            notes.append(
                "\(unknown) of \(policy.hosts.count) hosts have no host key yet: nothing on this machine vouches for them; "
                    + "`muster hosts trust` pins a key that you have compared")
        }
        if policy.domains.count == 1 {
            notes.append("all hosts are in one failure domain: name yours in `domains`, or managers are not spread")
        } else if !options.domains.isEmpty {
            notes.append("the hosts were given to the domains in turn: put them right")
        }
        if policy.access.keyFile == nil { notes.append("no key is named: set `keyFile` in `access`") }
        if policy.access.sudo == .password { notes.append("passwords for sudo were not copied: you will be asked") }
        return notes
    }
}

/// Names that Docker takes, from names of other tools.
struct HostNames {
    let region: String
    let context: Context

    /// The short name where that is enough to tell the hosts apart; numbered ones for addresses.
    func names(_ hosts: [FoundHost]) -> [String] {
        let short = hosts.map { $0.isAddress ? "" : Self.label(String($0.name.prefix { $0 != "." })) }
        let isShortEnough = Set(short.filter { !$0.isEmpty }).count == short.count { !$0.isEmpty }
        let width = max(2, String(hosts.count).count)
        var lines: [String: Int] = [:]
        return hosts.enumerated().map { index, host in
            let number = String(index + 1)
            let numbered = "\(region)-\(String(repeating: "0", count: max(0, width - number.count)))\(number)"
            let name = host.isAddress ? numbered : isShortEnough ? short[index] : Self.label(host.name)
            if !TextRule.isDNSLabel(name) {
                context.reject(
                    .value, file: host.file, line: host.line, "\(shown(host.name)) cannot be made the name of a host",
                    hint: "rename it: a-z, 0-9 and `-`, at most 63")
            } else {
                context.checkOnce(Located(value: name, line: host.line, raw: name), title: "host", in: &lines)
            }
            return name
        }
    }

    /// In lower case, with dashes for dots and underlines.
    static func label(_ text: String) -> String {
        String(text.lowercased().map { $0 == "." || $0 == "_" ? "-" : $0 })
    }
}

extension FoundHost {
    fileprivate var isAddress: Bool { IPv4Address(name) != nil }
}
