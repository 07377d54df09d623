// What is not as the blueprint says and what no step of this version mends: it is said, never deleted (F22).
import FleetModel

/// The drift of one situation against its blueprint.
struct Drift {
    let situation: Situation
    let blueprint: Blueprint

    func entries() -> [ReportEntry] {
        situation.policy.clusters.flatMap { ghosts(of: $0) + lostNodes(of: $0) + roles(of: $0) }
    }

    /// Nodes in our Swarm that no host of the manifest is.
    private func ghosts(of cluster: ClusterPolicy) -> [ReportEntry] {
        guard let speaker = situation.speakers[cluster.name] else { return [] }
        let hosts = situation.policy.hosts(of: cluster.name)
        let known = Set(hosts.compactMap { situation.facts(of: $0.name)?.swarm.nodeID })
        let addresses = Set(hosts.map(\.address))
        return speaker.facts.nodes.filter { !known.contains($0.id) && !addresses.contains($0.address) }.map { node in
            .region(
                .drift, "unknown-node", situation.policy.region,
                "node `\(node.hostname)` (`\(node.id)`, \(node.address)) is in the Swarm of cluster `\(cluster.name)` "
                    + "and in no manifest",
                hint: "add it to the manifest, or remove it with `docker node rm`")
        }
    }

    /// Hosts that answer, whose node the Swarm calls down.
    private func lostNodes(of cluster: ClusterPolicy) -> [ReportEntry] {
        situation.policy.hosts(of: cluster.name).compactMap { host in
            guard situation.facts(of: host.name)?.swarm.state == .active, let node = situation.node(of: host),
                node.state != "ready" || node.availability != "active"
            else { return nil }
            return .host(
                .drift, "node-not-ready", host.name,
                "answers, but its Swarm has its node as `\(node.state)` and `\(node.availability)`",
                hint: node.state == "ready"
                    ? "let it work again with `docker node update --availability active \(node.id)`"
                    : "look at the engine's log on the host: `journalctl -u docker`, or /var/log/docker.log")
        }
    }

    /// Managers that should be workers: demotion is not done on the side of something else.
    private func roles(of cluster: ClusterPolicy) -> [ReportEntry] {
        situation.policy.hosts(of: cluster.name).compactMap { host in
            guard situation.node(of: host)?.role == .manager, blueprint.hosts[host.name]?.role == .worker else {
                return nil
            }
            return .host(
                .drift, "surplus-manager", host.name, "is a manager and should be a worker",
                hint: "demote it with `docker node demote`")
        }
    }
}
