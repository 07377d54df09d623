// Properties of plans for regions whose manifest changes at random while hosts die and come back: what must hold
// whatever people and machines do. A failing seed is written down in `failedBefore`.
import FleetModel
import FleetPlanner
import Foundation
import Testing

@Suite("Growth properties") struct GrowthProperties {
    /// Seeds that found something once, and enough others. 2015: a manager of a second Swarm that left the manifest
    /// waited for ever, and nobody said so. 10798 to 4901: drained where it left and where it came to, by one id.
    /// 10976 to 4667: entered a second Swarm, or left one as its manager. 10117, 3539: the only manager's successor had
    /// to come from another cluster. 2104, 11366, 2507: a stopped host's past stayed on the list. 4881, 7831: one came
    /// back to a cluster whose Swarm was made anew. 10008 to 3147, 2905: the properties were wrong.
    /// 12037: a dead host that had moved needed two plans to be off both Swarms' lists. 18415: a manager acted that was
    /// demoted, beside one that had to stay. 18275: a stopped host's past was taken for its node. 18987: whoever made a
    /// Swarm was drained by a second plan. 19518: a manager that waited was forgotten with another's past.
    /// `MUSTER_SEEDS=20000` tries more, `MUSTER_FIRST=16400` from there on; `MUSTER_SEED=10798` plays that one and tells
    /// its plans.
    private static let failedBefore: [UInt64] = [
        2015, 10798, 6641, 10318, 4901, 10976, 2565, 2121, 4667, 10117, 3539, 2104, 11366, 2507, 4881, 7831, 10008,
        10026, 10221, 3147, 2905, 14242, 11934, 12037, 18415, 18275, 18987, 19518,
    ]
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["MUSTER_SEEDS"].flatMap { UInt64($0) } ?? 40
    private static let first = environment["MUSTER_FIRST"].flatMap { UInt64($0) } ?? 2001
    /// Those that are asked for are played alone, and tell their plans.
    private static let only = environment["MUSTER_SEED"].map { $0.split(separator: ",").compactMap { UInt64($0) } }
    static let seeds =
        only ?? failedBefore + (first..<first + count).filter { !failedBefore.contains($0) }

    /// A region whose manifest changed six times, each change run up to a random step; all rules hold for each plan.
    private static func changed(_ seed: UInt64, _ random: inout SplitMix64) -> Story {
        var story = Story.random(&random).atRest()
        for _ in 0..<6 {
            story.edit(&random)
            if Bool.random(using: &random) { story.shake(&random) }
            story.leaveSplitSwarms()
            let plan = story.plan()
            if only != nil { story.narrate(plan) }
            Rules(story: story, plan: plan, seed: seed).check()
            let count = Int.random(in: 0...plan.steps.count, using: &random)
            for step in plan.steps.prefix(count) { story.world.perform(step) }
            if only != nil { print("seed \(seed): \(count) of \(plan.steps.count) steps are run") }
            story.parent =
                plan.refusals.isEmpty
                ? plan.settled(verified: Set(plan.steps.prefix(count).map(\.id))) ?? plan.blueprint : story.parent
            story.intents = FleetIntents()
        }
        return story
    }

    @Test(
        "manifests that change, hosts that die, plans half run → the rules hold, and it comes to rest", arguments: seeds
    )
    func history(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var story = Self.changed(seed, &random)
        story.reviveAll()
        for name in story.world.machines.keys { story.world.machines[name]?.isUp = true }
        for _ in 0..<4 {
            story.leaveSplitSwarms()
            if Self.only != nil { story.narrate(story.plan()) }
            story.bringUp()
        }
        #expect(story.plan().refusals.map(\.problem.code) == [], "seed \(seed)")
        #expect(story.plan().steps.map(\.id) == [], "seed \(seed): not at rest")
        #expect(story.world.violations == [], "seed \(seed)")
        #expect(story.plan().leaving == [], "seed \(seed): somebody is still leaving")
    }

    @Test("whoever left and died is off every list, and forgotten once people say so", arguments: seeds)
    func forgetting(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var story = Self.changed(seed, &random)
        story.reviveAll()
        let gone = story.killThoseThatLeft()
        if Self.only != nil { print("seed \(seed): dead for good: \(gone)") }
        for _ in 0..<4 {
            story.leaveSplitSwarms()
            if Self.only != nil { story.narrate(story.plan()) }
            story.bringUp()
        }
        let left = story.plan().leaving.map(\.name)
        #expect(Set(left).isSubset(of: gone), "seed \(seed)")
        story.intents.forget = Set(left)
        #expect(story.plan().steps.map(\.id) == [] && story.plan().refusals == [], "seed \(seed)")
        story.bringUp()
        story.intents = FleetIntents()
        #expect(story.plan().leaving == [] && story.plan().steps == [], "seed \(seed): somebody is remembered")
        #expect(story.world.violations == [], "seed \(seed)")
    }

    @Test("the order of the hosts in the manifest changes no set of steps, only who acts", arguments: seeds.prefix(10))
    func orderIndependence(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let story = Story.random(&random).atRest()
        var shuffled = story
        shuffled.policy.hosts.shuffle(using: &random)
        #expect(shuffled.plan().steps == [], "seed \(seed): another order is no change")
    }
}

extension Story {
    /// The hosts as they are, and the plan for them.
    func narrate(_ plan: Plan) {
        for (name, machine) in world.machines.sorted(by: { $0.key < $1.key }) {
            let wanted = policy[name].map { "\($0.cluster) \($0.role?.rawValue ?? "-")" } ?? "none"
            let engine = machine.facts.engine.map { $0.isRunning ? "runs" : "stopped" } ?? "none"
            let node = machine.swarm.flatMap { swarm in machine.node.flatMap { world.swarms[swarm]?.nodes[$0] } }
            let role = node.map { "\($0.id) \($0.role) of \(machine.swarm ?? "")" } ?? "no node"
            let made = machine.facts.made?.swarm.map(\.rawValue) ?? []
            print("\(name): wanted \(wanted), \(machine.isUp ? "up" : "down"), engine \(engine), \(role), made \(made)")
        }
        print("intents: draining \(intents.draining), leaving \(parent?.leaving.keys.sorted() ?? [])")
        print(PlanText(plan, observation: world.observation()).text)
    }

    /// Takes the power of all machines that the manifest has no more, but for managers, whom a majority may need.
    mutating func killThoseThatLeft() -> Set<HostID> {
        var gone: Set<HostID> = []
        for (name, machine) in world.machines where policy[name] == nil {
            let node = machine.swarm.flatMap { swarm in machine.node.flatMap { world.swarms[swarm]?.nodes[$0] } }
            if node?.role == .manager { revive(name) } else { kill(name); gone.insert(name) }
        }
        return gone
    }

    /// One change that people might make: a host more, a host less, another role, label, number of managers or cluster.
    mutating func edit(_ random: inout SplitMix64) {
        let home = parent?.controlPlane?.home
        let some = policy.hosts.filter { $0.name != home }.randomElement(using: &random)?.name
        switch Int.random(in: 0..<7, using: &random) {
        case 0:
            let name = HostID("h\(100 + Int.random(in: 0..<800, using: &random))")
            // A manifest that has a name twice is refused where it is read.
            if policy[name] == nil { give(name) }
        case 1, 2: if let some, canSpare(some) { take(some) }
        case 3: if let some { policy[some]?.labels = Bool.random(using: &random) ? ["disk": "ssd"] : [:] }
        case 4: if let some { intents.draining = [some] }
        case 5: changeManagers(&random)
        default: if let some, policy.clusters.count == 2, canSpare(some) { move(some) }
        }
    }

    /// Whether the cluster has as many hosts as managers without this one, and people did not fix its role.
    private func canSpare(_ name: HostID) -> Bool {
        guard let host = policy[name], let cluster = policy.clusters.first(where: { $0.name == host.cluster }) else {
            return false
        }
        let others = policy.hosts(of: cluster.name).filter { $0.name != name && $0.role != .worker }
        return host.role != .manager && others.count >= cluster.managers
    }

    private mutating func changeManagers(_ random: inout SplitMix64) {
        guard let index = policy.clusters.indices.randomElement(using: &random) else { return }
        let able = policy.hosts(of: policy.clusters[index].name).filter { $0.role != .worker }
        let fixed = able.filter { $0.role == .manager }.count
        let counts = [1, 3, 5, 7].filter { $0 <= able.count && $0 >= max(1, fixed) }
        policy.clusters[index].managers = counts.randomElement(using: &random) ?? policy.clusters[index].managers
    }

    private mutating func move(_ name: HostID) {
        guard let other = policy.clusters.first(where: { $0.name != policy[name]?.cluster }) else { return }
        policy[name]?.cluster = other.name
    }
}
