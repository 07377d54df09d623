// A planner story: people's policy, a world of machines, and what the last plan wanted. Values in, golden plan out.
import FleetModel
import FleetPlanner
import GoldenFiles
import Testing

/// One region from bare hosts on. Hosts are `h1`, `h2`… at 198.18.1.1…, over domains a, b, c in turn.
struct Story {
    static let region: RegionID = "eu1"
    static let image = "muster:0123456789ab"

    var policy: FleetPolicy
    var world: World
    var parent: Blueprint?
    var intents = FleetIntents()
    /// The plan that `tell` told.
    private(set) var told: Plan?

    init(hosts count: Int = 5, managers: Int = 3, fixed: [HostID] = [], domains: [DomainID] = ["a", "b", "c"]) {
        let hosts = (1...count).map { number in
            HostPolicy(
                name: HostID("h\(number)"), address: "198.18.1.\(number)",
                domain: domains[(number - 1) % domains.count],
                cluster: "control",
                role: fixed.isEmpty ? nil : fixed.contains(HostID("h\(number)")) ? .manager : .worker)
        }
        policy = FleetPolicy(
            region: Self.region, domains: domains,
            clusters: [ClusterPolicy(name: "control", isControl: true, managers: managers)], hosts: hosts)
        world = World(region: Self.region)
        for host in hosts { world.addBareHost(host.name, address: host.address) }
    }

    // MARK: - What happens to the hosts

    mutating func kill(_ hosts: HostID...) { for host in hosts { world.machines[host]?.isUp = false } }
    mutating func revive(_ hosts: HostID...) { for host in hosts { world.machines[host]?.isUp = true } }

    mutating func host(_ name: HostID, _ change: (inout HostFacts) -> Void) { change(&world.machines[name]!.facts) }

    mutating func says(_ name: HostID, ofSwarm swarm: SwarmFacts?) {
        world.machines[name]?.saysOfSwarm = swarm
        if world.machines[name]?.facts.engine == nil {
            world.machines[name]?.facts.engine = EngineFacts(
                version: "20.10.24", isRunning: true, engineID: "engine-\(name)")
        }
    }

    /// Moves the second half of the hosts to a cluster of workloads.
    mutating func splitInTwoClusters(managers: Int) {
        policy.clusters.append(ClusterPolicy(name: "work", isControl: false, managers: managers))
        for index in policy.hosts.indices.dropFirst((policy.hosts.count + 1) / 2) {
            policy.hosts[index].cluster = "work"
        }
    }

    // MARK: - Planning

    var input: PlannerInput {
        PlannerInput(
            policy: policy, observation: world.observation(), parent: parent, image: Self.image,
            isHandedOff: world.isHandedOff, regionKey: world.regionKey, intents: intents)
    }

    func plan() -> Plan { RegionPlanner.plan(input) }
    func teardown(deleteData: Bool = false) -> Plan { TeardownPlanner.plan(input, deleteData: deleteData) }

    /// Right after a hand off the control plane goes on with a plan of its own, as `up` lets it.
    mutating func carryOut(_ plan: Plan) {
        let wasHandedOff = world.isHandedOff
        for step in plan.steps { world.perform(step) }
        parent = plan.settled(verified: Set(plan.steps.map(\.id))) ?? plan.blueprint
        if !wasHandedOff && world.isHandedOff { carryOut(self.plan()) }
    }

    /// Brings the region up to rest.
    mutating func bringUp() { carryOut(plan()) }

    // MARK: - Telling

    /// The plan's golden text, then its effects, then: plan again, no change.
    mutating func tell(_ golden: String, source: SourceLocation = #_sourceLocation) throws {
        let plan = plan()
        told = plan
        try Golden.expect(PlanText(plan, observation: world.observation()).text, golden, source: source)
        guard plan.refusals.isEmpty else {
            #expect(plan.steps.isEmpty, "a refused plan has no steps", sourceLocation: source)
            return
        }
        carryOut(plan)
        #expect(world.violations == [], sourceLocation: source)
        let again = self.plan()
        #expect(again.steps.map(\.id) == [], "plan again: no change", sourceLocation: source)
        #expect(again.blueprint == parent, "rest needs no new generation", sourceLocation: source)
    }
}
