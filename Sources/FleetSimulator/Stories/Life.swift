// Lives one scenario: troubles come while people bring a region up, change it and take it down; then troubles end, and
// everything that Muster promises must hold.
import FleetModel

/// What came of one life.
package struct LifeEnd: Sendable {
    package let scenario: Scenario
    package var faults: [String]
    package var trace: [String]
}

/// One life, from bare hosts to bare hosts.
package struct Life: Sendable {
    package let scenario: Scenario

    package init(seed: UInt64) { scenario = Scenario(seed: seed) }

    /// Runs of `up` after the troubles have ended, of which the last must see nothing to do.
    private static let mostRuns = 5

    /// Lives it on the calling thread.
    package func live() -> LifeEnd {
        let time = VirtualTime()
        let world = SimulatedWorld(seed: scenario.seed, time: time)
        let end = time.run { await live(in: world) }
        return end ?? LifeEnd(scenario: scenario, faults: ["it waits for ever"], trace: [])
    }

    private func live(in world: SimulatedWorld) async -> LifeEnd {
        var faults: [String] = []
        for policy in scenario.policies { await world.addHosts(of: policy, system: scenario.system) }
        let bare = await world.remains()
        for trouble in scenario.troubles { await world.schedule(trouble, scenario.policies[0]) }
        for policy in scenario.policies {
            let people = SimulatedOperator(world, policy)
            // While the troubles last: nothing is asked of these runs but that they end and break nothing.
            for _ in 0..<2 {
                faults += await secrets(in: people.up(), world)
                await world.time.wait(.seconds(60))
            }
            await world.endFaults()
            await world.time.wait(.seconds(120))
            faults += await rest(people, world)
        }
        faults += await tearDown(SimulatedOperator(world, scenario.policies.last!), world, bare: bare)
        return LifeEnd(scenario: scenario, faults: faults + (await world.violations), trace: await world.trace)
    }

    /// Convergence, I1, and everything as it should be.
    private func rest(_ people: SimulatedOperator, _ world: SimulatedWorld) async -> [String] {
        var last = RunResult(exitCode: 1)
        var effects = 0
        await waitForOthers(people, world)
        for _ in 0..<Self.mostRuns {
            effects = await world.effects.count
            last = await people.up()
            var isCured = false
            for entry in last.plan?.report ?? [] { if await world.cure(entry.problem) { isCured = true } }
            if last.isRest, !isCured { break }
            await world.time.wait(.seconds(60))
        }
        guard last.isRest else { return ["no rest after \(Self.mostRuns) runs: \(last.summary)"] }
        var faults = await world.faultsAtRest(people.policy, folder: people.folder)
        if await world.effects.count != effects { faults.append("I1: a run with nothing to do changed something") }
        return faults
    }

    /// As long as somebody else is at work, people wait, as they are told to: a slow host may keep the other an hour.
    private func waitForOthers(_ people: SimulatedOperator, _ world: SimulatedWorld) async {
        for _ in 0..<60 {
            let result = await people.up()
            await world.time.wait(.seconds(60))
            let isLeased = [result.problem, result.plan?.refusals.first?.problem].contains { $0?.code == "leased" }
            if !isLeased { return }
        }
    }

    private func tearDown(_ people: SimulatedOperator, _ world: SimulatedWorld, bare: [String]) async -> [String] {
        let result = await people.down()
        let left = zip(await world.remains(), bare).filter { $0 != $1 }.map { "I10: left: \($0.0)" }
        return (result.exitCode == 0 ? [] : ["down: \(result.summary)"]) + left
    }

    /// I4 is in the executor's own tests; here: no secret in anything that a run says (decision 12).
    private func secrets(in result: RunResult, _ world: SimulatedWorld) async -> [String] {
        let text = "\(result)" + (await world.journal("desk")).map(\.detail).joined()
        return SimulatedSecrets.marks.filter(text.contains).map { "a secret is shown: \($0)" }
    }
}

extension SimulatedWorld {
    /// What people do when Muster refuses or sees drift, and says how it is cured; whether they did something.
    func cure(_ problem: FleetProblem) -> Bool {
        guard let name = hostNames.first(where: { problem.subject == "host `\($0)`" }), let host = hosts[name] else {
            return false
        }
        switch problem.code {
        case "split-swarm":
            note("people: docker swarm leave --force on \(name)")
            host.membership = nil
        case "surplus-manager":
            guard let swarm = swarm(of: host), let node = host.membership?.node else { return false }
            note("people: docker node demote \(name)")
            swarm[node]?.role = .worker
            swarm.voters.remove(node)
        case _: return false
        }
        refreshSwarms()
        return true
    }
}
