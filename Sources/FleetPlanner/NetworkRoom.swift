// Whether an overlay network has addresses for all that is to run in it (F34). Where it has not, Docker says nothing:
// tasks stay `New` for ever. So the sum is done here, from what the services ask for.
import FleetModel

/// The room in the overlay networks of one Swarm.
struct NetworkRoom {
    let cluster: ClusterPolicy
    let region: RegionID
    let facts: ClusterFacts

    /// Docker keeps the network's own address, that of its gateway, and the broadcast address.
    private static let kept = 3
    /// Docker's name of the network of published ports, in which every node has an address.
    private static let ingress = "ingress"
    /// From here on it is told: a rolling update that starts new tasks first needs one or two addresses more.
    private static let tightPercent = 90

    var entries: [ReportEntry] {
        (facts.networks ?? []).compactMap { network in
            guard let room = IPv4Network(network.subnet).map({ (1 << (32 - $0.prefixLength)) - Self.kept }) else {
                return nil
            }
            let services = facts.services.filter { $0.spec?.networks?.contains(network.id) == true }
            let tasks = services.map(\.desiredTasks).reduce(0, +)
            let virtual = services.count { $0.spec?.virtualNetworks?.contains(network.id) == true }
            let nodes = network.name == Self.ingress ? facts.nodes.count : min(facts.nodes.count, tasks)
            let wanted = tasks + virtual + nodes
            guard wanted * 100 > room * Self.tightPercent else { return nil }
            let sum = "\(tasks) tasks, \(virtual) virtual addresses and \(nodes) nodes want \(wanted)"
            return .region(
                .drift, wanted > room ? "network-full" : "network-tight", region,
                "network `\(network.name)` of cluster `\(cluster.name)` has \(max(0, room)) addresses "
                    + "(`\(network.subnet)`): \(sum)"
                    + (wanted > room ? ", and tasks that get none stay `New` without an error" : ""),
                hint:
                    "make it anew with a larger subnet (`docker network create -d overlay --subnet …`), or move "
                    + "services to another network")
        }
    }
}
