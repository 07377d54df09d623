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
            preconditions: Precondition.all(of: steps, in: input.observation), leaving: input.leaving)
    }
}

private struct Teardown {
    let input: PlannerInput
    let deleteData: Bool

    private var region: RegionID { input.policy.region }

    /// The manifest's hosts and those that are on their way out.
    private var hosts: [HostPolicy] { input.policy.hosts + input.leaving }

    /// Hosts that carry something of this region; the lease of a run that ended before it made anything is such.
    private var made: [HostPolicy] {
        hosts.filter { host in
            let facts = input.observation.facts(of: host.name)
            return facts?.made.map { $0.region == region } ?? (facts?.lease != nil)
        }
    }

    /// The clusters into whose Swarms hosts were put: those of the manifest first, then those that it has no more.
    private var clusters: [ClusterID] {
        let known = input.policy.clusters.map(\.name)
        let present = Set(made.flatMap { input.observation.facts(of: $0.name)?.made?.swarm ?? [] })
        return known + present.subtracting(known).sorted()
    }

    private func isControl(_ cluster: ClusterID) -> Bool { input.policy.controlCluster?.name == cluster }

    private func isManager(_ host: HostPolicy) -> Bool {
        input.observation.facts(of: host.name)?.swarm.isManager == true
    }

    func report() -> [ReportEntry] {
        hosts.compactMap { host in
            guard case .unreachable(let problem)? = input.observation.hosts[host.name] else { return nil }
            return ReportEntry(.quarantined, problem)
        }
    }

    func steps() -> [Step] {
        var steps: [Step] = []
        for cluster in clusters { steps += clusterSteps(cluster) }
        for host in made {
            let own = steps.last { $0.subject == host.name }?.id
            steps.append(
                Step(
                    id: StepID("restore-host/\(host.name)"),
                    action: .restoreHost(home: input.home, deleteData: deleteData, daemon: daemon(of: host)),
                    host: host.name,
                    after: [own].compactMap { $0 }, reason: "the region goes"))
        }
        return steps
    }

    private func daemon(of host: HostPolicy) -> JSONValue? {
        input.observation.facts(of: host.name)?.daemonWithoutOurs
    }

    private func clusterSteps(_ cluster: ClusterID) -> [Step] {
        let members = made.filter { host in
            input.observation.facts(of: host.name)?.made?.swarm == [cluster]
        }
        let speaker = members.first { input.observation.facts(of: $0.name)?.swarm.cluster != nil }
        var steps: [Step] = []
        if isControl(cluster), let speaker {
            steps.append(
                Step(
                    id: StepID("remove-control-plane/\(region)"), action: .removeControlPlane(cluster: cluster),
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

    private func leave(_ host: HostPolicy, _ cluster: ClusterID, after: [StepID], isLast: Bool) -> Step {
        Step(
            id: StepID("leave-swarm/\(host.name)"),
            action: .leaveSwarm(cluster: cluster, isLast: isLast, isForced: true),
            host: host.name, follows: after, reason: isLast ? "the last manager goes last" : "the region goes")
    }
}
