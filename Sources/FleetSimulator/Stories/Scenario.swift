// What one seed stands for: a region, the troubles that befall it, and how often people change it. Drawn from the seed
// alone, so a failing seed is the whole bug report.
package import FleetModel

/// One drawn life of a region.
package struct Scenario: Sendable {
    package let seed: UInt64
    /// The policy of the bring-up.
    package let policy: FleetPolicy
    package let troubles: [Trouble]
    package let system: OperatingSystem.InitSystem
    /// How often people change it; what they change is drawn when they do, because it depends on what became of it.
    package let changes: Int
    /// Whether there is something in the region that people made themselves: a node of a Swarm, a volume.
    package let hasPeoplesOwn: Bool

    package init(seed: UInt64) {
        var random = SeededRandom(seed: seed, name: "scenario")
        self.seed = seed
        system = random.chance(70) ? .systemd : .sysvinit
        policy = Self.region(&random)
        troubles = Self.troubles(policy, &random)
        changes = random.chance(40) ? 0 : random.number(1...4)
        hasPeoplesOwn = random.chance(20)
    }

    /// Half of the regions have at most five hosts: small ones find most bugs and cost least.
    private static func region(_ random: inout SeededRandom) -> FleetPolicy {
        let count = random.chance(50) ? random.number(1...5) : random.number(3...12)
        let domains = (0..<random.number(1...3)).map { DomainID("d\($0)") }
        let clusters = (0..<min(random.number(1...3), (count + 2) / 3)).map { ClusterID("c\($0)") }
        let hosts = (0..<count).map { number in
            HostPolicy(
                name: HostID("h\(number + 1)"), address: "198.18.1.\(number + 1)",
                domain: domains[number % domains.count], cluster: clusters[number % clusters.count],
                labels: random.chance(20) ? ["tier": "t\(number % 2)"] : [:])
        }
        let policies = clusters.enumerated().map { index, name in
            let members = hosts.filter { $0.cluster == name }.count
            return ClusterPolicy(
                name: name, isControl: index == 0,
                managers: min(members, 5) % 2 == 0 ? members.oddAtMost : min(members, 5))
        }
        return FleetPolicy(
            region: "eu1", domains: domains, clusters: policies, hosts: hosts,
            engine: EnginePolicy(daemon: random.chance(40) ? ["log-driver": .string("local")] : [:]),
            budgets: BudgetPolicy(failedHosts: .percent(random.one(of: [20, 34, 50]))))
    }

    /// None in one of ten lives, else up to four.
    private static func troubles(_ policy: FleetPolicy, _ random: inout SeededRandom) -> [Trouble] {
        guard !random.chance(10) else { return [] }
        return (0..<random.number(1...4)).map { _ in Trouble(policy, &random) }
    }
}

extension Int {
    /// The largest of 1, 3 and 5 that is not more.
    fileprivate var oddAtMost: Int { self >= 5 ? 5 : self >= 3 ? 3 : 1 }
}

extension Scenario: CustomStringConvertible {
    package var description: String {
        let clusters = policy.clusters.map { cluster in
            "\(cluster.name): \(policy.hosts(of: cluster.name).count) hosts, \(cluster.managers) managers"
        }
        return "seed \(seed): \(policy.hosts.count) hosts (\(clusters.joined(separator: "; "))), \(system.rawValue); "
            + "troubles: \(Self.list(troubles)); \(changes) changes"
    }

    static func list(_ troubles: [Trouble]) -> String {
        troubles.isEmpty ? "none" : troubles.map(\.description).joined(separator: ", ")
    }
}
