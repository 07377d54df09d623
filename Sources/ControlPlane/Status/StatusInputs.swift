// From records to the status document: pure, so that every odd state of a region is a table in a test.

import FleetModel

/// All that the status is made from.
struct StatusInputs: Sendable {
    var now: Timestamp
    var stage: ControlPlaneStage
    var policy: FleetPolicy
    var ownership: Ownership
    var blueprint: Blueprint?
    var records: [HostRecord]
    var run: RunStatus?
    var drift: [FleetProblem]
    var hasRecipient: Bool
    var sealedCopyMadeAt: Timestamp?
    var version: String
    var uptimeSeconds: Int
    var observedAt: Timestamp?
    var observeIntervalSeconds: Int

    var status: RegionStatus {
        let index = HostIndex(records)
        let clusters = policy.clusters.map { cluster($0, index) }
        let nodes = Dictionary(
            clusters.flatMap(\.nodes).compactMap { node in node.host.map { ($0, node) } }
        ) { first, _ in first }
        return RegionStatus(
            takenAt: now, region: policy.region, stage: stage.word, owner: ownership.owner, epoch: ownership.epoch,
            generation: blueprint?.generation ?? 0, clusters: clusters,
            hosts: records.sorted { $0.name < $1.name }.map { Self.host($0, nodes[$0.name]) }, run: run, drift: drift,
            controlPlane: ControlPlaneStatus(
                version: version, uptimeSeconds: uptimeSeconds, home: blueprint?.controlPlane?.home,
                image: blueprint?.controlPlane?.image, observedAt: observedAt,
                observeIntervalSeconds: observeIntervalSeconds),
            sealedCopy: SealedCopyStatus(
                hasRecipient: hasRecipient, madeAt: sealedCopyMadeAt, ageSeconds: sealedCopyMadeAt.map(now.seconds)),
            warnings: warnings(clusters))
    }
}

extension StatusInputs {
    /// A cluster by the freshest word of a manager that answered; without one there is no quorum to be known.
    private func cluster(_ policy: ClusterPolicy, _ index: HostIndex) -> ClusterStatus {
        let facts = bestFacts(of: policy.name)
        let managers = facts?.nodes.filter { $0.role == .manager } ?? []
        let reachable = managers.filter { $0.reachability == "reachable" }.count
        let nodes = (facts?.nodes ?? []).map { Self.node($0, index.host(of: $0)) }.sorted {
            ($0.hostname, $0.id) < ($1.hostname, $1.id)
        }
        return ClusterStatus(
            name: policy.name, isControl: policy.isControl, managersDesired: policy.managers, managers: managers.count,
            managersReachable: reachable, quorumNeeds: managers.count / 2 + 1,
            hasQuorum: !managers.isEmpty && reachable >= managers.count / 2 + 1,
            leader: nodes.first(where: \.isLeader)?.host, nodes: nodes)
    }

    private func bestFacts(of cluster: ClusterID) -> ClusterFacts? {
        records.filter { $0.cluster == cluster && $0.unreachable == nil && $0.facts?.swarm.cluster != nil }
            .max { ($0.observedAt ?? $0.since, $1.name) < ($1.observedAt ?? $1.since, $0.name) }?
            .facts?.swarm.cluster
    }

    private static func node(_ facts: NodeFacts, _ host: HostID?) -> NodeStatus {
        NodeStatus(
            id: facts.id, host: host, hostname: facts.hostname, address: facts.address,
            role: facts.role, state: facts.state, availability: facts.availability, isLeader: facts.isLeader,
            reachability: facts.reachability)
    }

    private static func host(_ record: HostRecord, _ node: NodeStatus?) -> HostStatus {
        let capacity = record.facts?.capacity
        return HostStatus(
            name: record.name, address: record.address, domain: record.domain, cluster: record.cluster,
            role: node?.role ?? record.role, life: record.life,
            isReachable: record.unreachable == nil && record.facts != nil, since: record.since,
            observedAt: record.observedAt, unreachable: record.unreachable,
            engineVersion: record.facts?.engine?.version,
            operatingSystem: record.facts?.operatingSystem.prettyName, cpuMillicores: capacity?.cpuMillicores,
            memoryMiB: capacity?.memoryMiB, memoryAvailableMiB: capacity?.memoryAvailableMiB,
            diskMiB: capacity?.diskMiB, diskFreeMiB: capacity?.diskFreeMiB, nodeState: node?.state,
            isLeader: node?.isLeader ?? false)
    }
}

extension StatusInputs {
    /// Older than this the sealed copy is warned about. Every command of an admin refreshes it, so a week means that
    /// nobody with the right looked; a day would warn each Monday, a month could lose a month.
    static let sealedCopyIsOldAfterSeconds = 7 * 86_400
    /// This many missed observations, and what is shown is called old.
    static let observationIsOldAfterIntervals = 5

    func warnings(_ clusters: [ClusterStatus]) -> [FleetProblem] {
        var warnings = [oneCopy]
        if stage == .paused { warnings.append(takenBack) }
        warnings += [sealedCopyWarning, observationWarning].compactMap { $0 }
        return warnings + clusters.filter { !$0.hasQuorum }.map(Self.noQuorum)
    }

    private var subject: String { "region `\(policy.region)`" }

    /// What the witness cannot see is said here, always: it is the price of one copy (ADR 5).
    private var oneCopy: FleetProblem {
        let home = blueprint?.controlPlane.map { "on host `\($0.home)`" } ?? "on one host"
        return FleetProblem(
            .refused, "one-copy", subject: subject,
            "the inventory has one copy, \(home); its witness cannot see what was written since the last blueprint or "
                + "start (observations, events, tokens)",
            hint: "keep the sealed copy fresh: `muster status` with an admin token does")
    }

    private var takenBack: FleetProblem {
        FleetProblem(
            .refused, "taken-back", subject: subject,
            "the inventory was taken back in epoch \(ownership.epoch): this control plane reads and changes nothing",
            hint: "go on with `muster down`, or hand off again with `muster up`")
    }

    private var sealedCopyWarning: FleetProblem? {
        guard hasRecipient else {
            return FleetProblem(
                .refused, "no-recipient", subject: subject, "there is no recipient, so no sealed copy can be made",
                hint: "take the region back and hand it off again: `muster up` makes a key pair")
        }
        guard let madeAt = sealedCopyMadeAt else {
            return FleetProblem(
                .refused, "no-sealed-copy", subject: subject, "no sealed copy was made yet",
                hint: "run `muster status` with an admin token")
        }
        guard now.seconds(since: madeAt) > Self.sealedCopyIsOldAfterSeconds else { return nil }
        return FleetProblem(
            .refused, "sealed-copy-old", subject: subject, "the last sealed copy was made at \(madeAt)",
            hint: "run `muster status` with an admin token")
    }

    private var observationWarning: FleetProblem? {
        guard stage == .serving, let observedAt else { return nil }
        let age = now.seconds(since: observedAt)
        guard age > Self.observationIsOldAfterIntervals * max(1, observeIntervalSeconds) else { return nil }
        return FleetProblem(
            .refused, "observation-old", subject: subject, "the last observation was \(age) s ago",
            hint: "look at the log of the control plane's service")
    }

    private static func noQuorum(_ cluster: ClusterStatus) -> FleetProblem {
        cluster.managers == 0
            ? FleetProblem(
                .refused, "quorum-unknown", subject: "cluster `\(cluster.name)`",
                "no manager that answers can say how the Swarm is", hint: "look at its managers' reachability")
            : FleetProblem(
                .refused, "quorum-lost", subject: "cluster `\(cluster.name)`",
                "\(cluster.managersReachable) of \(cluster.managers) managers reach each other, a majority needs "
                    + "\(cluster.quorumNeeds)", hint: "bring a manager back; until then the Swarm changes nothing")
    }
}

/// Which host a node is. Looking through all hosts for each node would be a million comparisons at 1000 hosts.
private struct HostIndex {
    private let byNode: [NodeID: HostID]
    private let byAddress: [String: HostID]

    init(_ records: [HostRecord]) {
        let nodes = records.compactMap { record in record.facts?.swarm.nodeID.map { ($0, record.name) } }
        byNode = Dictionary(nodes) { first, _ in first }
        byAddress = Dictionary(records.map { ($0.address, $0.name) }) { first, _ in first }
    }

    /// The node's own id proves who it is; the address is the next best.
    func host(of node: NodeFacts) -> HostID? { byNode[node.id] ?? byAddress[node.address] }
}
