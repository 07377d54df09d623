// What the region should be: every host's cluster, role and labels, every cluster's managers, the control plane's home.
import FleetModel

/// Makes the blueprint for one situation.
struct BlueprintPlan {
    let situation: Situation
    let departures: Departures

    private var policy: FleetPolicy { situation.policy }

    /// The blueprint; the parent itself when nothing differs, so that rest needs no new generation.
    func blueprint() -> Blueprint {
        let parent = situation.input.parent
        let clusters = Dictionary(uniqueKeysWithValues: policy.clusters.map { ($0.name, desired($0)) })
        let wanted = Blueprint(
            region: policy.region, generation: (parent?.generation ?? 0) + 1, parent: parent?.generation ?? 0,
            clusters: clusters, hosts: hosts(clusters), leaving: leaving(), controlPlane: controlPlane(clusters))
        if let parent, parent.wantsTheSame(as: wanted) { return parent }
        return wanted
    }

    private func desired(_ cluster: ClusterPolicy) -> DesiredCluster {
        let before = situation.input.parent?.clusters[cluster.name]?.managers ?? []
        let present =
            situation.isAsleep(cluster.name) ? Set(before) : situation.presentManagers(of: cluster.name)
        let selection = ManagerSelection(
            situation: situation, cluster: cluster, present: present, home: ControlHome(situation: situation).host)
        var managers = selection.managers()
        // Who is alive decides the order in which managers join, not what is wanted: an unchanged set keeps its order.
        if Set(before) == Set(managers) { managers = before }
        return DesiredCluster(
            isControl: cluster.isControl, addressPool: policy.network.addressPool,
            subnetBits: policy.network.subnetBits, managers: managers)
    }

    private func hosts(_ clusters: [ClusterID: DesiredCluster]) -> [HostID: DesiredHost] {
        var all: [HostID: DesiredHost] = [:]
        for host in policy.hosts {
            let isManager = clusters[host.cluster]?.managers.contains(host.name) == true
            all[host.name] = DesiredHost(
                address: host.address, domain: host.domain, cluster: host.cluster,
                role: isManager ? .manager : .worker, labels: host.labels, engine: policy.engine,
                hostKey: host.hostKey)
        }
        return all
    }

    /// Those that people took out and that are not gone, and nodes that carry our label and that nobody knows (F22):
    /// once they are in the target, they are observed, and can be removed with all that was made on them.
    private func leaving() -> [HostID: DesiredHost] {
        var all: [HostID: DesiredHost] = [:]
        let parent = situation.input.parent
        for departure in departures.all where departure.why == .leavesRegion {
            let name = departure.host.name
            all[name] = parent?.leaving[name] ?? parent?.hosts[name] ?? situation.input.forgotten[name]
        }
        for cluster in policy.clusters {
            let ghosts = Ghosts(situation, in: cluster.name, members: situation.nodesKnown(in: cluster.name))
            for case (let node, .forgotten(let name)) in ghosts.found where node.state != "down" {
                all[name] = DesiredHost(
                    address: node.address, domain: DomainID(node.labels[MusterLabel.domain] ?? ""),
                    cluster: cluster.name,
                    role: node.role, labels: [:])
            }
        }
        return all
    }

    /// On the first living manager of the control cluster; it stays where it is as long as that host is a manager,
    /// because its volume is there.
    private func controlPlane(_ clusters: [ClusterID: DesiredCluster]) -> DesiredControlPlane? {
        guard let cluster = policy.controlCluster, let managers = clusters[cluster.name]?.managers else { return nil }
        let before = situation.input.parent?.controlPlane
        let stays = before.map { managers.contains($0.home) && $0.cluster == cluster.name } ?? false
        let serving = situation.servingHome.flatMap { managers.contains($0) ? $0 : nil }
        let chosen = stays ? before?.home : managers.first(where: situation.canTakePart) ?? managers.first
        guard let home = serving ?? chosen else { return nil }
        return DesiredControlPlane(
            cluster: cluster.name, home: home, image: situation.input.image, port: policy.controlPlane.port,
            allowFrom: policy.controlPlane.allowFrom)
    }
}
