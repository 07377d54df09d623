// From policy back to YAML that reads to the same policy: what `muster init` writes and what shows a stored policy.
// Names go without quotes; every other text is quoted, so that no value is ever taken for YAML.

package import FleetModel

extension Manifest {
    /// A manifest that parses to `policy`, when its paths are absolute and its names valid.
    package static func yaml(for policy: FleetPolicy) -> String {
        let sections = [
            ["muster: 1", "region: \(name(policy.region.rawValue))", access(policy.access)],
            ["domains: [\(policy.domains.map { name($0.rawValue) }.joined(separator: ", "))]"],
            ["clusters:"] + policy.clusters.map(cluster), ["hosts:"] + policy.hosts.map(host),
            [engine(policy.engine), network(policy.network)],
            [controlPlane(policy.controlPlane), budgets(policy.budgets)],
        ]
        return sections.joined().joined(separator: "\n") + "\n"
    }

    private static func access(_ access: AccessPolicy) -> String {
        var members = ["user: \(text(access.user))", "port: \(access.port)", "sudo: \(access.sudo.rawValue)"]
        if let keyFile = access.keyFile { members.append("keyFile: \(text(keyFile))") }
        if let knownHosts = access.knownHosts { members.append("knownHosts: \(text(knownHosts))") }
        if let bastion = access.bastion { members.append("bastion: {\(bastionMembers(bastion))}") }
        return "access: {\(members.joined(separator: ", "))}"
    }

    static func bastionMembers(_ bastion: BastionPolicy) -> String {
        var members = ["address: \(text(bastion.address))", "port: \(bastion.port)", "user: \(text(bastion.user))"]
        if let keyFile = bastion.keyFile { members.append("keyFile: \(text(keyFile))") }
        if let hostKey = bastion.hostKey { members.append("hostKey: \(text(hostKey))") }
        return members.joined(separator: ", ")
    }

    static func cluster(_ cluster: ClusterPolicy) -> String {
        let control = cluster.isControl ? "control: true, " : ""
        return "  - {name: \(name(cluster.name.rawValue)), \(control)managers: \(cluster.managers)}"
    }

    static func host(_ host: HostPolicy) -> String {
        var members = [
            "name: \(name(host.name.rawValue))", "address: \(text(host.address))",
            "domain: \(name(host.domain.rawValue))", "cluster: \(name(host.cluster.rawValue))",
        ]
        if let role = host.role { members.append("role: \(role.rawValue)") }
        if !host.labels.isEmpty {
            let labels = host.labels.sorted { $0.key < $1.key }.map { "\(key($0.key)): \(text($0.value))" }
            members.append("labels: {\(labels.joined(separator: ", "))}")
        }
        if let hostKey = host.hostKey { members.append("hostKey: \(text(hostKey))") }
        if host.reserve != Reserve() {
            let (cpu, memory) = (host.reserve.cpuMillicores, host.reserve.memoryMiB)
            members.append("reserve: {cpuMillicores: \(cpu), memoryMiB: \(memory)}")
        }
        return "  - {\(members.joined(separator: ", "))}"
    }

    static func engine(_ engine: EnginePolicy) -> String {
        var members = ["source: \(engine.source.rawValue)"]
        if let version = engine.version { members.append("version: \(text(version))") }
        if !engine.daemon.isEmpty { members.append("daemon: \(json(.object(engine.daemon)))") }
        return "engine: {\(members.joined(separator: ", "))}"
    }

    static func network(_ network: NetworkPolicy) -> String {
        "network: {addressPool: \(text(network.addressPool)), subnetBits: \(network.subnetBits)}"
    }

    static func controlPlane(_ controlPlane: ControlPlanePolicy) -> String {
        let allowFrom = controlPlane.allowFrom.map(text).joined(separator: ", ")
        return "controlPlane: {port: \(controlPlane.port), allowFrom: [\(allowFrom)]}"
    }

    static func budgets(_ budgets: BudgetPolicy) -> String {
        switch budgets.failedHosts {
        case .hosts(let number): "budgets: {failedHosts: \(number)}"
        case .percent(let percent): "budgets: {failedHosts: \"\(percent)%\"}"
        }
    }
}

extension Manifest {
    /// A name without quotes where YAML cannot take it for anything else.
    static func name(_ name: String) -> String {
        TextRule.isDNSLabel(name) && name != "null" ? name : text(name)
    }

    /// A quoted text in which a `$` stays a `$`.
    static func text(_ text: String) -> String {
        key(String(text.flatMap { $0 == "$" ? "$$" : String($0) }))
    }

    /// A quoted text as it is: variables are not replaced in keys.
    private static func key(_ text: String) -> String {
        "\"" + text.unicodeScalars.map(escaped).joined() + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 0x22: return "\\\""
        case 0x5C: return "\\\\"
        case 0x20..<0x7F: return String(scalar)
        case _:
            let hex = String(scalar.value, radix: 16)
            let digits = scalar.value > 0xFFFF ? 8 : 4
            return (digits == 8 ? "\\U" : "\\u") + String(repeating: "0", count: digits - hex.count) + hex
        }
    }

    private static func json(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .double(let number): String(number)
        case .string(let string): text(string)
        case .array(let items): "[\(items.map(json).joined(separator: ", "))]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { "\(key($0.key)): \(json($0.value))" }
                .joined(separator: ", ") + "}"
        }
    }
}
