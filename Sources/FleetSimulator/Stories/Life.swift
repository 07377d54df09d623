// Lives one scenario: troubles come while people bring a region up, change it again and again, and take it down;
// whenever troubles end, everything that Muster promises must hold.
import FleetModel
import FleetReconciler

/// What came of one life.
package struct LifeEnd: Sendable {
    package let scenario: Scenario
    /// What people changed, in words, with the troubles that came then.
    package var changes: [String]
    package var faults: [String]
    package var trace: [String]
}

/// One life, from bare hosts to bare hosts.
package struct Life: Sendable {
    package let scenario: Scenario

    package init(seed: UInt64) { scenario = Scenario(seed: seed) }

    /// Lives it on the calling thread.
    package func live() -> LifeEnd {
        let time = VirtualTime()
        let world = SimulatedWorld(seed: scenario.seed, time: time)
        let end = time.run {
            var course = LifeCourse(scenario: scenario, world: world)
            return await course.live()
        }
        return end ?? LifeEnd(scenario: scenario, changes: [], faults: ["it waits for ever"], trace: [])
    }
}

/// How far one life is.
private struct LifeCourse {
    let scenario: Scenario
    let world: SimulatedWorld
    var random: SeededRandom
    var edit: RegionEdit
    var faults: [String] = []
    var changes: [String] = []
    /// Hosts as they were when they came.
    var bare: [HostID: String] = [:]
    var isAtRest = true
    /// The folder that people work with: that of whoever handed the region over, once somebody did.
    var folder = "desk"

    init(scenario: Scenario, world: SimulatedWorld) {
        (self.scenario, self.world) = (scenario, world)
        random = SeededRandom(seed: scenario.seed, name: "changes")
        edit = RegionEdit(policy: scenario.policy)
    }

    /// Runs of `up` after the troubles have ended, of which the last must see nothing to do.
    private static let mostRuns = 6

    private var people: SimulatedOperator {
        SimulatedOperator(world, edit.policy, folder: folder, intents: edit.intents)
    }

    mutating func live() async -> LifeEnd {
        await stage(scenario.troubles, isRestless: false)
        if scenario.hasPeoplesOwn { await world.makePeoplesOwn(edit.policy) }
        for number in 1...max(1, scenario.changes) where scenario.changes > 0 && faults.isEmpty {
            await change(isRestless: number < scenario.changes && random.chance(30))
        }
        if faults.isEmpty { await tearDown() }
        return LifeEnd(
            scenario: scenario, changes: changes, faults: faults + (await world.violations), trace: await world.trace)
    }

    private mutating func change(isRestless: Bool) async {
        let target = await world.target(people.folder)
        let present = RegionEdit.Present(
            home: target?.controlPlane?.home, managers: Set(target?.clusters.values.flatMap(\.managers) ?? []),
            isAtRest: isAtRest)
        let dead = edit.dead
        let what = edit.change(present, &random)
        let count = random.chance(50) ? 0 : random.number(1...2)
        let troubles = (0..<count).map { _ in Trouble(edit.policy, &random) }
        changes.append("\(what)\(isRestless ? ", and on" : ""); troubles: \(Scenario.list(troubles))")
        await world.say("people: \(what)")
        for name in edit.dead.subtracting(dead) { await world.kill(name) }
        await stage(troubles, isRestless: isRestless)
    }

    /// - Parameter isRestless: whether people change their mind before it has come to rest.
    private mutating func stage(_ troubles: [Trouble], isRestless: Bool) async {
        let (effects, wasAtRest) = (await world.effects.count, isAtRest)
        await enterHosts()
        await world.beginFaults()
        for trouble in troubles { await world.schedule(trouble, edit.policy) }
        // While the troubles last: nothing is asked of these runs but that they end and break nothing.
        for _ in 0..<(isRestless ? 1 : 2) {
            await run()
            await world.time.wait(.seconds(60))
        }
        isAtRest = !isRestless
        if isRestless { return }
        await world.endFaults()
        await world.time.wait(.seconds(120))
        await rest()
        if troubles.isEmpty, wasAtRest { await once(since: effects) }
    }

    private mutating func enterHosts() async {
        await world.addHosts(of: edit.policy, system: scenario.system)
        for host in edit.policy.hosts where bare[host.name] == nil {
            bare[host.name] = await world.remains(of: host.name)
        }
        await world.forgetLeftBehind(edit.policy.hosts.map(\.name))
    }

    @discardableResult
    private mutating func run() async -> RunResult {
        folder = await world.folderOfHandOff() ?? folder
        let result = await people.up()
        // Rendering all of a result costs as much as a tenth of a life: some lives stand for all.
        if scenario.seed % 8 == 0 { await lookForSecrets(in: result) }
        return result
    }

    /// I4 is in the executor's own tests; here: no secret in anything that a run says (decision 12).
    private mutating func lookForSecrets(in result: RunResult) async {
        let text = "\(result)" + (await world.journal(people.folder)).map(\.detail).joined()
        faults += SimulatedSecrets.marks.filter(text.contains).map { "a secret is shown: \($0)" }
    }

    // MARK: - Rest

    /// Convergence, I1, and everything as it should be.
    private mutating func rest() async {
        var last = RunResult(exitCode: 1)
        var effects = 0
        await waitForOthers()
        for _ in 0..<Self.mostRuns {
            effects = await world.effects.count
            last = await run()
            var isCured = false
            for entry in last.plan?.report ?? [] { if await world.cure(entry.problem) { isCured = true } }
            if last.isRest, !isCured { break }
            await world.time.wait(.seconds(60))
        }
        guard last.isRest else { return faults.append("no rest after \(Self.mostRuns) runs: \(last.summary)") }
        if await world.effects.count != effects { faults.append("I1: a run with nothing to do changed something") }
        // A promotion is agreed on before its node knows of it.
        await world.time.wait(.seconds(10))
        faults += await world.faultsAtRest(edit.policy, folder: people.folder, draining: edit.intents.draining)
        faults += await traces(of: bare.keys.filter { edit.policy.host($0) == nil }.sorted())
    }

    /// As long as somebody else is at work, people wait, as they are told to: a slow host may keep the other an hour.
    private mutating func waitForOthers() async {
        for _ in 0..<60 {
            let result = await run()
            await world.time.wait(.seconds(60))
            let isLeased = [result.problem, result.plan?.refusals.first?.problem].contains { $0?.code == "leased" }
            if !isLeased { return }
        }
    }

    /// What is left on hosts that have gone, but for those that are dead or were told of.
    private func traces(of names: [HostID]) async -> [String] {
        var found: [String] = []
        let leftBehind = await world.leftBehind
        for name in names where !edit.dead.contains(name) && !leftBehind.contains(name) {
            let remains = await world.remains(of: name)
            if remains != bare[name] { found.append("I10: left on \(name): \(remains)") }
        }
        return found
    }

    /// Where nothing went wrong, nothing is done twice.
    private mutating func once(since effects: Int) async {
        let done = Dictionary(await world.effects.dropFirst(effects).map { ($0, 1) }, uniquingKeysWith: +)
        faults += done.filter { $0.value > 1 }.map { "\($0.value) times: \($0.key)" }.sorted()
    }

    private mutating func tearDown() async {
        let leaving = await world.target(people.folder)?.leaving.keys.filter(edit.dead.contains) ?? []
        // What a run of the control plane that was cut off has left on its anchor ends by itself.
        await world.time.wait(LeaseTerms.ttl)
        let result = await people.down()
        // Dead hosts that were never freed are named, and nobody else is lost.
        let isDone = result.exitCode == 0 || result.report.map { $0.lostHosts.isSubset(of: leaving) } ?? false
        if !isDone { faults.append("down: \(result.summary)") }
        faults += await traces(of: bare.keys.sorted())
    }
}
