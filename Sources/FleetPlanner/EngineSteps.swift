// Which engines are installed, started or restarted: all side by side, but for the managers of one Swarm, whose engines
// restart in turn, each only after the one before has come back (I5).
import FleetModel

/// The engines of one situation.
struct EngineSteps {
    private(set) var steps: [Step] = []
    /// Restarts that wait because a majority could not spare the manager.
    private(set) var waits: [ReportEntry] = []

    init(situation: Situation) {
        var previous: [ClusterID: [StepID]] = [:]
        var known: [ClusterID: Voters] = [:]
        for host in situation.policy.hosts {
            guard situation.isLiving(host.name), let facts = situation.facts(of: host.name),
                var step = EngineStep(host: host, facts: facts, policy: situation.policy.engine).step()
            else { continue }
            let cluster = situation.presentCluster(of: host.name) ?? host.cluster
            // What does not run has no vote to lose: it starts beside all others.
            guard facts.swarm.state == .active, let node = situation.node(of: host, in: cluster), node.role == .manager
            else { steps.append(step); continue }
            let voters = known[cluster] ?? Voters(situation, in: cluster)
            known[cluster] = voters
            let others = voters.answering.subtracting([node.id]).count
            // A single manager has nobody to stand in for it whenever it restarts.
            guard voters.count == 1 || others >= Quorum.majority(of: voters.count) else {
                waits.append(Self.wait(host, step, managers: voters.count, others: others))
                continue
            }
            step.after = previous[cluster] ?? voters.starts
            previous[cluster] = [step.id]
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

/// Everyone who counts for the majority of one Swarm: hosts that leave it or move away vote until they are demoted.
private struct Voters {
    let count: Int
    /// Those that answer, or will once this plan has started their engines.
    private(set) var answering: Set<NodeID> = []
    /// Those starts. A restart before them could take the vote that the stopped one cannot stand in for.
    private(set) var starts: [StepID] = []

    init(_ situation: Situation, in cluster: ClusterID) {
        let managers = situation.swarms[cluster]?.managers ?? []
        count = managers.count
        var owners: [NodeID: HostID] = [:]
        for host in situation.nodesKnown(in: cluster) {
            if let node = situation.node(of: host, in: cluster) { owners[node.id] = host.name }
        }
        for manager in managers {
            let host = owners[manager.id]
            if let host, situation.isEngineStopped(host) {
                // One that leaves the region is started to say so, and not for its vote.
                guard !situation.isLeaving(host) else { continue }
                starts.append(StepID("install-engine/\(host)"))
                answering.insert(manager.id)
            } else if manager.isAnswering, host.map(situation.isLiving) ?? true {
                answering.insert(manager.id)
            }
        }
    }
}
