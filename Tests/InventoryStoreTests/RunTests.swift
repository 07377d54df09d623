// Runs and their lease: what begins together ends together, and one at a time.

import FleetModel
import GRDB
import Testing

@testable import InventoryStore

@Suite struct RunTests {
    let scratch = Scratch()

    private func plan(_ id: PlanID, generation: Int, hosts: Int = 3, _ intents: FleetIntents = FleetIntents())
        -> RunPlan
    {
        let plan = Plan(region: "lab", blueprint: blueprint(generation, hosts: hosts), steps: [])
        return RunPlan(id: id, plan: plan, order: PlanOrder(policy: policy(hosts: hosts), base: "", intents: intents))
    }

    private func begin(_ number: Int, _ plan: RunPlan, in inventory: Inventory) async throws -> Run {
        let run = Run(id: RunID("r-\(number)"), plan: plan.id, actor: "ann", startedAt: time(20))
        let saved = Plan(region: "lab", blueprint: plan.blueprint, steps: [])
        try await inventory.savePlan(id: plan.id, plan: saved, order: plan.order, at: time(19))
        let audit = FleetEvent(at: time(20), kind: "run", actor: "ann", subject: "region `lab`", message: "began")
        let news = RunNews(events: [RunEvent(at: time(20), kind: .planned)], audit: [audit])
        try await inventory.begin(run, with: plan, news)
        return run
    }

    @Test("a run begins with lease, target, policy, lives and news in one transaction; the second is told who and when")
    func begin() async throws {
        let inventory = try await inventory(in: scratch)
        let first = try await begin(1, plan("p1", generation: 2, hosts: 4, .init(draining: ["h2"])), in: inventory)
        #expect(
            try await inventory.lease() == RunLease(run: "r-1", plan: "p1", holder: "ann", epoch: 1, since: time(20)))
        #expect(try await inventory.region()?.targetGeneration == 2)
        #expect(try await inventory.region()?.policy.hosts.count == 4)
        #expect(try await inventory.host("h2")?.life == .draining)
        let refused = await problem { _ = try await begin(2, plan("p2", generation: 3), in: inventory) }
        #expect(refused?.code == "run-going-on")
        #expect(refused?.message.contains("`ann` began run `r-1` of plan `p1` at 1970-01-01T00:00:20Z") == true)
        #expect(try await inventory.region()?.targetGeneration == 2)
        #expect(try await inventory.runs(limit: 9) == [first])
        #expect(try await inventory.events().count == 1)
    }

    @Test("a run ends with its lease; an ended run stays as it is, and its events are append-only")
    func end() async throws {
        let inventory = try await inventory(in: scratch)
        let run = try await begin(1, plan("p1", generation: 2), in: inventory)
        var done = RunEvent(at: time(21), kind: .finished)
        (done.step, done.outcome) = ("load-image/h1", .changed)
        try await inventory.note(RunNews(events: [done]), of: run.id)
        #expect(try await inventory.changes(in: run.id) == 1)
        #expect(try await inventory.finishedSteps(of: run.id) == ["load-image/h1"])
        let outcome = RunOutcome(exitCode: 4, remoteWrites: 1)
        try await inventory.end(run.id, outcome, RunNews(), at: time(30))
        let ended = try await inventory.run(run.id)
        #expect(ended?.state == .done && ended?.outcome == outcome && ended?.endedAt == time(30))
        #expect(try await inventory.lease() == nil)
        #expect(
            await problem { try await inventory.end(run.id, outcome, RunNews(), at: time(31)) }?.code == "run-unknown")
        #expect(throws: DatabaseError.self) { try tamper(scratch.path(), "UPDATE run SET state = 'failed'") }
        #expect(throws: DatabaseError.self) { try tamper(scratch.path(), "DELETE FROM run_event") }
        #expect(try await begin(2, plan("p2", generation: 3), in: inventory).id == "r-2")
    }

    @Test("a run that goes on with another plan keeps its lease; one that was told to stop says so")
    func goesOn() async throws {
        let inventory = try await inventory(in: scratch)
        let run = try await begin(1, plan("p1", generation: 2), in: inventory)
        let next = plan("p2", generation: 3)
        try await inventory.savePlan(
            id: "p2", plan: Plan(region: "lab", blueprint: next.blueprint, steps: []), at: time(22))
        try await inventory.continue(run.id, with: next, RunNews(), at: time(23))
        #expect(try await inventory.lease()?.plan == "p2")
        #expect(try await inventory.run(run.id)?.plan == "p2")
        #expect(await problem { try await inventory.cancel("r-9", RunNews()) }?.code == "run-unknown")
        try await inventory.cancel(run.id, RunNews())
        #expect(try await inventory.run(run.id)?.state == .cancelling)
    }

    @Test("a stream of a run gives what was and what comes, each once, and nothing of another run")
    func stream() async throws {
        let inventory = try await inventory(in: scratch)
        let run = try await begin(1, plan("p1", generation: 2), in: inventory)
        let reader = Task {
            var kinds: [RunEvent.Kind] = []
            for try await event in inventory.eventStream(of: run.id, after: 0) {
                kinds.append(event.kind)
                if event.kind == .ended { break }
            }
            return kinds
        }
        try await inventory.note(RunNews(events: [RunEvent(at: time(21), kind: .started)]), of: run.id)
        let ended = RunNews(events: [RunEvent(at: time(22), kind: .ended)])
        try await inventory.end(run.id, RunOutcome(exitCode: 0, remoteWrites: 0), ended, at: time(22))
        #expect(try await reader.value == [.planned, .started, .ended])
        let second = try await begin(2, plan("p2", generation: 3), in: inventory)
        #expect(try await inventory.events(of: second.id).map(\.kind) == [.planned])
    }
}
