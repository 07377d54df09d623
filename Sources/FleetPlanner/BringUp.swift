// The steps from what is to what should be: engines, Swarms, labels, the region's key, drains, the control plane, hand
// off.
import FleetModel

/// The steps of one plan, and what people should know of them.
struct BringUp {
    let situation: Situation
    let blueprint: Blueprint
    let departures: Departures
    /// One for each cluster of the manifest, in its order.
    let clusters: [ClusterSteps]
    private let engines: EngineSteps
    private let removals: [ClusterRemoval]

    init(situation: Situation, blueprint: Blueprint, departures: Departures) {
        (self.situation, self.blueprint, self.departures) = (situation, blueprint, departures)
        clusters = Crossings.clusters(situation, blueprint, departures)
        engines = EngineSteps(situation: situation)
        let staying = Set(situation.policy.clusters.map(\.name))
        removals = departures.byCluster.filter { !staying.contains($0.key) }.sorted { $0.key < $1.key }.map {
            ClusterRemoval(situation: situation, cluster: $0.key, departures: $0.value)
        }
    }

    private var policy: FleetPolicy { situation.policy }
    /// Hosts that should leave a Swarm and wait in it, because nobody can take their place.
    private var held: Set<HostID> { Set(clusters.flatMap(\.kept)) }

    func steps() -> [Step] {
        var list = StepList()
        for step in engines.steps { list.add(step) }
        for removal in removals { removal.add(to: &list) }
        let held = held
        for cluster in clusters { cluster.add(to: &list, held: held) }
        for departure in departures.all where departure.cluster == nil {
            DepartureSteps.addRestore(departure, situation, to: &list)
        }
        addKeySteps(to: &list)
        for cluster in clusters { WorkSteps(situation: situation, steps: cluster).add(to: &list) }
        ControlPlaneSteps(situation: situation, blueprint: blueprint, addresses: managerAddresses).add(to: &list)
        return list.inOrder()
    }

    // MARK: - What people should know

    /// What cannot be done without losing something: majorities, and work that can run nowhere else.
    func refusals() -> [ReportEntry] { clusters.flatMap { $0.refusals() } + removals.flatMap { $0.refusals() } }

    /// What is down for a moment, or cannot move: it is told before everything else.
    func costs() -> [ReportEntry] {
        clusters.flatMap { WorkSteps(situation: situation, steps: $0).check.entries() }
    }

    /// What must wait: promotions until the number of managers can be odd, restarts until a majority can spare one.
    func waits() -> [ReportEntry] {
        situation.waits + engines.waits + clusters.flatMap { $0.waits() } + silentDepartures
            + splitDepartures
    }

    /// Hosts that leave and do not answer.
    private var silentDepartures: [ReportEntry] {
        departures.all.filter { $0.facts == nil }.compactMap { departure in
            let name = departure.host.name
            guard let node = departure.node else {
                return .host(
                    .note, "leaving-unseen", name,
                    "is to leave and does not answer, and no Swarm lists it: what Muster made on it may still be there",
                    hint: "run the command again when it answers; if it never will: `muster hosts forget \(name)`")
            }
            if node.state != "down" {
                return .host(
                    .waits, "leaving-silent", name,
                    "is to leave and does not answer, and its Swarm has its node `\(node.id)` as `\(node.state)`",
                    hint: "stop the host, or make it answer, then run the command again")
            }
            return .host(
                .note, "left-behind", name,
                "is removed from its Swarm without an answer: what Muster made on it stays there",
                hint: "if it comes back, wipe it before it is used for anything else")
        }
    }

    /// Managers that leave, and that are in a Swarm of their own: a host made a second one while the first was lost.
    private var splitDepartures: [ReportEntry] {
        departures.all.compactMap { departure in
            guard let cluster = departure.cluster, situation.swarms[cluster] != nil, departure.canLeave,
                departure.isSplitManager, let company = departure.keptCompany
            else { return nil }
            return .host(
                .waits, "leaving-split", departure.host.name,
                "is to leave, and is a manager of another Swarm than the rest of cluster `\(cluster)`: \(company)",
                hint: "leave it on the host with `docker swarm leave --force`, then run the command again")
        }
    }

    // MARK: - The region's key

    private func addKeySteps(to list: inout StepList) {
        // In an order of their own, so that another order of the manifest rewrites nothing.
        let addresses = managerAddresses.sorted()
        let text = addresses.joined(separator: ",")
        for host in policy.hosts where situation.isLiving(host.name) {
            let made = situation.facts(of: host.name)?.made
            let present = made?.regionKeyFrom ?? []
            let isOurs = made?.regionKey.first == situation.input.regionKey
            guard present != [text] || !isOurs else { continue }
            list.add(
                Step(
                    id: StepID("authorize-region-key/\(host.name)"),
                    action: .authorizeRegionKey(from: addresses, home: situation.input.home), host: host.name,
                    after: list.last(of: host.name),
                    reason: present.isEmpty
                        ? "the control plane has no way in yet"
                        : isOurs ? "the managers' addresses have changed" : "it lets another folder's key in"))
        }
    }

    /// Addresses of the control cluster's managers, in manifest order.
    private var managerAddresses: [String] {
        guard let control = blueprint.controlPlane, let managers = blueprint.clusters[control.cluster]?.managers else {
            return []
        }
        let wanted = Set(managers)
        return situation.members(of: control.cluster).filter { wanted.contains($0.name) }.map(\.address)
    }
}
