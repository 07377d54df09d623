// What the acting manager does about nodes: those that no host is any more go, the others get their labels.
import FleetModel

extension ClusterSteps {
    func addGhostSteps(to list: inout StepList, keeper: (host: HostID, after: [StepID])) {
        for (node, host) in ghosts.removable {
            let isStaying = situation.hosts[host] != nil && !situation.isLeaving(host)
            list.add(
                Step(
                    id: StepID("remove-node/\(node.id)"), action: .removeNode(cluster: cluster.name, node: node.id),
                    // Whoever leaves is gone by its own departure, and not when one of its past nodes is.
                    host: keeper.host, subject: situation.isLeaving(host) ? keeper.host : host,
                    // A join that goes on still is ended first: to remove its node before could cost the majority.
                    after: unique(
                        keeper.after
                            + list.present([StepID("reset-swarm/\(host)"), StepID("demote-node/\(node.id)")])),
                    reason: isStaying
                        ? "it is down, and the host is not that node any more"
                        : "it is down, carries this region's label, and is in no manifest"))
        }
    }

    func addLabelSteps(to list: inout StepList, keeper: (host: HostID, after: [StepID]), held: Set<HostID>) {
        let acting = actor?.name
        for host in living where !held.contains(host.name) || standing.contains(host.name) {
            guard let desired = blueprint.hosts[host.name] else { continue }
            let present = byHost[host.name] == nil ? situation.node(of: host)?.labels ?? [:] : [:]
            let change = LabelChange(
                host: host.name, desired: desired, region: situation.policy.region, present: present)
            guard let reason = change.reason else { continue }
            let entries = ["join-swarm/\(host.name)", "promote-node/\(host.name)", "init-swarm/\(cluster.name)"]
                .map { StepID($0) }
            let entry = list.present(entries).first { $0 != entries[2] || host.name == acting }
            list.add(
                Step(
                    id: StepID("label-node/\(host.name)"),
                    action: .labelNode(cluster: cluster.name, labels: change.wanted, remove: change.remove),
                    host: keeper.host, subject: host.name,
                    after: unique(
                        (entry.map { [$0] } ?? []) + (entry == nil || keeper.host != acting ? keeper.after : [])),
                    reason: reason))
        }
    }
}
