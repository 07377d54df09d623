// Bring-up, rest and tear-down of undisturbed simulated regions: the ground on which everything else is tried.
import FleetModel
import FleetReconciler
import FleetSimulator
import Testing

@Suite("Simulated bring-up") struct BringUpTests {
    /// A region of `count` hosts in one cluster.
    static func policy(hosts count: Int, managers: Int = 3) -> FleetPolicy {
        FleetPolicy(
            region: "eu1", domains: ["d0", "d1", "d2"],
            clusters: [ClusterPolicy(name: "control", isControl: true, managers: managers)],
            hosts: (1...count).map { number in
                HostPolicy(
                    name: HostID("h\(number)"), address: "198.18.1.\(number)", domain: DomainID("d\(number % 3)"),
                    cluster: "control")
            })
    }

    @Test("five bare hosts → a region; up again: 0 writes (I1); down: as before (I10)")
    func wholeLife() throws {
        let time = VirtualTime()
        let policy = Self.policy(hosts: 5)
        let trace = time.run { () -> [String] in
            let world = SimulatedWorld(seed: 1, time: time)
            await world.addHosts(of: policy)
            let bare = await world.remains()
            let people = SimulatedOperator(world, policy)
            let first = await people.up()
            #expect(first.exitCode == 0, "\(first)")
            #expect(first.report?.results.allSatisfy { $0.outcome == .changed } == true)
            let effects = await world.effects
            let second = await people.up()
            #expect(second.isRest, "\(String(describing: second.plan?.steps.map(\.id)))")
            #expect(await world.effects == effects)
            let last = await people.down()
            #expect(last.exitCode == 0, "\(last)")
            #expect(await world.remains() == bare)
            #expect(await world.violations == [])
            return await world.trace
        }
        #expect(try #require(trace, "the run waits for something that never comes").count > 50)
    }

    @Test("I8: the same seed gives the same bytes, another seed another history")
    func deterministic() throws {
        func history(_ seed: UInt64) -> [String]? {
            let time = VirtualTime()
            let policy = Self.policy(hosts: 5)
            return time.run {
                let world = SimulatedWorld(seed: seed, time: time)
                await world.addHosts(of: policy)
                let people = SimulatedOperator(world, policy)
                _ = await people.up()
                _ = await people.down()
                return await world.trace
            }
        }
        let first = try #require(history(7))
        for _ in 0..<3 { #expect(history(7) == first) }
        #expect(history(8) != first)
    }
}
