// A region of machines as values: what a step does to them, and what a probe would then see. Planner stories run their
// plans on it, so that "plan again: no change" is about effects and not about the planner's own memory.
import FleetModel

/// Machines and Swarms; every effect that a real one would refuse is noted in `violations`.
struct World {
    struct Machine {
        var facts: HostFacts
        var isUp = true
        /// It runs, its Swarm hears it, and nobody can log in.
        var isCutOff = false
        /// Where it is a node; nil when it is in no Swarm.
        var node: NodeID?
        var swarm: String?
        /// The service of each task that runs here.
        var tasks: [String] = []
        var certificate: CertificateFacts?
        /// Overrides what it says of its Swarm: half joined, or in somebody else's.
        var saysOfSwarm: SwarmFacts?
    }

    struct Swarm {
        var nodes: [NodeID: NodeFacts] = [:]
        var services: [ServiceFacts] = []
        var networks: [NetworkFacts]?
    }

    let region: RegionID
    var machines: [HostID: Machine] = [:]
    var swarms: [String: Swarm] = [:]
    private(set) var violations: [String] = []
    private(set) var isHandedOff = false
    /// The region's public key of the folder that acts; nil where no test asks whose it is.
    var regionKey: String?
    private var made = 0

    init(region: RegionID) { self.region = region }

    /// A host with sshd and nothing else.
    mutating func addBareHost(_ name: HostID, address: String) {
        machines[name] = Machine(
            facts: HostFacts(
                identity: HostIdentity(
                    hostname: name.rawValue, machineID: "machine-\(name)", bootID: "boot-\(name)", addresses: [address]),
                operatingSystem: OperatingSystem(
                    id: "debian", versionID: "12", prettyName: "Debian GNU/Linux 12", initSystem: .systemd),
                capacity: HostCapacity(
                    cpuMillicores: 4000, memoryMiB: 8192, memoryAvailableMiB: 7000, diskMiB: 40_000, diskFreeMiB: 30_000
                ),
                kernel: KernelFeatures(release: "6.1.0"), packages: PackageFacts(), routes: ["198.18.0.0/16"]))
    }

    // MARK: - What is seen

    func observation() -> FleetObservation {
        FleetObservation(
            takenAt: Timestamp(secondsSinceEpoch: 1_800_000_000),
            hosts: Dictionary(uniqueKeysWithValues: machines.map { ($0.key, seen($0.key, $0.value)) }))
    }

    private func seen(_ name: HostID, _ machine: Machine) -> HostObservation {
        guard machine.isUp && !machine.isCutOff else {
            return .unreachable(
                FleetProblem(
                    .unavailable, "connect-timeout", subject: "host `\(name)`", "cannot connect: no answer in 10 s",
                    hint: "check that it is up"))
        }
        var facts = machine.facts
        facts.swarm = machine.saysOfSwarm ?? swarmFacts(of: machine)
        return .reachable(facts)
    }

    private func swarmFacts(of machine: Machine) -> SwarmFacts {
        guard let id = machine.swarm, let node = machine.node, let swarm = swarms[id], let own = swarm.nodes[node],
            machine.facts.engine?.isRunning == true
        else { return SwarmFacts() }
        let isManager = own.role == .manager
        let speaks = isManager && hasQuorum(id)
        return SwarmFacts(
            state: .active, nodeID: node, nodeAddress: own.address, isManager: isManager, swarmID: isManager ? id : nil,
            managerAddresses: [], cluster: speaks ? clusterFacts(swarm) : nil, tasks: machine.tasks,
            certificate: machine.certificate)
    }

    private func clusterFacts(_ swarm: Swarm) -> ClusterFacts {
        let running = runningNodes
        let nodes = swarm.nodes.values.sorted { $0.id < $1.id }.map { node in
            var node = node
            node.state = running.contains(node.id) ? "ready" : "down"
            if node.role == .manager { node.reachability = running.contains(node.id) ? "reachable" : "unreachable" }
            return node
        }
        var facts = ClusterFacts(nodes: nodes, services: swarm.services)
        facts.networks = swarm.networks
        return facts
    }

    func managers(of swarm: String) -> [NodeFacts] {
        (swarms[swarm]?.nodes.values.filter { $0.role == .manager } ?? []).sorted { $0.id < $1.id }
    }

    func hasQuorum(_ swarm: String) -> Bool {
        let (all, running) = (managers(of: swarm), runningNodes)
        return all.filter { running.contains($0.id) }.count >= all.count / 2 + 1
    }

    private var runningNodes: Set<NodeID> {
        Set(machines.values.filter { $0.isUp && $0.facts.engine?.isRunning == true }.compactMap(\.node))
    }

    private func isRunning(_ node: NodeID) -> Bool { runningNodes.contains(node) }

    // MARK: - What steps do

    mutating func perform(_ step: Step) {
        if machines[step.host]?.isUp != true { return note("\(step.id): \(step.host) is dead") }
        switch step.action {
        case .installEngine(_, let daemon, let keys): installEngine(on: step.host, daemon: daemon, keys: keys)
        case .authorizeRegionKey(let from, _):
            change(step.host) { [regionKey] in
                $0.regionKeyFrom = [from.joined(separator: ",")]
                $0.regionKey = [regionKey].compactMap { $0 }
            }
        case .initSwarm(let cluster, let address, _, _): initSwarm(step, cluster, address)
        case .resetSwarm:
            machines[step.host]?.saysOfSwarm = nil
            if machines[step.host]?.node != nil { leave(step.host) }
        case .joinSwarm(let cluster, let role, let address, let from, _): join(step, cluster, role, address, from)
        case .promoteNode: onNode(step) { $0.role = .manager }
        case .drainNode:
            onNode(step) { $0.availability = "drain" }
            machines[step.subject]?.tasks = []
        case .activateNode: onNode(step) { $0.availability = "active" }
        case .demoteNode(_, let node): demote(node, step)
        case .removeNode(_, let node): remove(node, step)
        case .evictSwarm: machines[step.host]?.saysOfSwarm = nil
        case .adoptSwarm(let cluster, _): change(step.host) { $0.swarm = [cluster] }
        case .labelNode(_, let labels, let remove):
            onNode(step) { node in
                node.labels.merge(labels) { $1 }
                for name in remove { node.labels[name] = nil }
            }
        case .loadImage(let reference): change(step.host) { $0.images.append(reference) }
        case .startControlPlane(let desired, _): start(step, desired)
        case .handOff: isHandedOff = true
        case .removeControlPlane:
            if let id = machines[step.host]?.swarm { swarms[id]?.services = [] }
            isHandedOff = false
        case .leaveSwarm(_, _, let isForced): leave(step.host, isForced: isForced)
        case .restoreHost: restore(step.host)
        }
    }

    /// A machine of nobody's that runs as this node.
    mutating func addStranger(_ node: NodeID) {
        let name = HostID("stranger-\(node)")
        addBareHost(name, address: "198.18.7.7")
        machines[name]?.facts.engine = EngineFacts(version: "20.10.24", isRunning: true)
        machines[name]?.node = node
    }

    /// As if somebody else had made what is there: no record on any host, no label on any node.
    mutating func makeForeign() {
        for name in machines.keys { machines[name]?.facts.made = nil }
        for (swarm, nodes) in swarms.mapValues(\.nodes) {
            for id in nodes.keys { swarms[swarm]?.nodes[id]?.labels = [:] }
        }
    }

    private mutating func note(_ text: String) { violations.append(text) }

    private mutating func change(_ host: HostID, _ body: (inout MadeRecord) -> Void) {
        var made = machines[host]?.facts.made ?? MadeRecord(region: region)
        body(&made)
        machines[host]?.facts.made = made
    }

    private mutating func installEngine(on host: HostID, daemon: JSONValue?, keys: [String]) {
        let before = machines[host]?.facts.engine
        if before == nil { change(host) { $0.packages = ["containerd", "docker.io"] } }
        if case .object(let old)? = before?.daemon ?? .object([:]), daemon != nil {
            change(host) { $0.daemonKeys += keys.filter { old[$0] == nil } }
        }
        var engine = before ?? EngineFacts(version: "20.10.24", isRunning: true, engineID: "engine-\(host)")
        engine.isRunning = true
        if let daemon { engine.daemon = daemon }
        machines[host]?.facts.engine = engine
    }

    private mutating func enter(
        _ host: HostID, _ swarm: String, _ cluster: ClusterID, _ role: NodeRole, _ address: String
    ) {
        if machines[host]?.facts.engine?.isRunning != true { note("\(host) enters a Swarm without an engine") }
        if machines[host]?.swarm != nil { note("\(host) enters a second Swarm") }
        made += 1
        let node = NodeFacts(
            id: NodeID("node-\(made < 10 ? "0" : "")\(made)"), hostname: host.rawValue, address: address, role: role,
            reachability: role == .manager ? "reachable" : nil)
        swarms[swarm, default: Swarm()].nodes[node.id] = node
        machines[host]?.node = node.id
        machines[host]?.swarm = swarm
        change(host) { $0.swarm = [cluster] }
    }

    private mutating func initSwarm(_ step: Step, _ cluster: ClusterID, _ address: String) {
        enter(step.host, "swarm-\(step.host)-\(made)", cluster, .manager, address)
    }

    private mutating func join(
        _ step: Step, _ cluster: ClusterID, _ role: NodeRole, _ address: String, _ from: HostID
    ) {
        guard let swarm = machines[from]?.swarm, hasQuorum(swarm) else { return note("\(step.id): no manager speaks") }
        enter(step.host, swarm, cluster, role, address)
    }

    private mutating func onNode(_ step: Step, _ body: (inout NodeFacts) -> Void) {
        guard let swarm = machines[step.host]?.swarm, let node = machines[step.subject]?.node, hasQuorum(swarm),
            swarms[swarm]?.nodes[node] != nil, machines[step.subject]?.swarm == swarm
        else { return note("\(step.id): no such node, or no quorum") }
        body(&swarms[swarm]!.nodes[node]!)
    }

    /// As the script does it: only if the managers left hold a majority.
    private mutating func demote(_ node: NodeID, _ step: Step) {
        guard let swarm = machines[step.host]?.swarm else { return note("\(step.id): no Swarm") }
        guard swarms[swarm]?.nodes[node]?.role == .manager else { return note("\(step.id): no such manager") }
        let others = managers(of: swarm).filter { $0.id != node }
        guard hasQuorum(swarm), others.filter({ isRunning($0.id) }).count >= others.count / 2 + 1 else {
            return note("\(step.id): no majority is left")
        }
        swarms[swarm]!.nodes[node]!.role = .worker
        swarms[swarm]!.nodes[node]!.reachability = nil
    }

    private mutating func remove(_ node: NodeID, _ step: Step) {
        guard let swarm = machines[step.host]?.swarm, hasQuorum(swarm) else { return note("\(step.id): no quorum") }
        guard let facts = swarms[swarm]?.nodes[node] else { return note("\(step.id): no such node") }
        if facts.role == .manager { note("\(step.id): it is a manager") }
        if isRunning(node) { note("\(step.id): it is not down") }
        swarms[swarm]?.nodes[node] = nil
    }

    private mutating func start(_ step: Step, _ desired: DesiredControlPlane) {
        guard let swarm = machines[step.host]?.swarm, hasQuorum(swarm) else { return note("\(step.id): no quorum") }
        if machines[desired.home]?.facts.made?.images.contains(desired.image) != true { note("\(step.id): no image") }
        swarms[swarm]?.services = [
            ServiceFacts(
                name: "muster-\(region)", image: desired.image, runningTasks: 1, desiredTasks: 1,
                spec: regionKey.map { ServiceSpec(regionKey: $0) })
        ]
    }

    /// `docker swarm leave --force`, by a person: Muster's own record stays.
    mutating func leaveByHand(_ host: HostID) {
        let made = machines[host]?.facts.made
        leave(host)
        machines[host]?.facts.made = made
    }

    /// The Swarm keeps it in its list, as down, until somebody removes it there.
    private mutating func leave(_ host: HostID, isForced: Bool = true) {
        if let swarm = machines[host]?.swarm, let node = machines[host]?.node {
            if !isForced, swarms[swarm]?.nodes[node]?.role == .manager { note("\(host) leaves as a manager") }
            if machines[host]?.facts.engine?.isRunning != true { note("\(host) leaves while its engine is stopped") }
            if machines[host]?.tasks.isEmpty == false, !isForced { note("\(host) leaves with tasks") }
        }
        machines[host]?.node = nil
        machines[host]?.swarm = nil
        machines[host]?.saysOfSwarm = nil
        change(host) { $0.swarm = [] }
    }

    private mutating func restore(_ host: HostID) {
        if machines[host]?.swarm != nil { note("\(host) is restored while it is in a Swarm") }
        if machines[host]?.facts.made?.packages.isEmpty == false { machines[host]?.facts.engine = nil }
        machines[host]?.facts.made = nil
    }
}
