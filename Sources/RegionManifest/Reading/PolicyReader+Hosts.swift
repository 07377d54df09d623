// Clusters and hosts, each with the lines that later messages about it need.

import FleetModel

/// One cluster as far as it could be read.
struct LocatedCluster {
    var name: Located<String>?
    /// nil when it could not be read.
    var isControl: Bool?
    var managers: Located<Int>?
    let line: Int

    var policy: ClusterPolicy? {
        guard let name, let isControl, let managers else { return nil }
        return ClusterPolicy(name: ClusterID(name.value), isControl: isControl, managers: managers.value)
    }
}

/// One host as far as it could be read.
struct LocatedHost {
    var name: Located<String>?
    var address: Located<String>?
    var domain: Located<String>?
    var cluster: Located<String>?
    var role: NodeRole?
    var labels: [String: String] = [:]
    var hostKey: String?
    var reserve = Reserve()
    let line: Int

    var policy: HostPolicy? {
        guard let name, let address, let domain, let cluster else { return nil }
        return HostPolicy(
            name: HostID(name.value), address: address.value, domain: DomainID(domain.value),
            cluster: ClusterID(cluster.value), role: role, labels: labels, hostKey: hostKey, reserve: reserve)
    }
}

extension PolicyReader {
    func clusters(_ top: Section) -> [LocatedCluster]? {
        guard let items = top.list("clusters") else { return nil }
        if items.isEmpty {
            context.reject(
                .missingKey, line: top.value("clusters")?.line ?? top.line, "`clusters` is empty",
                hint: "name at least the control cluster")
        }
        return items.map(cluster)
    }

    private func cluster(_ item: YAMLValue) -> LocatedCluster {
        guard let section = Section(item, ManifestShape.cluster, context: context) else {
            return LocatedCluster(line: item.line)
        }
        let cluster = LocatedCluster(
            name: section.name("name", of: "a cluster"),
            isControl: section.value("control") == nil ? false : section.flag("control"),
            managers: section.number("managers", in: 0...ManifestShape.maximumHosts),
            line: section.line)
        checkManagers(cluster)
        return cluster
    }

    /// F30, with the arithmetic: a Swarm of n managers works while more than half of them do.
    private func checkManagers(_ cluster: LocatedCluster) {
        guard let managers = cluster.managers else { return }
        let hint = "use 1, 3, 5 or 7"
        switch managers.value {
        case 0:
            context.reject(.managers, line: managers.line, "`managers: 0`: a cluster needs a manager", hint: hint)
        case 2:
            context.reject(
                .managers, line: managers.line,
                "`managers: 2` is no better than 1: losing either stops the cluster", hint: hint)
        case let count where count > 7:
            context.reject(
                .managers, line: managers.line,
                "`managers: \(count)` is too many: each change waits for \(count / 2 + 1) of them", hint: hint)
        case let count where count.isMultiple(of: 2):
            context.reject(
                .managers, line: managers.line,
                "`managers: \(count)` is no better than \(count - 1): both survive the loss of \((count - 1) / 2)",
                hint: hint)
        case _: break
        }
    }

    func hosts(_ top: Section) -> [LocatedHost]? {
        guard let items = top.list("hosts") else { return nil }
        let line = top.value("hosts")?.line ?? top.line
        if items.isEmpty {
            context.reject(.missingKey, line: line, "`hosts` is empty", hint: "a region needs at least one host")
        }
        guard items.count <= ManifestShape.maximumHosts else {
            context.reject(
                .file, line: line, "`hosts` has \(items.count) hosts, more than \(ManifestShape.maximumHosts)",
                hint: "split the region")
            return nil
        }
        return items.map(host)
    }

    private func host(_ item: YAMLValue) -> LocatedHost {
        guard let section = Section(item, ManifestShape.host, context: context) else {
            return LocatedHost(line: item.line)
        }
        return LocatedHost(
            name: section.name("name", of: "a host"), address: address(section), domain: section.text("domain"),
            cluster: section.text("cluster"),
            role: section.word("role", as: NodeRole.self),
            labels: section.value("labels").map { FreeForm(context: context).labels($0) } ?? [:],
            hostKey: hostKey(section), reserve: reserve(section), line: section.line)
    }

    /// The address of a host or a bastion; nil after saying why it is none.
    func address(_ section: Section) -> Located<String>? {
        section.text("address").flatMap { checkAddress($0) ? $0 : nil }
    }

    private func checkAddress(_ text: Located<String>) -> Bool {
        if let address = IPv4Address(text.value) {
            if address.isHost { return true }
            context.reject(.value, line: text.line, "`address` is no host's address: \(shown(text.raw))")
            return false
        }
        if TextRule.isDNSName(text.value) { return true }
        context.reject(
            .value, line: text.line, "`address` is neither an IPv4 address nor a DNS name: \(shown(text.raw))",
            hint: addressHint(text.value))
        return false
    }

    private func addressHint(_ text: String) -> String {
        if text.allSatisfy({ $0.isNumber || $0 == "." }) { return "an IPv4 address is four numbers from 0 to 255" }
        let isIPv6 = text.contains(":") && text.allSatisfy { $0.isHexDigit || $0 == ":" }
        return isIPv6 ? "IPv6 is not supported" : "write it without a port, a user or spaces, in lower case"
    }

    func hostKey(_ section: Section) -> String? {
        guard let text = section.text("hostKey") else { return nil }
        if TextRule.isFingerprint(text.value) { return text.value }
        context.reject(
            .value, line: text.line, "`hostKey` is not a fingerprint: \(shown(text.raw))",
            hint: "write `SHA256:` and 43 letters, as `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints it")
        return nil
    }

    private func reserve(_ section: Section) -> Reserve {
        guard let reserve = section.section("reserve") else { return Reserve() }
        return Reserve(
            cpuMillicores: reserve.number("cpuMillicores")?.value ?? 0,
            memoryMiB: reserve.number("memoryMiB")?.value ?? 0)
    }
}
