// Two operators at two machines who want to change the same hosts at the same time: their real runs, with their real
// lease keepers, in one world. One of them may be killed.
import FleetModel
import FleetReconciler

/// One contest.
package struct Contest: Sendable {
    package let seed: UInt64

    package init(seed: UInt64) { self.seed = seed }

    /// How it came out.
    package struct End: Sendable {
        /// What is wrong, in words.
        package var faults: [String] = []
        /// Runs that were told that somebody else is at work, or was.
        package var told = 0
        /// Runs of the other that came through after a killed one.
        package var takenOver = 0
        package var trace: [String] = []
    }

    /// Plays it on the calling thread.
    package func play() -> End {
        let time = VirtualTime()
        let world = SimulatedWorld(seed: seed, time: time)
        return time.run { await play(in: world) } ?? End(faults: ["it waits for ever"])
    }

    private func play(in world: SimulatedWorld) async -> End {
        var random = SeededRandom(seed: seed, name: "contest")
        let policy = Self.policy(hosts: random.number(2...6))
        await world.addHosts(of: policy)
        let desk = SimulatedOperator(world, policy, folder: "desk")
        // The other has another manifest: two runs that do the same would hide that they get in each other's way.
        let laptop = SimulatedOperator(world, Self.labelled(policy), folder: "laptop")
        var end = End()
        if random.chance(60) { await world.killOperatorAtCall(random.number(1...250)) }
        if random.chance(30) { await world.setCut(random.one(of: policy.hosts).name, true) }
        let delays = (random.milliseconds(0...40_000), random.milliseconds(0...40_000))
        async let first = Self.runs(of: desk, after: delays.0)
        async let second = Self.runs(of: laptop, after: delays.1)
        for (result, other) in await first.map({ ($0, "laptop") }) + second.map({ ($0, "desk") }) {
            guard let problem = result.leaseTrouble else { continue }
            end.told += 1
            if !Self.isTold(problem, of: other) { end.faults.append("who it is is not told: \(problem)") }
        }
        await settle(desk, laptop, in: world, &end)
        end.faults += await world.violations
        end.trace = await world.trace
        return end
    }

    /// Runs the command again a few times, as somebody who is told to wait does.
    private static func runs(of people: SimulatedOperator, after delay: Duration) async -> [RunResult] {
        await people.world.time.wait(delay)
        var results: [RunResult] = []
        for _ in 0..<3 {
            results.append(await people.up())
            await people.world.time.wait(.seconds(20))
        }
        return results
    }

    /// Owner, since when and for which plan; a lease that is gone altogether has nobody's name.
    private static func isTold(_ problem: FleetProblem, of other: String) -> Bool {
        if problem.code == "lease-lost", problem.message.hasPrefix("no longer holds") { return true }
        // Whichever hands over first, its control plane acts from then on.
        let owners = ["\(other)/5eed", "control-plane/eu1"]
        return owners.contains { problem.message.contains("`\($0)`, since ") }
            && problem.message.contains("for plan `eu1-")
    }

    /// Whoever was killed holds the others up for a minute and no longer; then the region comes to rest.
    private func settle(
        _ desk: SimulatedOperator, _ laptop: SimulatedOperator, in world: SimulatedWorld, _ end: inout End
    ) async {
        let wasKilled = await world.hasKilledOperator
        await world.endFaults()
        await world.time.wait(LeaseTerms.ttl + .seconds(5))
        let other = await laptop.up()
        if let problem = other.leaseTrouble { end.faults.append("a minute later: \(problem)") }
        if wasKilled { end.takenOver += 1 }
        await world.time.wait(.seconds(1800))
        var last = RunResult(exitCode: 1)
        for _ in 0..<5 where !last.isRest {
            // Whoever handed the region over goes on with it; the other is told so.
            let people = await owner(desk, laptop, in: world)
            last = await people.up()
            for entry in last.plan?.report ?? [] { _ = await world.cure(entry.problem) }
            await world.time.wait(.seconds(60))
        }
        guard last.isRest else { return end.faults.append("no rest: \(last.summary)") }
        let people = await owner(desk, laptop, in: world)
        end.faults += await world.faultsAtRest(people.policy, folder: people.folder).filter { !$0.contains("journal") }
    }

    private func owner(
        _ desk: SimulatedOperator, _ laptop: SimulatedOperator, in world: SimulatedWorld
    ) async -> SimulatedOperator {
        await world.folderOfHandOff() == laptop.folder ? laptop : desk
    }

    private static func policy(hosts count: Int) -> FleetPolicy {
        FleetPolicy(
            region: "eu1", domains: ["d0", "d1", "d2"],
            clusters: [ClusterPolicy(name: "control", isControl: true, managers: count >= 3 ? 3 : 1)],
            hosts: (1...count).map { number in
                HostPolicy(
                    name: HostID("h\(number)"), address: "198.18.1.\(number)", domain: DomainID("d\(number % 3)"),
                    cluster: "control")
            }, budgets: BudgetPolicy(failedHosts: .percent(50)))
    }

    private static func labelled(_ policy: FleetPolicy) -> FleetPolicy {
        var policy = policy
        for index in policy.hosts.indices { policy.hosts[index].labels = ["by": "laptop"] }
        return policy
    }
}

extension RunResult {
    /// That somebody else is at work, where a run was told so: before it began, by a host, or by its keeper.
    var leaseTrouble: FleetProblem? {
        let results = (report?.results ?? []).compactMap { result -> FleetProblem? in
            if case .failed(let problem) = result.outcome { problem } else { nil }
        }
        let stop: [FleetProblem] = if case .leaseLost(let problem)? = report?.stop { [problem] } else { [] }
        return (([problem].compactMap { $0 } + stop) + results).first {
            ["leased", "fenced", "lease-lost"].contains($0.code)
        }
    }
}
