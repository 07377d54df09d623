// What the planner knows before it decides: who is alive, which Swarms exist already, who speaks for them, and which
// node each host is.
import FleetModel

/// An input with the questions that planning asks of it, answered once.
struct Situation {
    let input: PlannerInput
    let quarantined: Set<HostID>
    /// The policy's hosts and those that leave, by name.
    let hosts: [HostID: HostPolicy]
    /// The policy's hosts by cluster, in the order of the manifest.
    let members: [ClusterID: [HostPolicy]]
    /// By cluster: its Swarm as the manager that speaks for it tells it; absent while there is none, or nobody speaks.
    let swarms: [ClusterID: SwarmView]
    /// Foreign Swarms that people take over, by the hosts that are in them; `observation` shows them as ours.
    let adopted: [HostID: String]
    private let observation: FleetObservation
    /// The policy's hosts that are in the Swarm of another cluster than theirs, by that cluster.
    private let strangers: [ClusterID: [HostPolicy]]
    /// Clusters of whose Swarm an engine is stopped on a host that answers, and those of whose an engine is on its way
    /// back.
    private let stopped: Set<ClusterID>
    private let returning: Set<ClusterID>
    /// Answers that are asked for again and again: facts are large, and copying them for thousands of hosts costs.
    private let living: Set<HostID>
    private let stuck: Set<HostID>
    private let leaving: Set<HostID>
    private let presentClusters: [HostID: ClusterID]
    private let ownNodes: [HostID: NodeFacts]

    init(input: PlannerInput, quarantined: Set<HostID>) {
        (self.input, self.quarantined) = (input, quarantined)
        let all = input.policy.hosts + input.leaving
        hosts = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
        members = Dictionary(grouping: input.policy.hosts, by: \.cluster)
        let adoption = Adoption(input)
        (adopted, observation) = (adoption.hosts, adoption.observation)
        let seen = adoption.observation
        swarms = Self.views(of: all, seen, input.policy, quarantined: quarantined)
        var (living, stuck): (Set<HostID>, Set<HostID>) = ([], [])
        var (stopped, returning): (Set<ClusterID>, Set<ClusterID>) = ([], [])
        var (present, strangers): ([HostID: ClusterID], [ClusterID: [HostPolicy]]) = ([:], [:])
        var nodes: [HostID: NodeFacts] = [:]
        for (index, host) in all.enumerated() {
            let facts = seen.facts(of: host.name)
            let isManifest = index < input.policy.hosts.count
            if facts != nil, !quarantined.contains(host.name) { living.insert(host.name) }
            if let cluster = Self.presentCluster(facts, input.policy.region) {
                present[host.name] = cluster
                if isManifest, cluster != host.cluster {
                    strangers[cluster, default: []].append(host)
                    let isSilent = facts.map(Self.hasSilentEngine) == true
                    if swarms[cluster] == nil, members[cluster] != nil || isSilent { stuck.insert(host.name) }
                }
                // Also of a host that leaves: it may be the one that speaks for the Swarm.
                let isStopped = facts?.engine.map { !$0.isRunning } == true
                if isStopped, living.contains(host.name) { stopped.insert(cluster) }
                let isLost = facts?.swarm.isWithoutManagers == true && facts?.swarm.nodeID != nil
                if isManifest, isLost, living.contains(host.name) { returning.insert(cluster) }
            } else if facts == nil, !isManifest {
                present[host.name] = Self.listing(of: host, swarms, input.policy.region)
            }
            guard isManifest else { continue }
            let node = Self.node(of: host, facts, in: host.cluster, swarms[host.cluster])
            nodes[host.name] = node
            // Written down as a node of a Swarm that does not list it: only its engine can say where it is.
            if node == nil, present[host.name] == host.cluster, swarms[host.cluster] != nil,
                facts.map(Self.hasSilentEngine) == true
            {
                stuck.insert(host.name)
            }
        }
        (self.living, self.stuck, self.stopped, self.returning) = (living, stuck, stopped, returning)
        leaving = Set(input.leaving.map(\.name))
        presentClusters = present
        (self.strangers, ownNodes) = (strangers, nodes)
    }

    /// Hosts that stay where they are come first, those that move or leave after them: a Swarm whose managers all go
    /// still needs somebody who acts for it.
    private static func views(
        of all: [HostPolicy], _ observation: FleetObservation, _ policy: FleetPolicy, quarantined: Set<HostID>
    ) -> [ClusterID: SwarmView] {
        var found: [ClusterID: (speaker: HostID, facts: ClusterFacts, stays: Bool)] = [:]
        for (index, host) in all.enumerated() where !quarantined.contains(host.name) {
            guard let facts = observation.facts(of: host.name), facts.swarm.state == .active,
                let told = facts.swarm.cluster, facts.made?.region == policy.region,
                let cluster = facts.made?.swarm.first, facts.made?.swarm.count == 1
            else { continue }
            let stays = index < policy.hosts.count && host.cluster == cluster
            // Where there are two Swarms by accident, the larger is the cluster's and the other is refused below.
            if let before = found[cluster],
                before.stays == stays ? before.facts.nodes.count >= told.nodes.count : before.stays
            {
                continue
            }
            found[cluster] = (host.name, told, stays)
        }
        return found.mapValues { SwarmView(speaker: $0.speaker, facts: $0.facts) }
    }

    var policy: FleetPolicy { input.policy }

    func facts(of host: HostID) -> HostFacts? { observation.facts(of: host) }
    func members(of cluster: ClusterID) -> [HostPolicy] { members[cluster] ?? [] }

    /// Whether the host answers and nothing forbids to change it.
    func isLiving(_ host: HostID) -> Bool { living.contains(host) }

    /// Whether the host can become or be a node of its cluster's Swarm now: it answers, nothing forbids to change it,
    /// and it is not in the Swarm of another cluster that it cannot leave in order now (nobody speaks for that one, and
    /// its cluster is to go on, or the host's engine is stopped), nor may it be in one that only its engine can name.
    func canTakePart(_ host: HostID) -> Bool { living.contains(host) && !stuck.contains(host) }

    /// Everyone who may be a node of the cluster's Swarm: its hosts, and those that are in it and should not be.
    func nodesKnown(in cluster: ClusterID) -> [HostPolicy] {
        members(of: cluster) + input.leaving.filter { (presentCluster(of: $0.name) ?? $0.cluster) == cluster }
            + (strangers[cluster] ?? [])
    }

    /// Whether people took the host out of the manifest, and it is not known to be gone.
    func isLeaving(_ host: HostID) -> Bool { leaving.contains(host) }

    /// Whether people let the host be forgotten and nothing speaks against it: it leaves and does not answer, and no
    /// Swarm lists it, or may list it as soon as somebody speaks for it again.
    func forgets(_ host: HostID) -> Bool {
        input.intents.forget.contains(host) && isLeaving(host) && facts(of: host) == nil
            && presentCluster(of: host) == nil && unheard == nil
    }

    /// A cluster whose list of nodes cannot be seen now, though it has one.
    var unheard: ClusterID? { policy.clusters.map(\.name).first(where: isAsleep) }

    /// Whether the host was on its way out, and is in the manifest again: what took its work away was its leaving.
    func wasLeaving(_ host: HostID) -> Bool { input.parent?.leaving[host] != nil }

    // MARK: - Which node a host is

    /// The cluster whose Swarm this region put the host into, whatever the manifest says now; of one that leaves and
    /// does not answer, the cluster whose Swarm lists it.
    func presentCluster(of host: HostID) -> ClusterID? { presentClusters[host] }

    private static func presentCluster(_ facts: HostFacts?, _ region: RegionID) -> ClusterID? {
        guard let made = facts?.made, made.region == region else { return nil }
        return made.swarm.first
    }

    /// Where a silent host is listed that leaves: it may have moved between clusters before. A Swarm that hears it goes
    /// before its own cluster's, and that before the others.
    private static func listing(
        of host: HostPolicy, _ swarms: [ClusterID: SwarmView], _ region: RegionID
    ) -> ClusterID? {
        let order = [host.cluster] + swarms.keys.filter { $0 != host.cluster }.sorted()
        let found = order.compactMap { cluster -> (cluster: ClusterID, node: NodeFacts)? in
            guard let node = node(of: host, nil, in: cluster, swarms[cluster]) else { return nil }
            // Elsewhere its address proves nothing.
            let isLabelled = node.labels[MusterLabel.region] == region.rawValue && node.labels[MusterLabel.host] != nil
            return cluster == host.cluster || isLabelled ? (cluster, node) : nil
        }
        return (found.first { $0.node.state != "down" } ?? found.first)?.cluster
    }

    /// Whether the host is an active node of its cluster's Swarm, by its own word and the speaker's.
    func isMember(_ host: HostPolicy) -> Bool { node(of: host) != nil }

    /// The host as the Swarm of its cluster lists it.
    func node(of host: HostPolicy) -> NodeFacts? { node(of: host, in: host.cluster) }

    /// The host as the Swarm of `cluster` lists it.
    func node(of host: HostPolicy, in cluster: ClusterID) -> NodeFacts? {
        if hosts[host.name]?.cluster == cluster, let node = ownNodes[host.name] { return node }
        return Self.node(of: host, facts(of: host.name), in: cluster, swarms[cluster])
    }

    /// Proven by the node's id, and where the host cannot tell it (silent, engine stopped, locked) found by its label,
    /// or before it had one by its address.
    private static func node(
        of host: HostPolicy, _ facts: HostFacts?, in cluster: ClusterID, _ view: SwarmView?
    ) -> NodeFacts? {
        guard let view else { return nil }
        guard let facts, !hasSilentEngine(facts) else {
            // What carries its label in a Swarm that it has left is its past: written before a join, crossed out after a
            // leave.
            if let made = facts?.made, !made.swarm.contains(cluster) { return nil }
            let candidates = view.candidates(for: host)
            return candidates.first { $0.state != "down" } ?? candidates.first
        }
        guard facts.swarm.state != .inactive, let id = facts.swarm.nodeID else { return nil }
        return view.node(id)
    }

    /// Whether the host cannot say which node it is, although it may be one.
    private static func hasSilentEngine(_ facts: HostFacts) -> Bool {
        facts.swarm.state == .locked || facts.engine.map { !$0.isRunning } == true
    }

    /// Whether the host answers, and its engine is there and does not run.
    func isEngineStopped(_ host: HostID) -> Bool {
        isLiving(host) && facts(of: host)?.engine.map { !$0.isRunning } == true
    }

    /// The host to which the control plane's service is bound, by its Swarm's word; nil where none can tell.
    var servingHome: HostID? {
        guard let view = policy.controlCluster.flatMap({ swarms[$0.name] }),
            let service = view.facts.services.first(where: { $0.name == "muster-\(policy.region)" }),
            let bound = service.spec?.constraints.first(where: { $0.hasPrefix("node.id==") }),
            let node = view.node(NodeID(bound.dropFirst("node.id==".count))),
            let host = node.labels[MusterLabel.host].flatMap({ hosts[HostID($0)] }), self.node(of: host)?.id == node.id
        else { return nil }
        return host.name
    }

    /// Hosts that are managers of the cluster now, by the Swarm's own list: what the blueprint wants does not count for
    /// a majority.
    func presentManagers(of cluster: ClusterID) -> Set<HostID> {
        Set(members(of: cluster).filter { node(of: $0)?.role == .manager }.map(\.name))
    }

    /// Whether the host is a node of its cluster's Swarm whose engine has not found the others again: after a power cut
    /// an engine is `pending` until it hears a manager, and it knows its node's id. A host that joined only half (F23)
    /// has none, or one that its Swarm does not list.
    func isReturning(_ host: HostPolicy) -> Bool {
        guard presentCluster(of: host.name) == host.cluster, let swarm = facts(of: host.name)?.swarm,
            swarm.isWithoutManagers, swarm.nodeID != nil
        else { return false }
        return swarms[host.cluster] == nil || node(of: host) != nil
    }

    // MARK: - Swarms that nobody can speak for

    /// Whether the cluster's Swarm is there but nobody speaks for it while engines of it are stopped or on their way
    /// back: the former are started first, and what else is due is decided when the Swarm can be seen.
    func isAsleep(_ cluster: ClusterID) -> Bool {
        swarms[cluster] == nil && (stopped.contains(cluster) || returning.contains(cluster))
    }

    /// Clusters of which only the engines are started now.
    var waits: [ReportEntry] {
        policy.clusters.filter { isAsleep($0.name) }.map { cluster in
            let isStarting = stopped.contains(cluster.name)
            let what =
                isStarting
                ? "engines of its Swarm are stopped and nobody speaks for it; they are started, what else is due"
                : "its engines are on their way back and nobody speaks for its Swarm yet; what is due"
            return .region(
                .waits, "cluster-asleep", policy.region,
                "cluster `\(cluster.name)`: \(what) waits until the Swarm can be seen",
                hint: isStarting ? "run the command again after this plan" : "run the command again in a minute")
        } + policy.hosts.filter { isLiving($0.name) && stuck.contains($0.name) }.compactMap(moveWaits)
    }

    /// Of a host that is, or may be, in another Swarm than its cluster's, and cannot leave it now.
    private func moveWaits(_ host: HostPolicy) -> ReportEntry? {
        guard let present = presentCluster(of: host.name), !isAsleep(present) || members[present] == nil else {
            return nil
        }
        if present == host.cluster {
            return .host(
                .waits, "join-waits", host.name,
                "joins the Swarm of cluster `\(present)` later: its engine is stopped and started first, and may know "
                    + "itself in another one", hint: "run the command again after this plan")
        }
        let move = "moves to cluster `\(host.cluster)` later:"
        return isEngineStopped(host.name)
            ? .host(
                .waits, "move-waits", host.name,
                "\(move) it is in the Swarm of cluster `\(present)`, and its engine is stopped and started first",
                hint: "run the command again after this plan")
            : .host(
                .waits, "move-waits", host.name,
                "\(move) nobody speaks for the Swarm of cluster `\(present)`, which it has to leave before",
                hint: "bring the managers of cluster `\(present)` back, then run the command again")
    }

    /// What stands in the way of any write to the region's Swarms.
    var refusals: [ReportEntry] { silentClusters + splitClusters + notAdopted }

    /// Hosts of foreign Swarms that were not looked at because people adopt one, and that are not in that one.
    private var notAdopted: [ReportEntry] {
        guard !input.intents.adopt.isEmpty else { return [] }
        return policy.hosts.compactMap { host in
            guard isLiving(host.name), let swarm = facts(of: host.name)?.swarm, swarm.state == .active,
                presentCluster(of: host.name) == nil, input.intents.evict[host.name] == nil
            else { return nil }
            return .host(
                .refused, "foreign-swarm", host.name,
                "is in another Swarm than those that are adopted, which this region did not make",
                hint: "take it out of the manifest, or name its Swarm with `muster hosts evict` or `muster hosts adopt`"
            )
        }
    }

    /// Hosts in another Swarm than the rest of their cluster: the first manager was lost right after it had made one,
    /// another host made a second, and the first came back.
    private var splitClusters: [ReportEntry] {
        policy.hosts.compactMap { host in
            guard let view = swarms[host.cluster], let facts = facts(of: host.name), facts.swarm.state == .active,
                presentCluster(of: host.name) == host.cluster, node(of: host) == nil
            else { return nil }
            return .host(
                .refused, "split-swarm", host.name,
                "is in another Swarm than the rest of cluster `\(host.cluster)`, for which host `\(view.speaker)` speaks",
                hint: "leave it on the host with `docker swarm leave --force`, then run the command again")
        }
    }

    /// Clusters whose Swarm exists but has no manager that can speak for it: the majority is lost (F29), or the
    /// managers are out of reach. Nothing may be written then.
    private var silentClusters: [ReportEntry] {
        policy.clusters.compactMap { cluster in
            guard swarms[cluster.name] == nil, !isAsleep(cluster.name) else { return nil }
            let member = members(of: cluster.name).first { host in
                facts(of: host.name)?.swarm.state == .active && presentCluster(of: host.name) == cluster.name
            }
            guard let member else { return nil }
            let managers = input.parent?.clusters[cluster.name]?.managers.count ?? cluster.managers
            return .region(
                .refused, "no-quorum", policy.region,
                "cluster `\(cluster.name)`: host `\(member.name)` is in its Swarm, but no manager can speak for it: a "
                    + "majority is \(Quorum.majority(of: managers)) of \(managers)",
                hint: "bring its managers back, then run the command again")
        }
    }
}
