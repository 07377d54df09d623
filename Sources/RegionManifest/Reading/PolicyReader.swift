// From tree to policy: one function a section of the manifest. What is absent gets FleetModel's default; what is wrong
// is reported and the reading goes on. `Consistency` then looks at the parts together.

import FleetModel

struct PolicyReader {
    let context: Context

    func policy(_ root: YAMLValue) -> FleetPolicy? {
        guard let top = Section(root, ManifestShape.manifest, context: context) else { return nil }
        checkVersion(top)
        let region = top.name("region", of: "a region")
        let access = access(top)
        let domains = domains(top)
        let clusters = clusters(top)
        let hosts = hosts(top)
        let (engine, network) = (engine(top), network(top))
        let (controlPlane, budgets) = (controlPlane(top), budgets(top))
        Consistency(
            context: context, domains: domains, clusters: clusters, hosts: hosts, network: network,
            controlPlane: controlPlane, access: access
        ).check()
        guard !context.hasProblems, let region else { return nil }
        return FleetPolicy(
            region: RegionID(region.value), access: access, domains: (domains ?? []).map { DomainID($0.value) },
            clusters: (clusters ?? []).compactMap(\.policy), hosts: (hosts ?? []).compactMap(\.policy),
            engine: engine, network: network.policy, controlPlane: controlPlane.policy, budgets: budgets)
    }

    private func checkVersion(_ top: Section) {
        guard let version = top.number("muster", in: 1...999), version.value != 1 else { return }
        context.reject(
            .value, line: version.line, "`muster: \(version.value)` is a newer form of manifest, this tool reads 1",
            hint: "use a newer version of `muster`")
    }

    private func access(_ top: Section) -> AccessPolicy {
        var policy = AccessPolicy()
        guard let section = top.section("access") else { return policy }
        if let user = account(section) { policy.user = user }
        if let port = section.number("port") { policy.port = port.value }
        policy.keyFile = section.text("keyFile").flatMap { context.path($0, title: "`keyFile`") }
        policy.knownHosts = section.text("knownHosts").flatMap { context.path($0, title: "`knownHosts`") }
        if let sudo = section.word("sudo", as: AccessPolicy.Sudo.self) { policy.sudo = sudo }
        policy.bastion = section.section("bastion").flatMap { bastion($0, user: policy.user) }
        return policy
    }

    /// The bastion; its account is the hosts' unless another is named.
    private func bastion(_ section: Section, user: String) -> BastionPolicy? {
        let address = address(section)
        let bastion = BastionPolicy(
            address: address?.value ?? "", port: section.number("port")?.value ?? 22,
            user: account(section) ?? user,
            keyFile: section.text("keyFile").flatMap { context.path($0, title: "`keyFile`") },
            hostKey: hostKey(section))
        return address == nil ? nil : bastion
    }

    private func account(_ section: Section) -> String? {
        guard let user = section.text("user") else { return nil }
        if !TextRule.isUserName(user.value) {
            context.reject(.value, line: user.line, "`user` is not a name of an account: \(shown(user.raw))")
        }
        return user.value
    }

    private func domains(_ top: Section) -> [Located<String>]? {
        guard let items = top.list("domains") else { return nil }
        if items.isEmpty {
            context.reject(
                .missingKey, line: top.value("domains")?.line ?? top.line, "`domains` is empty",
                hint: "name at least one; hosts of one domain fail together")
        }
        var lines: [String: Int] = [:]
        return items.compactMap { item in
            guard let text = context.text(item, title: "a domain"), context.checkName(text, of: "a domain") else {
                return nil
            }
            context.checkOnce(text, title: "domain", in: &lines)
            return text
        }
    }

    private func engine(_ top: Section) -> EnginePolicy {
        var policy = EnginePolicy()
        guard let section = top.section("engine") else { return policy }
        if let source = section.word("source", as: EnginePolicy.Source.self) { policy.source = source }
        if let version = section.text("version") {
            if !TextRule.isVersionPattern(version.value) {
                context.reject(
                    .value, line: version.line, "`version` is not a version: \(shown(version.raw))",
                    hint: "write it as apt shows it, with `*` at most at the end: `20.10.*`")
            }
            policy.version = version.value
        }
        if let daemon = section.value("daemon") { policy.daemon = FreeForm(context: context).daemon(daemon) }
        return policy
    }

    private func budgets(_ top: Section) -> BudgetPolicy {
        guard let section = top.section("budgets"), let value = section.value("failedHosts"),
            let text = context.text(value, title: "`failedHosts`")
        else { return BudgetPolicy() }
        if let number = Int(text.value), (0...ManifestShape.maximumHosts).contains(number) {
            return BudgetPolicy(failedHosts: .hosts(number))
        }
        if text.value.hasSuffix("%"), let percent = Int(text.value.dropLast()), (0...100).contains(percent) {
            return BudgetPolicy(failedHosts: .percent(percent))
        }
        context.reject(
            .value, line: text.line,
            "`failedHosts` must be a number of hosts or a share like `20%`, not \(shown(text.raw))")
        return BudgetPolicy()
    }
}

extension Context {
    /// Reports a text that was there before.
    func checkOnce(_ text: Located<String>, title: String, in lines: inout [String: Int]) {
        if let first = lines[text.value] {
            reject(
                .duplicate, line: text.line, "\(title) \(shown(text.raw)) is given twice: first at line \(first)",
                hint: "each may be there once")
        } else {
            lines[text.value] = text.line
        }
    }

    /// A path relative to the manifest's folder, with `~` for the home folder.
    func path(_ text: Located<String>, title: String) -> String? {
        let path = text.value
        guard !path.isEmpty, TextRule.isOneLine(path, atMost: 1_024) else {
            reject(.value, line: text.line, "\(title) is not a path: \(shown(text.raw))")
            return nil
        }
        if path.hasPrefix("/") { return path }
        if path.hasPrefix("~") {
            guard path.hasPrefix("~/"), let home = environment["HOME"], !home.isEmpty else {
                reject(
                    .value, line: text.line, "\(title) cannot be found: \(shown(text.raw))",
                    hint: "`~/` is the folder in the variable `HOME`; write the whole path instead")
                return nil
            }
            return home + path.dropFirst()
        }
        let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        return folder + (path.hasPrefix("./") ? String(path.dropFirst(2)) : path)
    }
}
