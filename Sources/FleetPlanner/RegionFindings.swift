// What is wrong between hosts, or with the region as a whole: clones, clocks, address pools, managers and domains.
import FleetModel

/// The findings that need more than one host to see.
struct RegionFindings {
    private let policy: FleetPolicy
    /// Facts are large: what copies them for each finding costs more than the findings.
    private let answered: [(host: HostPolicy, facts: HostFacts)]

    init(policy: FleetPolicy, observation: FleetObservation) {
        self.policy = policy
        answered = policy.hosts.compactMap { host in observation.facts(of: host.name).map { (host, $0) } }
    }

    /// Raft elections and TLS both suffer when clocks differ by more; Docker's certificates are valid from an hour
    /// before their issue, so workers only get a warning.
    private static let mostClockSkewSeconds = 30

    var all: [ReportEntry] { duplicates + clocks + pool + kernels + managers }

    /// F18.
    private var duplicates: [ReportEntry] {
        var found: [ReportEntry] = []
        let readings: [(String, (HostFacts) -> String)] = [
            ("hostname", { $0.identity.hostname }), ("machine-id", { $0.identity.machineID }),
            ("engine id", { $0.engine?.engineID ?? "" }),
        ]
        for (what, value) in readings {
            var first: [String: HostID] = [:]
            for (host, facts) in answered where !value(facts).isEmpty {
                guard let other = first[value(facts)] else { first[value(facts)] = host.name; continue }
                found.append(
                    .host(
                        .refused, "duplicate-identity", host.name,
                        "has the same \(what) `\(value(facts))` as host `\(other)`",
                        hint: "if one is a clone of the other, give it an identity of its own"))
            }
        }
        return found
    }

    /// F17.
    private var clocks: [ReportEntry] {
        let sorted = answered.map(\.facts.clockSkew).sorted()
        guard sorted.count >= 3 else { return [] }
        let median = sorted[sorted.count / 2]
        return answered.compactMap { host, facts in
            let off = facts.clockSkew - median
            guard abs(off) > Self.mostClockSkewSeconds else { return nil }
            // A host without a fixed role may be chosen as a manager, now or later.
            let mayManage = host.role != .worker
            return .host(
                mayManage ? .refused : .note, "clock-skew", host.name,
                "its clock is \(abs(off)) s \(off > 0 ? "ahead of" : "behind") the region's median",
                hint: "start time synchronisation on it" + (host.role == nil ? ", or give it `role: worker`" : ""))
        }
    }

    /// F34.
    private var pool: [ReportEntry] {
        guard let pool = IPv4Network(policy.network.addressPool) else { return [] }
        for (host, facts) in answered {
            for route in facts.routes {
                guard let network = IPv4Network(route), network.prefixLength > 0, network.overlaps(pool) else {
                    continue
                }
                return [
                    .host(
                        .refused, "pool-overlap", host.name,
                        "its route `\(route)` overlaps the address pool `\(policy.network.addressPool)`",
                        hint: "choose another `network.addressPool`")
                ]
            }
        }
        return []
    }

    /// F16: what will not work without ip_vs.
    private var kernels: [ReportEntry] {
        let without = answered.filter { !$0.facts.kernel.hasIPVS }.count
        guard without > 0 else { return [] }
        return [
            .region(
                .note, "no-ipvs", policy.region,
                "ip_vs is missing on \(without) of \(answered.count) hosts: no virtual IPs and no routing mesh there",
                hint: "use `--endpoint-mode dnsrr` and host ports; the control plane does")
        ]
    }

    /// F30.
    private var managers: [ReportEntry] {
        let members = Dictionary(grouping: policy.hosts, by: \.cluster)
        return policy.clusters.compactMap { cluster in
            if cluster.managers == 1 {
                return note(
                    "one-manager", "cluster `\(cluster.name)` has one manager: its loss stops the cluster",
                    hint: "three managers survive the loss of any one")
            }
            let domains = Set((members[cluster.name] ?? []).filter { $0.role != .worker }.map(\.domain)).count
            guard domains < 3 else { return nil }
            let tolerance = Quorum.tolerance(of: cluster.managers)
            return note(
                "few-domains",
                "the \(cluster.managers) managers of cluster `\(cluster.name)` lie in \(domains) failure "
                    + "\(domains == 1 ? "domain" : "domains"), so one of them holds more than the \(tolerance) that may be lost",
                hint: "three domains survive the loss of any one")
        }
    }

    private func note(_ code: String, _ message: String, hint: String) -> ReportEntry {
        .region(.note, code, policy.region, message, hint: hint)
    }
}
