// Preflight: everything about the hosts that bring-up would trip over, found from the facts before anything is changed.
// `muster check` prints it, and the planner leaves out or refuses what it names.
package import FleetModel

/// What stands in the way, host by host and for the region as a whole.
package struct Preflight: Sendable {
    /// In the order of the manifest.
    package private(set) var entries: [ReportEntry] = []
    /// Hosts that this plan must leave alone.
    package private(set) var quarantined: Set<HostID> = []

    package init(policy: FleetPolicy, observation: FleetObservation, intents: FleetIntents = FleetIntents()) {
        for host in policy.hosts {
            switch observation.hosts[host.name] {
            case .reachable(let facts)?:
                for finding in HostFindings(host: host, facts: facts, policy: policy, intents: intents).all {
                    add(finding, of: host.name)
                }
            case .unreachable(let problem)?: add(ReportEntry(.quarantined, problem), of: host.name)
            case nil: add(.unseen(host.name), of: host.name)
            }
        }
        entries += RegionFindings(policy: policy, observation: observation).all
        addBudget(policy)
    }

    package var hasRefusal: Bool { entries.contains { $0.kind == .refused } }

    private mutating func add(_ entry: ReportEntry, of host: HostID) {
        entries.append(entry)
        if entry.kind == .quarantined { quarantined.insert(host) }
    }

    private mutating func addBudget(_ policy: FleetPolicy) {
        let (allowed, count) = (policy.budgets.allowedFailures(of: policy.hosts.count), quarantined.count)
        guard count > allowed else { return }
        let names = policy.hosts.map(\.name).filter(quarantined.contains).map { "`\($0)`" }
        let shown = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
        entries.append(
            .region(
                .refused, "budget-exceeded", policy.region,
                "\(count) of \(policy.hosts.count) hosts cannot take part (\(shown)), the budget allows \(allowed)",
                hint: "mend them, or raise `budgets.failedHosts` in the manifest"))
    }
}

extension ReportEntry {
    static func host(_ kind: Kind, _ code: String, _ host: HostID, _ message: String, hint: String? = nil)
        -> ReportEntry
    {
        ReportEntry(kind, FleetProblem(kind.problem, code, subject: "host `\(host)`", message, hint: hint))
    }

    static func region(
        _ kind: Kind, _ code: String, _ region: RegionID, _ message: String, hint: String? = nil
    ) -> ReportEntry {
        ReportEntry(kind, FleetProblem(kind.problem, code, subject: "region `\(region)`", message, hint: hint))
    }

    static func unseen(_ host: HostID) -> ReportEntry {
        .host(.quarantined, "not-observed", host, "was not observed", hint: "run the command again")
    }
}

extension ReportEntry.Kind {
    /// What kind of problem an entry of this kind tells: only some of them are trouble.
    fileprivate var problem: FleetProblem.Kind {
        switch self {
        case .refused: .refused
        case .quarantined: .failed
        case .waits, .drift, .note: .noted
        }
    }
}
