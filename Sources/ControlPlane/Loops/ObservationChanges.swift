// What changed between two observations, as events: flips only. A region at rest appends nothing, however often it
// is looked at.

import FleetModel

/// What of the last observation must be remembered to see flips in the next one.
struct ObservedState: Codable, Hashable, Sendable {
    /// Hosts that answered, and those that did not.
    var reachable: Set<HostID> = []
    var unreachable: Set<HostID> = []
    /// Nodes that a manager calls something other than `ready`, for each cluster that a manager spoke for.
    var troubledNodes: [ClusterID: [String: String]] = [:]
    /// Drift by its subject and code; the text may carry numbers that move.
    var drift: [String: FleetProblem] = [:]
    /// Nil until the first observation.
    var takenAt: Timestamp?
}

extension ObservedState {
    init(_ observation: FleetObservation, policy: FleetPolicy, drift: [FleetProblem]) {
        takenAt = observation.takenAt
        for (host, seen) in observation.hosts {
            switch seen {
            case .reachable: reachable.insert(host)
            case .unreachable: unreachable.insert(host)
            }
        }
        for (cluster, facts) in Self.views(observation, policy: policy) {
            troubledNodes[cluster] = [:]
            for node in facts.nodes where node.state != "ready" { troubledNodes[cluster]?[node.hostname] = node.state }
        }
        self.drift = Dictionary(drift.map { (Self.key($0), $0) }) { first, _ in first }
    }

    private static func key(_ problem: FleetProblem) -> String { "\(problem.subject) \(problem.code)" }

    /// Takes over from `earlier` what this look could not see: a cluster that no manager spoke for, and the drift of
    /// hosts that do not answer. What is out of sight has not gone.
    func carrying(_ earlier: ObservedState) -> ObservedState {
        var state = self
        for (cluster, nodes) in earlier.troubledNodes where troubledNodes[cluster] == nil {
            state.troubledNodes[cluster] = nodes
        }
        let unseen = Set(unreachable.map { "host `\($0)`" })
        // That it does not answer is told as such, not as drift too.
        state.drift = drift.filter { !unseen.contains($0.value.subject) }
        for (key, problem) in earlier.drift where unseen.contains(problem.subject) { state.drift[key] = problem }
        return state
    }

    /// Whether nothing differs but the time.
    func isSame(as other: ObservedState) -> Bool {
        var other = other
        other.takenAt = takenAt
        return self == other
    }

    /// One view for each cluster: by the first of its hosts, in the manifest's order, that has one.
    private static func views(_ observation: FleetObservation, policy: FleetPolicy) -> [ClusterID: ClusterFacts] {
        policy.hosts.reduce(into: [:]) { views, host in
            guard views[host.cluster] == nil else { return }
            views[host.cluster] = observation.facts(of: host.name)?.swarm.cluster
        }
    }

    /// The events that tell what is other than in `earlier`, in a stable order.
    func events(since earlier: ObservedState, reasons: [HostID: FleetProblem]) -> [FleetEvent] {
        guard let at = takenAt else { return [] }
        // Nothing is lost that was never seen: the first observation after hand off tells of hosts that do not answer.
        let lost = unreachable.subtracting(earlier.unreachable).sorted().map { host in
            event(at, "host", "host `\(host)`", "lost: \(reasons[host]?.message ?? "it does not answer")")
        }
        let back = reachable.intersection(earlier.unreachable).sorted().map { host in
            event(at, "host", "host `\(host)`", "back: it answers again")
        }
        return lost + back + nodeEvents(at, earlier) + driftEvents(at, earlier)
    }

    private func nodeEvents(_ at: Timestamp, _ earlier: ObservedState) -> [FleetEvent] {
        troubledNodes.sorted { $0.key < $1.key }.flatMap { cluster, nodes in
            let before = earlier.troubledNodes[cluster] ?? [:]
            let troubled = nodes.sorted { $0.key < $1.key }.filter { before[$0.key] != $0.value }
                .map { event(at, "node", "node `\($0.key)`", "is `\($0.value)` in cluster `\(cluster)`") }
            let well = before.keys.filter { nodes[$0] == nil }.sorted()
                .map { event(at, "node", "node `\($0)`", "is `ready` again or gone, in cluster `\(cluster)`") }
            return troubled + well
        }
    }

    private func driftEvents(_ at: Timestamp, _ earlier: ObservedState) -> [FleetEvent] {
        let appeared = drift.filter { earlier.drift[$0.key] == nil }.sorted { $0.key < $1.key }
            .map { event(at, "drift", $0.value.subject, "drift appeared: \($0.value.message)") }
        let gone = earlier.drift.filter { drift[$0.key] == nil }.sorted { $0.key < $1.key }
            .map { event(at, "drift", $0.value.subject, "drift gone: \($0.value.message)") }
        return appeared + gone
    }

    private func event(_ at: Timestamp, _ kind: String, _ subject: String, _ message: String) -> FleetEvent {
        FleetEvent(at: at, kind: kind, actor: "control-plane", subject: subject, message: message)
    }
}

extension FleetProblem {
    /// Whether it tells, as `Plan.drift` does, that a plan would have a step.
    var isStepDue: Bool { code.hasPrefix("drift-") }
}

extension Plan {
    /// What this plan says is not as it should be: every step it would take, and what no step mends.
    var drift: [FleetProblem] {
        let fromSteps = steps.map { step in
            FleetProblem(
                .refused, "drift-\(step.action.word)", subject: "host `\(step.subject)`",
                "\(step.action.word) would be needed: \(step.reason)", hint: "look at it with `muster plan`")
        }
        return fromSteps
            + report.compactMap { entry in
                switch entry.kind {
                case .refused, .quarantined, .waits, .drift: entry.problem
                case .note: nil
                }
            }
    }
}
