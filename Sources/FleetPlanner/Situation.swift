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
        for host in input.policy.hosts where !quarantined.contains(host.name) {
            guard let facts = input.observation.facts(of: host.name), facts.swarm.state == .active,
                let cluster = facts.swarm.cluster, facts.made?.swarm == [host.cluster]
            else { continue }
            // Where there are two Swarms by accident, the larger is the cluster's and the other is refused below.
            if let before = speakers[host.cluster], before.facts.nodes.count >= cluster.nodes.count { continue }
            speakers[host.cluster] = (host.name, cluster)
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

    /// The host as the speaker of its cluster lists it: proven by the node's id, and where the host cannot tell it
    /// (silent, engine stopped, locked) found by its label, or before it had one by its address.
    func node(of host: HostPolicy) -> NodeFacts? {
        guard let speaker = speakers[host.cluster] else { return nil }
        guard let facts = facts(of: host.name), !hasSilentEngine(facts) else {
            return speaker.facts.nodes.first { node in
                node.labels[MusterLabel.host].map { $0 == host.name.rawValue } ?? (node.address == host.address)
            }
        }
        guard facts.swarm.state != .inactive, let id = facts.swarm.nodeID else { return nil }
        return speaker.facts.node(id)
    }

    /// Whether the host is a node of its cluster's Swarm whose engine has not found the others again: after a power cut
    /// an engine is `pending` until it hears a manager, and it knows its node's id. A host that joined only half (F23)
    /// has none, or one that its Swarm does not list.
    func isReturning(_ host: HostPolicy) -> Bool {
        guard let facts = facts(of: host.name), facts.made?.swarm == [host.cluster], let id = facts.swarm.nodeID,
            facts.swarm.state == .pending || facts.swarm.state == .error
        else { return false }
        return speakers[host.cluster].map { $0.facts.node(id) != nil } ?? true
    }

    private func hasSilentEngine(_ facts: HostFacts) -> Bool {
        facts.swarm.state == .locked || facts.engine.map { !$0.isRunning } == true
    }

    /// Hosts that are managers of the cluster now, by the Swarm's own list: what the blueprint wants does not count for
    /// a majority.
    func presentManagers(of cluster: ClusterID) -> Set<HostID> {
        Set(policy.hosts(of: cluster).filter { node(of: $0)?.role == .manager }.map(\.name))
    }

    /// Whether the cluster's Swarm is there but nobody speaks for it while engines of it are stopped or on their way
    /// back: the former are started first, and what else is due is decided when the Swarm can be seen.
    func isAsleep(_ cluster: ClusterID) -> Bool {
        speakers[cluster] == nil
            && policy.hosts(of: cluster).contains { isLiving($0.name) && (isStopped($0) || isReturning($0)) }
    }

    private func isStopped(_ host: HostPolicy) -> Bool {
        let facts = facts(of: host.name)
        return facts?.made?.swarm == [host.cluster] && facts?.engine.map { !$0.isRunning } == true
    }

    /// Clusters of which only the engines are started now.
    var waits: [ReportEntry] {
        policy.clusters.filter { isAsleep($0.name) }.map { cluster in
            let isStarting = policy.hosts(of: cluster.name).contains { isLiving($0.name) && isStopped($0) }
            let what =
                isStarting
                ? "engines of its Swarm are stopped and nobody speaks for it; they are started, what else is due"
                : "its engines are on their way back and nobody speaks for its Swarm yet; what is due"
            return .region(
                .waits, "cluster-asleep", policy.region,
                "cluster `\(cluster.name)`: \(what) waits until the Swarm can be seen",
                hint: isStarting ? "run the command again after this plan" : "run the command again in a minute")
        }
    }

    /// What stands in the way of any write to the region's Swarms.
    var refusals: [ReportEntry] { silentClusters + splitClusters }

    /// Hosts in another Swarm than the rest of their cluster: the first manager was lost right after it had made one,
    /// another host made a second, and the first came back.
    private var splitClusters: [ReportEntry] {
        policy.hosts.compactMap { host in
            guard let speaker = speakers[host.cluster], let facts = facts(of: host.name), facts.swarm.state == .active,
                facts.made?.swarm == [host.cluster], node(of: host) == nil
            else { return nil }
            return .host(
                .refused, "split-swarm", host.name,
                "is in another Swarm than the rest of cluster `\(host.cluster)`, for which host `\(speaker.host)` speaks",
                hint: "leave it on the host with `docker swarm leave --force`, then run the command again")
        }
    }

    /// Clusters whose Swarm exists but has no manager that can speak for it: the majority is lost (F29), or the
    /// managers are out of reach. Nothing may be written then.
    private var silentClusters: [ReportEntry] {
        policy.clusters.compactMap { cluster in
            guard speakers[cluster.name] == nil, !isAsleep(cluster.name) else { return nil }
            let members = policy.hosts(of: cluster.name).filter { host in
                let facts = facts(of: host.name)
                return facts?.swarm.state == .active && facts?.made?.region == policy.region
                    && facts?.made?.swarm == [cluster.name]
            }
            guard let member = members.first else { return nil }
            let managers = input.parent?.clusters[cluster.name]?.managers.count ?? cluster.managers
            return .region(
                .refused, "no-quorum", policy.region,
                "cluster `\(cluster.name)`: host `\(member.name)` is in its Swarm, but no manager can speak for it: a "
                    + "majority is \(Quorum.majority(of: managers)) of \(managers)",
                hint: "bring its managers back, then run the command again")
        }
    }
}
