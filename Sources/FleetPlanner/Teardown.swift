// The way back: from whatever is there to bare hosts, managers last. It removes what made.json says and nothing else.
package import FleetModel

/// Plans `muster down`.
package enum TeardownPlanner {
    /// Steps for every host that answers; hosts that do not are named in the report, what Muster made stays on them.
    package static func plan(_ input: PlannerInput, deleteData: Bool) -> Plan {
        let teardown = Teardown(input: input, deleteData: deleteData)
        let steps = teardown.steps()
        let parent = input.parent
        let empty = Blueprint(
            region: input.policy.region, generation: (parent?.generation ?? 0) + 1, parent: parent?.generation ?? 0,
            clusters: [:], hosts: [:], controlPlane: nil)
        return Plan(
            region: input.policy.region, blueprint: empty, steps: steps, report: teardown.report(),
            preconditions: RegionPlanner.preconditions(of: steps, in: input.observation))
    }
}

private struct Teardown {
    let input: PlannerInput
    let deleteData: Bool

    private var region: RegionID { input.policy.region }

    /// Hosts that carry something of this region; the lease of a run that ended before it made anything is such.
    private var made: [HostPolicy] {
        input.policy.hosts.filter { host in
            let facts = input.observation.facts(of: host.name)
            return facts?.made.map { $0.region == region } ?? (facts?.lease != nil)
        }
    }

    private func isManager(_ host: HostPolicy) -> Bool {
        input.observation.facts(of: host.name)?.swarm.isManager == true
    }

    func report() -> [ReportEntry] {
        input.policy.hosts.compactMap { host in
            guard case .unreachable(let problem)? = input.observation.hosts[host.name] else { return nil }
            return ReportEntry(.quarantined, problem)
        }
    }

    func steps() -> [Step] {
        var steps: [Step] = []
        for cluster in input.policy.clusters { steps += clusterSteps(cluster) }
        for host in made {
            let own = steps.last { $0.subject == host.name }?.id
            steps.append(
                Step(
                    id: StepID("restore-host/\(host.name)"),
                    action: .restoreHost(home: input.home, deleteData: deleteData, daemon: daemonWithoutOurs(host)),
                    host: host.name,
                    after: [own].compactMap { $0 }, reason: "the region goes"))
        }
        return steps
    }

    /// daemon.json of an engine that was there before, without the keys that Muster put in; nil when it has none.
    private func daemonWithoutOurs(_ host: HostPolicy) -> JSONValue? {
        guard let facts = input.observation.facts(of: host.name), let made = facts.made, !made.daemonKeys.isEmpty,
            !made.files.contains("/etc/docker/daemon.json"), case .object(let members)? = facts.engine?.daemon
        else { return nil }
        return .object(members.filter { !made.daemonKeys.contains($0.key) })
    }

    private func clusterSteps(_ cluster: ClusterPolicy) -> [Step] {
        let members = made.filter { host in
            host.cluster == cluster.name && input.observation.facts(of: host.name)?.made?.swarm.isEmpty == false
        }
        let speaker = members.first { input.observation.facts(of: $0.name)?.swarm.cluster != nil }
        var steps: [Step] = []
        if cluster.isControl, let speaker {
            steps.append(
                Step(
                    id: StepID("remove-control-plane/\(region)"), action: .removeControlPlane(cluster: cluster.name),
                    host: speaker.name, reason: "the region goes"))
        }
        let first = steps.map(\.id)
        let workers = members.filter { !isManager($0) }
        steps += workers.map { leave($0, cluster, after: first, isLast: false) }
        var previous = steps.map(\.id)
        // The speaker goes last: as long as anything is left, someone can say what.
        let managers = members.filter(isManager).sorted { $1.name == speaker?.name && $0.name != $1.name }
        for (index, host) in managers.enumerated() {
            let step = leave(host, cluster, after: previous, isLast: index == managers.count - 1)
            steps.append(step)
            previous = [step.id]
        }
        return steps
    }

    private func leave(_ host: HostPolicy, _ cluster: ClusterPolicy, after: [StepID], isLast: Bool) -> Step {
        Step(
            id: StepID("leave-swarm/\(host.name)"),
            action: .leaveSwarm(cluster: cluster.name, isLast: isLast, isForced: true),
            host: host.name, follows: after, reason: isLast ? "the last manager goes last" : "the region goes")
    }
}
