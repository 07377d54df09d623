// What only shows when the parts of a manifest are seen together: duplicates, references, managers, address ranges.
// A part that could not be read is nil here, and nothing is concluded from it: no error has a second one as its echo.

import FleetModel

struct Consistency {
    let context: Context
    let domains: [Located<String>]?
    let clusters: [LocatedCluster]?
    let hosts: [LocatedHost]?
    let network: LocatedNetwork
    let controlPlane: LocatedControlPlane
    let access: AccessPolicy

    func check() {
        checkDuplicates()
        checkReferences()
        checkControlCluster()
        checkManagers()
        checkPorts()
        checkAddressPool()
    }

    private func checkDuplicates() {
        var (clusterLines, nameLines, addressLines) = ([String: Int](), [String: Int](), [String: Int]())
        for cluster in clusters ?? [] {
            if let name = cluster.name { context.checkOnce(name, title: "cluster", in: &clusterLines) }
        }
        for host in hosts ?? [] {
            if let name = host.name { context.checkOnce(name, title: "host", in: &nameLines) }
            if let address = host.address { context.checkOnce(address, title: "address", in: &addressLines) }
        }
    }

    private func checkReferences() {
        let knownDomains = domains.map { $0.map(\.value) }
        // A cluster whose name could not be read may be the one that a host means.
        let readable = clusters?.allSatisfy { $0.name != nil } ?? false
        let knownClusters = readable ? clusters?.compactMap { $0.name?.value } : nil
        for host in hosts ?? [] {
            check(host.domain, title: "domain", among: knownDomains)
            check(host.cluster, title: "cluster", among: knownClusters)
        }
    }

    private func check(_ text: Located<String>?, title: String, among known: [String]?) {
        guard let text, let known, !known.isEmpty, !known.contains(text.value) else { return }
        // Enough to find a mistyped name, and 10,000 hosts stay fast.
        let candidates = Array(known.prefix(100))
        let meant = Spelling.suggestion(for: text.value, among: candidates).map { "did you mean `\($0)`?" }
        context.reject(
            .reference, line: text.line, "there is no \(title) \(shown(text.raw))",
            hint: meant ?? "`\(title)s` names \(candidates.prefix(5).map { "`\($0)`" }.joined(separator: ", "))")
    }

    private func checkControlCluster() {
        guard let clusters, let line = clusters.first?.line else { return }
        let control = clusters.filter { $0.isControl == true }
        for other in control.dropFirst() {
            context.reject(
                .value, line: other.line, "a second control cluster: the first is at line \(control[0].line)",
                hint: "write `control: true` at one only")
        }
        // One that could not be read may be it.
        if clusters.allSatisfy({ $0.isControl == false }) {
            context.reject(
                .missingKey, line: line, "no cluster runs the control plane",
                hint: "write `control: true` at one of them")
        }
    }

    private func checkManagers() {
        guard let hosts else { return }
        let hostsByCluster = Dictionary(grouping: hosts) { $0.cluster?.value ?? "" }
        // A host whose cluster could not be read may belong to any.
        guard hostsByCluster[""] == nil else { return }
        for cluster in clusters ?? [] {
            guard let name = cluster.name, let managers = cluster.managers else { continue }
            check(managers, of: name.value, hosts: hostsByCluster[name.value] ?? [])
        }
    }

    private func check(_ managers: Located<Int>, of name: String, hosts: [LocatedHost]) {
        let (fixed, free) = (hosts.count { $0.role == .manager }, hosts.count { $0.role != .worker })
        let wanted = "cluster `\(name)` is to have \(managers.value) manager\(managers.value == 1 ? "" : "s")"
        let (line, count) = (managers.line, managers.value)
        if hosts.isEmpty {
            context.reject(
                .managers, line: line, "cluster `\(name)` has no hosts", hint: "give it some, or remove it")
        } else if count > hosts.count {
            context.reject(
                .managers, line: line, "\(wanted), of \(hosts.count) hosts", hint: "add hosts, or lower `managers`")
        } else if fixed > count {
            context.reject(
                .managers, line: line, "\(wanted), and \(fixed) hosts have `role: manager`",
                hint: "raise `managers`, or remove the role from some hosts")
        } else if free < count {
            context.reject(
                .managers, line: line,
                "\(wanted), and \(hosts.count - free) of its \(hosts.count) hosts have `role: worker`",
                hint: "lower `managers`, or remove the role from some hosts")
        }
    }

    private func checkPorts() {
        guard let line = controlPlane.line else { return }
        let port = controlPlane.policy.port
        let swarm = [2377: "Swarm's managers", 7946: "Swarm's nodes", 4789: "Swarm's networks"]
        if let user = port == access.port ? "sshd" : swarm[port] {
            context.reject(.value, line: line, "`port: \(port)` is taken on the hosts by \(user)", hint: "use `8443`")
        }
    }

    /// Overlay networks that contain the hosts' own addresses cut the hosts off (F34).
    private func checkAddressPool() {
        guard let pool = network.pool else { return }
        for address in (hosts ?? []).compactMap(\.address) {
            guard let number = IPv4Address(address.value), pool.contains(number) else { continue }
            context.reject(
                .value, line: address.line, "address \(shown(address.raw)) lies in the `addressPool` \(pool)",
                hint: "the pool is for containers only: choose a range that no host or router uses")
        }
    }
}
