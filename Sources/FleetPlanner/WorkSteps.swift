// Which nodes take work: those that people drain lose it, those that people activate, or that were on their way out and
// are wanted again, get it back.
import FleetModel

/// Drains and activations of hosts that stay in one cluster.
struct WorkSteps {
    let situation: Situation
    let steps: ClusterSteps

    private var cluster: ClusterID { steps.cluster.name }

    func add(to list: inout StepList) {
        guard let actor = steps.actingHost ?? situation.swarms[cluster]?.speaker else { return }
        for host in situation.members(of: cluster) where situation.input.intents.draining.contains(host.name) {
            guard list.contains(StepID("join-swarm/\(host.name)")) || makesSwarm(host, actor, list) else { continue }
            // Whoever comes out of another Swarm, or out of this one, may be drained there as well: two steps, two ids.
            let ending = steps.byHost[host.name] == nil ? "" : "/\(cluster)"
            list.add(step("drain-node", ending, .drainNode(cluster: cluster), host, actor, list, "people want it idle"))
        }
        for (host, node) in nodes {
            if situation.input.intents.draining.contains(host.name) {
                guard node.availability != "drain" else { continue }
                list.add(step("drain-node", "", .drainNode(cluster: cluster), host, actor, list, "people want it idle"))
            } else if node.availability != "active", isWanted(host.name) {
                let reason =
                    situation.wasLeaving(host.name) ? "it is in the manifest again" : "people want it to work again"
                list.add(step("activate-node", "", .activateNode(cluster: cluster), host, actor, list, reason))
            }
        }
    }

    /// Whether the host is in no Swarm and makes this one. The control plane's home has to run it first.
    private func makesSwarm(_ host: HostPolicy, _ actor: HostID, _ list: StepList) -> Bool {
        host.name == actor && list.contains(StepID("init-swarm/\(cluster)"))
            && steps.blueprint.controlPlane?.home != host.name
    }

    private func isWanted(_ host: HostID) -> Bool {
        situation.input.intents.activating.contains(host) || situation.wasLeaving(host)
    }

    private func step(
        _ word: String, _ ending: String, _ action: StepAction, _ host: HostPolicy, _ actor: HostID, _ list: StepList,
        _ reason: String
    ) -> Step {
        let own = [StepID("promote-node/\(host.name)"), StepID("label-node/\(host.name)")]
        return Step(
            id: StepID("\(word)/\(host.name)\(ending)"), action: action, host: actor, subject: host.name,
            after: list.present(own), reason: reason)
    }

    /// Hosts that are nodes of this Swarm and stay, with their nodes.
    private var nodes: [(host: HostPolicy, node: NodeFacts)] {
        situation.members(of: cluster).compactMap { host in
            guard situation.isLiving(host.name), steps.byHost[host.name] == nil, situation.isMember(host),
                let node = situation.node(of: host)
            else { return nil }
            return (host, node)
        }
    }

    /// Whether all that is drained here, to leave or to rest, can run elsewhere.
    var check: DrainCheck {
        let draining = situation.input.intents.draining
        let leaving = steps.departures.filter(\.wantsDrain).map(\.host)
        let resting = nodes.filter { draining.contains($0.host.name) && $0.node.availability != "drain" }.map(\.host)
        guard !(leaving.isEmpty && resting.isEmpty) else {
            return DrainCheck(situation: situation, cluster: cluster, drained: [], takers: [])
        }
        let staying = nodes.filter { host, node in
            node.state == "ready" && node.availability == "active" && !draining.contains(host.name)
        }
        return DrainCheck(
            situation: situation, cluster: cluster, drained: leaving + resting, takers: staying + newcomers)
    }

    /// Hosts that join in this plan, as the nodes that they will be.
    private var newcomers: [(host: HostPolicy, node: NodeFacts)] {
        situation.members(of: cluster).compactMap { host in
            guard situation.isLiving(host.name), !situation.isMember(host), steps.byHost[host.name] == nil,
                let desired = steps.blueprint.hosts[host.name]
            else { return nil }
            let labels = MusterLabel.node(host: host.name, desired: desired, region: situation.policy.region)
            let node = NodeFacts(
                id: NodeID(""), hostname: situation.facts(of: host.name)?.identity.hostname ?? "",
                address: host.address,
                role: desired.role, labels: labels)
            return (host, node)
        }
    }
}
