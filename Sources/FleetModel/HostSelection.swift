// Which hosts of a policy are meant: what people name on the command line, in one place for all verbs that ask.

/// A choice among the hosts of a policy. Every condition that is given must hold; none given chooses nothing, so that
/// a forgotten option never means everywhere.
package struct HostSelection: Hashable, Sendable {
    /// Names, or patterns with `*` and `?`.
    package var names: [String]
    package var clusters: [String]
    package var domains: [String]
    package var role: NodeRole?
    /// `key=value`, or `key` for any value.
    package var labels: [String]
    package var isAll: Bool

    package init(
        names: [String] = [], clusters: [String] = [], domains: [String] = [], role: NodeRole? = nil,
        labels: [String] = [], isAll: Bool = false
    ) {
        (self.names, self.clusters, self.domains, self.role) = (names, clusters, domains, role)
        (self.labels, self.isAll) = (labels, isAll)
    }

    private var isEmpty: Bool {
        names.isEmpty && clusters.isEmpty && domains.isEmpty && role == nil && labels.isEmpty
    }

    /// The hosts that are meant, in the order of the manifest.
    ///
    /// - Parameter roles: the role of every host whose role is known; the manifest's own count where it is not.
    /// - Throws: all that is wrong with the choice: nothing was chosen, a name is unknown, no host is left.
    package func hosts(of policy: FleetPolicy, roles: [HostID: NodeRole] = [:]) throws(FleetProblems) -> [HostPolicy] {
        var problems = problems(in: policy)
        let chosen = problems.isEmpty ? policy.hosts.filter { matches($0, roles) } : []
        if problems.isEmpty, let unknown = roleUnknown(in: chosen, roles) { problems.append(unknown) }
        let hosts = chosen.filter { role == nil || (roles[$0.name] ?? $0.role) == role }
        if problems.isEmpty, hosts.isEmpty {
            problems.append(reject("no host is all that was asked for", "see the manifest for clusters and labels"))
        }
        if !problems.isEmpty { throw FleetProblems(problems) }
        return hosts
    }

    private func problems(in policy: FleetPolicy) -> [FleetProblem] {
        if isEmpty && !isAll {
            return [
                reject(
                    "it is not said which hosts are meant",
                    "add `--all`, or choose with `--hosts`, `--cluster`, `--role`, `--domain` or `--label`")
            ]
        }
        if !isEmpty && isAll { return [reject("`--all` and a choice exclude each other", "leave one of them away")] }
        var found: [FleetProblem] = []
        for name in names where !policy.hosts.contains(where: { Glob.matches(name, $0.name.rawValue) }) {
            found.append(
                reject("there is no host `\(name)` in region `\(policy.region)`", "see `hosts` in the manifest"))
        }
        for name in clusters where !policy.clusters.contains(where: { $0.name.rawValue == name }) {
            let known = policy.clusters.map { "`\($0.name)`" }.joined(separator: ", ")
            found.append(reject("there is no cluster `\(name)`", "the manifest has \(known)"))
        }
        for name in domains where !policy.domains.contains(where: { $0.rawValue == name }) {
            let known = policy.domains.map { "`\($0)`" }.joined(separator: ", ")
            found.append(reject("there is no domain `\(name)`", "the manifest has \(known)"))
        }
        return found
    }

    private func matches(_ host: HostPolicy, _ roles: [HostID: NodeRole]) -> Bool {
        (names.isEmpty || names.contains { Glob.matches($0, host.name.rawValue) })
            && (clusters.isEmpty || clusters.contains(host.cluster.rawValue))
            && (domains.isEmpty || domains.contains(host.domain.rawValue))
            && labels.allSatisfy { Self.matches(label: $0, host.labels) }
    }

    private func roleUnknown(in hosts: [HostPolicy], _ roles: [HostID: NodeRole]) -> FleetProblem? {
        guard role != nil, let host = hosts.first(where: { roles[$0.name] == nil && $0.role == nil }) else {
            return nil
        }
        return reject(
            "the role of host `\(host.name)` is not known here: the manifest does not fix it, and the region is not up",
            "choose with `--hosts` or `--cluster`")
    }

    private func reject(_ message: String, _ hint: String) -> FleetProblem {
        FleetProblem(.rejected, "host-selection", subject: "selection of hosts", message, hint: hint)
    }

    private static func matches(label: String, _ labels: [String: String]) -> Bool {
        let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let value = labels[String(parts[0])] else { return false }
        return parts.count == 1 || value == parts[1]
    }
}
