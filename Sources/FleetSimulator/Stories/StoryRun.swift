// Plays a story in a fresh world: bring-up, the change, a hurt at one point, and `up` again until the region rests.
import FleetModel

/// One play of a story.
package struct StoryRun: Sendable {
    package let story: Story
    package let seed: UInt64
    package let injection: Injection?
    /// How long people wait before they run the command again. Scripts of the killed run are over after half an hour.
    package let pause: Duration

    package init(_ story: Story, seed: UInt64, injection: Injection? = nil, pause: Duration = .seconds(1800)) {
        (self.story, self.seed, self.injection, self.pause) = (story, seed, injection, pause)
    }

    /// The folder of the one machine that these stories are played from.
    static let folder = "desk"
    /// Runs of the command after the first within which the region must rest. After half an hour: one more, which sees
    /// nothing to do. At once: scripts of the killed run may still be at work, and hold dpkg's lock against the next.
    private var mostRuns: Int { pause < .seconds(1800) ? 4 : 1 }

    /// Plays it to its end, on the calling thread.
    package func play() -> StoryEnd {
        let time = VirtualTime()
        let end = time.run { await play(SimulatedWorld(seed: seed, time: time)) }
        return end ?? StoryEnd(points: [], effects: [], state: [], faults: ["it waits for ever"], trace: [])
    }

    private func play(_ world: SimulatedWorld) async -> StoryEnd {
        await world.addHosts(of: story.start)
        await world.addHosts(of: story.end)
        let bare = await world.remains()
        let staying = Set(story.end.hosts.map(\.name))
        let leaving = story.start.hosts.map(\.name).filter { !staying.contains($0) }
        let bareLeaving = await world.remains(of: leaving)
        var faults: [String] = []
        if story.isPrepared { faults += await prepare(world) }
        let (effectsBefore, pointsBefore) = (await world.effects.count, await world.points.count)
        await world.inject(injection.map { Injection(point: $0.point + pointsBefore, action: $0.action) })
        _ = await once(world)
        let points = Array(await world.points.dropFirst(pointsBefore))
        if injection != nil {
            await world.time.wait(pause)
            await world.endFaults()
            await world.time.wait(.seconds(120))
        }
        faults += await finish(world, bare: bare)
        let left = await world.remains(of: leaving)
        faults += zip(left, bareLeaving).filter { $0 != $1 }.map { "left: \($0.0)" }
        return StoryEnd(
            points: points,
            effects: Array(await world.effects.dropFirst(effectsBefore)),
            state: await world.endState(story.end, folder: Self.folder), faults: faults, trace: await world.trace)
    }

    private func prepare(_ world: SimulatedWorld) async -> [String] {
        let result = await SimulatedOperator(world, story.start, folder: Self.folder).up()
        return result.exitCode == 0 ? [] : ["bring-up ended with \(result.exitCode)"]
    }

    private func once(_ world: SimulatedWorld) async -> RunResult {
        let people = SimulatedOperator(world, story.end, folder: Self.folder)
        return story.isDown ? await people.down() : await people.up()
    }

    /// Runs the command again until the region rests, and looks at what is there.
    private func finish(_ world: SimulatedWorld, bare: [String]) async -> [String] {
        var faults: [String] = []
        var runs = 0
        var last = await once(world)
        // There is one machine, and whom it hands the region over to: neither waits for the other's lease.
        if let trouble = last.leaseTrouble { faults.append("it waits for itself: \(trouble)") }
        while !last.isRest, runs < mostRuns {
            runs += 1
            if pause < .seconds(1800) { await world.time.wait(.seconds(60)) }
            last = await once(world)
        }
        if !last.isRest { faults.append("no rest after \(runs + 1) more runs: \(last.summary)") }
        // A promotion is agreed on before its node knows of it.
        await world.time.wait(.seconds(10))
        if story.isDown {
            let left = zip(await world.remains(), bare).filter { $0 != $1 }.map(\.0)
            faults += left.map { "left: \($0)" }
        } else {
            faults += await world.faultsAtRest(story.end, folder: Self.folder)
        }
        return faults + (await world.violations)
    }
}

extension RunResult {
    /// One line for people who read a failed test.
    package var summary: String {
        let steps = report?.results.map { "\($0.step.id): \($0.outcome)" } ?? []
        let said = (plan?.report ?? []).map { "\($0.kind): \($0.problem)" }
        let problems = problem.map { ["\($0)"] } ?? []
        return "exit \(exitCode); " + (problems + said + steps).joined(separator: " | ")
    }
}
