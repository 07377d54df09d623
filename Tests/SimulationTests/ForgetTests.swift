// A host that dies while it joins and leaves the manifest then: people let it be forgotten, and are killed at it.
import FleetModel
import FleetSimulator
import Testing

@Suite("Forgetting") struct ForgetTests {
    private struct Ending: Sendable, Equatable {
        var points: Int
        var faults: [String]
        /// Whether the dead host is in the target when the wish was uttered once, and when it was uttered again.
        var wasForgotten: Bool
        var isForgotten: Bool
    }

    private static func policy(hosts: Int) -> FleetPolicy {
        var policy = BringUpTests.policy(hosts: hosts)
        policy.budgets.failedHosts = .hosts(1)
        return policy
    }

    /// Five hosts at rest; the sixth loses its power before it has joined, and is taken out of the manifest.
    private static func play(_ injection: Injection?) -> Ending? {
        let time = VirtualTime()
        let (five, six) = (policy(hosts: 5), policy(hosts: 6))
        return time.run {
            let world = SimulatedWorld(seed: 1, time: time)
            await world.addHosts(of: six)
            _ = await SimulatedOperator(world, five).up()
            await world.powerOff("h6")
            _ = await SimulatedOperator(world, six).up()
            _ = await SimulatedOperator(world, five).up()
            var faults = await world.target("desk")?.leaving["h6"] == nil ? ["it was never waited for"] : []
            let before = await world.points.count
            await world.inject(injection.map { Injection(point: $0.point + before, action: $0.action) })
            let people = SimulatedOperator(world, five, intents: FleetIntents(forget: ["h6"]))
            _ = await people.up()
            let points = await world.points.count - before
            let wasForgotten = await world.target("desk")?.leaving["h6"] == nil
            await time.wait(.seconds(1800))
            _ = await people.up()
            let isForgotten = await world.target("desk")?.leaving["h6"] == nil
            await world.endFaults()
            await time.wait(.seconds(120))
            let last = await SimulatedOperator(world, five).up()
            if !last.isRest { faults.append("no rest: \(last.summary)") }
            faults += await world.faultsAtRest(five, folder: "desk") + world.violations
            return Ending(points: points, faults: faults, wasForgotten: wasForgotten, isForgotten: isForgotten)
        }
    }

    @Test("F38: people let a dead host be forgotten, killed at every point, then again → it is, and the region rests")
    func sweep() throws {
        let undisturbed = try #require(Self.play(nil))
        #expect(undisturbed.faults == [] && undisturbed.wasForgotten && undisturbed.points > 0)
        for point in 0..<undisturbed.points {
            let ending = try #require(Self.play(Injection(point: point, action: .killOperator)), "point \(point)")
            #expect(ending.faults == [] && ending.isForgotten, "point \(point): \(ending)")
        }
    }
}
