// Properties of every plan, over seeded random regions: what must hold whatever the policy, the facts and the history.
// A failing seed is written down in `failedBefore`.
import FleetModel
import FleetPlanner
import FoundationEssentials
import Testing

@Suite("Properties") struct Properties {
    /// Seeds that found something once, and enough others; 30 take about two seconds on a quiet machine.
    private static let failedBefore: [UInt64] = [2, 18, 43, 89, 142, 143]
    static let seeds = failedBefore + Array(1001...1024)

    @Test(
        "a history of kills, revivals and half-run plans → every plan keeps the rules, and it comes to rest",
        arguments: seeds)
    func history(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var story = Story.random(&random)
        for _ in 0..<6 {
            story.shake(&random)
            story.leaveSplitSwarms()
            let plan = story.plan()
            Rules(story: story, plan: plan, seed: seed).check()
            let count = Int.random(in: 0...plan.steps.count, using: &random)
            story.parent = plan.blueprint
            for step in plan.steps.prefix(count) { story.world.perform(step) }
        }
        story.reviveAll()
        story.leaveSplitSwarms()
        story.bringUp()
        story.leaveSplitSwarms()
        #expect(story.plan().refusals.isEmpty, "seed \(seed)")
        story.bringUp()
        #expect(story.plan().steps.map(\.id) == [], "seed \(seed): not at rest")
        #expect(story.world.violations == [], "seed \(seed)")
    }

    @Test("I4: one host dies at rest → no steps appear for the others", arguments: seeds)
    func restStaysRest(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var story = Story.random(&random)
        story.bringUp()
        let name = story.policy.hosts.randomElement(using: &random)!.name
        story.kill(name)
        #expect(story.plan().steps.map(\.id) == [], "seed \(seed): \(name) died")
        story.revive(name)
        #expect(story.plan().steps.map(\.id) == [], "seed \(seed): \(name) came back")
    }

    @Test("managers lie over domains as evenly as the hosts allow", arguments: seeds)
    func spread(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var story = Story.random(&random)
        for index in story.policy.hosts.indices { story.policy.hosts[index].role = nil }
        for (name, cluster) in story.plan().blueprint.clusters {
            let hosts = story.policy.hosts(of: name)
            for rich in story.policy.domains {
                for poor in story.policy.domains {
                    let free = hosts.filter { $0.domain == poor && !cluster.managers.contains($0.name) }.count
                    let (more, less) = (count(of: cluster, in: rich, hosts), count(of: cluster, in: poor, hosts))
                    #expect(free == 0 || more <= less + 1, "seed \(seed): \(rich) has \(more), \(poor) has \(less)")
                }
            }
        }
    }

    @Test("I8: the same input gives the same bytes, whatever the order of its dictionaries")
    func sameBytes() throws {
        var story = Story(hosts: 9, managers: 5)
        story.kill("h4")
        story.policy.engine.daemon = [
            "a": .integer(1), "b": .bool(true), "c": .object(["d": .null, "e": .string("f")]),
        ]
        let first = try bytes(story.plan())
        for round in 1...100 {
            var other = story
            let shuffled = story.world.machines.sorted { left, right in
                (left.key.rawValue.hashValue ^ round) < (right.key.rawValue.hashValue ^ round)
            }
            other.world.machines = [:]
            other.world.machines.reserveCapacity(round * 3)
            for (name, machine) in shuffled { other.world.machines[name] = machine }
            #expect(try bytes(other.plan()) == first)
        }
    }

    @Test("a saved plan reads back as the same plan")
    func planRoundTrip() throws {
        let plan = Story().plan()
        #expect(try JSONDecoder().decode(Plan.self, from: bytes(plan)) == plan)
    }

    private func count(of cluster: DesiredCluster, in domain: DomainID, _ hosts: [HostPolicy]) -> Int {
        hosts.filter { $0.domain == domain && cluster.managers.contains($0.name) }.count
    }

    private func bytes(_ plan: Plan) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return try encoder.encode(plan)
    }
}
