// What the planner knows before it decides: who is alive, which Swarms exist already and who can speak for them.
import FleetModel

/// An input with the questions that planning asks of it, answered once.
struct Situation {
    let input: PlannerInput
    let quarantined: Set<HostID>
    /// By cluster: the manager that speaks for its Swarm, with what it says; absent while there is no Swarm.
    let speakers: [ClusterID: (host: HostID, facts: ClusterFacts)]

    init(input: PlannerInput, quarantined: Set<HostID>) {
        (self.input, self.quarantined) = (input, quarantined)
        var speakers: [ClusterID: (host: HostID, facts: ClusterFacts)] = [:]
        for host in input.policy.hosts where !quarantined.contains(host.name) && speakers[host.cluster] == nil {
            guard let swarm = input.observation.facts(of: host.name)?.swarm, swarm.state == .active else { continue }
            if let cluster = swarm.cluster { speakers[host.cluster] = (host.name, cluster) }
        }
        self.speakers = speakers
    }

    var policy: FleetPolicy { input.policy }

    func facts(of host: HostID) -> HostFacts? { input.observation.facts(of: host) }

    /// Whether the host answers and nothing forbids to change it.
    func isLiving(_ host: HostID) -> Bool { !quarantined.contains(host) && facts(of: host) != nil }

    func living(of cluster: ClusterID) -> Set<HostID> {
        Set(policy.hosts(of: cluster).map(\.name).filter(isLiving))
    }

    /// Whether the host is an active node of its cluster's Swarm, by its own word and the speaker's.
    func isMember(_ host: HostPolicy) -> Bool { node(of: host) != nil }

    /// The host as the speaker of its cluster lists it, proven by the node's id.
    func node(of host: HostPolicy) -> NodeFacts? {
        guard let speaker = speakers[host.cluster], let swarm = facts(of: host.name)?.swarm, swarm.state == .active,
            let id = swarm.nodeID
        else { return nil }
        return speaker.facts.node(id)
    }

    /// Hosts that are managers of the cluster now: by the Swarm's own list, or, while a host is silent, by the parent
    /// blueprint.
    func presentManagers(of cluster: ClusterID) -> Set<HostID> {
        var present: Set<HostID> = []
        let wanted = input.parent?.clusters[cluster]?.managers ?? []
        for host in policy.hosts(of: cluster) {
            if let node = node(of: host) {
                if node.role == .manager { present.insert(host.name) }
            } else if wanted.contains(host.name), speakers[cluster] != nil, !isLiving(host.name) {
                present.insert(host.name)
            }
        }
        return present
    }

    /// Clusters whose Swarm exists but has no manager that can speak for it: the majority is lost (F29), or the
    /// managers are out of reach. Nothing may be written then.
    var refusals: [ReportEntry] {
        policy.clusters.compactMap { cluster in
            guard speakers[cluster.name] == nil else { return nil }
            let members = policy.hosts(of: cluster.name).filter { host in
                facts(of: host.name)?.swarm.state == .active && facts(of: host.name)?.made?.region == policy.region
            }
            guard let member = members.first else { return nil }
            let managers = input.parent?.clusters[cluster.name]?.managers.count ?? cluster.managers
            return .region(
                .refused, "no-quorum", policy.region,
                "cluster `\(cluster.name)`: host `\(member.name)` is in its Swarm, but no manager can speak for it; "
                    + "of \(managers) managers \(Quorum.majority(of: managers)) must be up",
                hint: "bring its managers back, then run the command again")
        }
    }
}
