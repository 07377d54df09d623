// Which engines are installed, started or restarted: all side by side, but for the managers of one Swarm, whose engines
// restart in turn, each only after the one before has come back (I5).
import FleetModel

/// The engines of one situation.
struct EngineSteps {
    private(set) var steps: [Step] = []
    /// Restarts that wait because a majority could not spare the manager.
    private(set) var waits: [ReportEntry] = []

    init(situation: Situation) {
        var previous: [ClusterID: StepID] = [:]
        var managers: [ClusterID: Set<HostID>] = [:]
        for host in situation.policy.hosts {
            guard situation.isLiving(host.name), let facts = situation.facts(of: host.name),
                var step = EngineStep(host: host, facts: facts, policy: situation.policy.engine).step()
            else { continue }
            let present = managers[host.cluster] ?? situation.presentManagers(of: host.cluster)
            managers[host.cluster] = present
            guard present.contains(host.name), facts.swarm.state == .active else { steps.append(step); continue }
            let others = present.filter { $0 != host.name && situation.isLiving($0) }.count
            // A single manager has nobody to stand in for it whenever it restarts.
            guard present.count == 1 || others >= Quorum.majority(of: present.count) else {
                waits.append(Self.wait(host, step, managers: present.count, others: others))
                continue
            }
            step.after = [previous[host.cluster]].compactMap { $0 }
            previous[host.cluster] = step.id
            steps.append(step)
        }
    }

    private static func wait(_ host: HostPolicy, _ step: Step, managers: Int, others: Int) -> ReportEntry {
        .host(
            .waits, "engine-waits", host.name,
            "\(step.reason), and its restart would leave \(others) of \(managers) managers, a majority "
                + "needs \(Quorum.majority(of: managers))",
            hint: "bring the other managers back, then run the command again")
    }
}
