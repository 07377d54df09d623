// Changes through the control plane: one run at a time, told to whoever asks, resumed after a crash, and ended by
// whoever may.

import FleetModel
import Foundation
import InventoryStore
import Testing

@testable import ControlPlane

extension InProcess {
    func planned(_ policy: FleetPolicy = SampleRegion.policy()) async throws -> PlanAnswer {
        try await ask(.post, "/v1/plans", as: .operator, json: PlanWanted(policy: policy)).json(PlanAnswer.self)
    }

    func apply(_ id: PlanID) async throws -> Reply { try await ask(.post, "/v1/plans/\(id)/apply", as: .operator) }

    /// Plans and begins a run.
    func begun() async throws -> Run {
        let reply = try await apply(try await planned().id)
        #expect(reply.status == 202, "\(reply.text)")
        return try reply.json(Run.self)
    }

    /// The run, once it has ended.
    func ended(_ id: RunID) async throws -> Run {
        let inventory = try await core.opened().inventory
        for try await event in inventory.eventStream(of: id, after: 0) where event.kind == .ended { break }
        return try #require(try await inventory.run(id))
    }

    /// Waits until the run's step has begun.
    func started(_ step: StepID, of run: RunID) async throws {
        let inventory = try await core.opened().inventory
        for try await event in inventory.eventStream(of: run, after: 0) where event.step == step { break }
    }

    /// The stream of a run as it is sent, until it ends.
    func lines(of run: RunID, after: Int = 0) async throws -> [RunEvent] {
        let reply = try await ask(.get, "/v1/runs/\(run)/events?after=\(after)", as: .viewer)
        #expect(reply.status == 200 && reply.headers[.contentType] == "application/jsonl")
        return try reply.text.split(separator: "\n").map {
            try JSONDecoder().decode(RunEvent.self, from: Data($0.utf8))
        }
    }
}

@Suite struct RunTests {
    private static let steps = [4, 5].map { InMemoryOperations.loadStep($0) }

    @Test("a plan that is not empty becomes a run: 202, its events in order, audit, and the lease goes with its end")
    func run() async throws {
        let fixture = try Fixture(.init(steps: Self.steps))
        let plane = try await fixture.serving()
        let run = try await plane.begun()
        #expect(run.id == "r-1" && run.actor == "the-operator" && run.state == .running)
        let ended = try await plane.ended(run.id)
        #expect(ended.state == .done && ended.outcome == RunOutcome(exitCode: 0, remoteWrites: 2))
        let lines = try await plane.lines(of: run.id)
        #expect(lines.map(\.kind) == [.planned, .started, .finished, .started, .finished, .ended])
        #expect(lines.compactMap(\.outcome) == [.changed, .changed] && lines[2].milliseconds == 1500)
        #expect(try await plane.lines(of: run.id, after: lines[3].sequence) == Array(lines[4...]))
        #expect(try await plane.lines(of: run.id, after: lines[5].sequence) == [])
        #expect(try await plane.core.opened().inventory.lease() == nil)
        let audit = try await plane.events().map { "\($0.kind) \($0.actor) \($0.subject)" }
        #expect(
            audit.dropFirst() == [
                "plan the-operator region `eu1`", "run the-operator region `eu1`", "step the-operator host `eu1-04`",
                "step the-operator host `eu1-05`", "run the-operator region `eu1`",
            ])
        #expect(try await plane.ask(.get, "/v1/runs", as: .viewer).json(RunsAnswer.self).runs == [ended])
        #expect(try await plane.ask(.get, "/v1/runs/r-1", as: .viewer).json(Run.self) == ended)
        #expect(try await plane.ask(.get, "/v1/runs/r-2", as: .viewer).status == 404)
    }

    @Test("one run at a time: the second is told who, since when and which plan; so is a take back; `status` shows it")
    func oneAtATime() async throws {
        let fixture = try Fixture(.init(steps: Self.steps, hanging: [Self.steps[0].id]))
        let plane = try await fixture.serving()
        let run = try await plane.begun()
        let second = try await plane.planned()
        #expect(second.lease?.run == run.id && second.lease?.holder == "the-operator")
        for reply in [try await plane.apply(second.id), try await plane.ask(.post, "/v1/take-back", as: .admin)] {
            #expect(try reply.status == 409 && reply.problem.code == "run-going-on")
            for part in ["the-operator", "r-1", "\(run.plan)", "\(run.startedAt)"] {
                #expect(try reply.problem.message.contains(part))
            }
        }
        let status = try await plane.ask(.get, "/v1/status", as: .viewer).json(RegionStatus.self)
        #expect(status.run == RunStatus(run: run, steps: 2, ended: 0))
        fixture.operations.change { $0.hanging = [] }
        _ = try await plane.ended(run.id)
        #expect(try await plane.ask(.get, "/v1/status", as: .viewer).json(RegionStatus.self).run == nil)
    }

    @Test("a run that is cancelled ends what is in hand and begins nothing new; again is no second time")
    func cancelled() async throws {
        let fixture = try Fixture(.init(steps: Self.steps, hanging: [Self.steps[1].id]))
        let plane = try await fixture.serving()
        let run = try await plane.begun()
        try await plane.started(Self.steps[1].id, of: run.id)
        #expect(try await plane.ask(.post, "/v1/runs/r-1/cancel", as: .viewer).status == 403)
        #expect(try await plane.ask(.post, "/v1/runs/r-9/cancel", as: .operator).status == 404)
        #expect(try await plane.ask(.post, "/v1/runs/r-1/cancel", as: .operator).json(Run.self).state == .cancelling)
        let ended = try await plane.ended(run.id)
        #expect(ended.state == .cancelled && ended.outcome == RunOutcome(exitCode: 130, remoteWrites: 1))
        #expect(fixture.operations.state.executed == [Self.steps[0].id])
        #expect(try await plane.ask(.post, "/v1/runs/r-1/cancel", as: .operator).problem.code == "run-ended")
        #expect(try await plane.begun().id == "r-2")
    }

    @Test("a step that fails is in the stream with its reason, and the run ends as failed or inside the budget")
    func failed() async throws {
        let fixture = try Fixture(.init(steps: Self.steps, failing: [Self.steps[0].id]))
        let plane = try await fixture.serving()
        let run = try await plane.begun()
        let outcome = try await plane.ended(run.id).outcome
        #expect(outcome == RunOutcome(exitCode: 4, remoteWrites: 1))
        let finished = try await plane.lines(of: run.id).first { $0.kind == .finished }
        #expect(finished?.outcome == .failed && finished?.problem?.message == "the engine refused it")
    }

    @Test("hosts that are not as the plan found them: 409 with every difference, and nothing was begun")
    func moved() async throws {
        let fixture = try Fixture(.init(steps: Self.steps))
        fixture.operations.change {
            $0.preconditions["eu1-04"] = Precondition(facts: ["reachable": "yes", "swarm": "inactive"])
        }
        let plane = try await fixture.serving()
        let reply = try await plane.apply(try await plane.planned().id)
        #expect(try reply.status == 409 && reply.problem.code == "plan-stale")
        #expect(try reply.problem.cause?.contains("swarm: was `inactive`, is `active`") == true)
        #expect(try await plane.core.opened().inventory.runs(limit: 9) == [])
        #expect(fixture.operations.state.executed == [])
    }

    @Test("a plan is applied from its own look while that is fresh; later its hosts are read again", arguments: [2, 4])
    func freshLook(age: Int) async throws {
        let fixture = try Fixture(.init(steps: Self.steps))
        let plane = try await fixture.serving()
        let id = try await plane.planned().id
        let looks = fixture.operations.state.observations
        fixture.clock.advance(.seconds(age))
        #expect(try await plane.apply(id).status == 202)
        #expect(fixture.operations.state.observations == looks + (age <= 3 ? 0 : 1))
    }

    @Test("a plan that removes much wants the number of hosts, and that very number (F44)")
    func approval() async throws {
        let fixture = try Fixture(.init(steps: Self.steps))
        fixture.operations.change { $0.approval = PlanApproval(removedHosts: 2, hosts: 5, managers: []) }
        let plane = try await fixture.serving()
        let id = try await plane.planned().id
        for query in ["", "?approve=1"] {
            let reply = try await plane.ask(.post, "/v1/plans/\(id)/apply\(query)", as: .operator)
            #expect(try reply.status == 409 && reply.problem.code == "not-approved")
            #expect(try reply.problem.hint?.contains("--approve 2") == true)
        }
        let run = try await plane.ask(.post, "/v1/plans/\(id)/apply?approve=2", as: .operator).json(Run.self)
        #expect(try await plane.ended(run.id).state == .done)
    }

    @Test("a host that is drained stays so in later plans, until it is activated; the policy may stay unsaid")
    func drained() async throws {
        let fixture = try Fixture(.init(steps: Self.steps))
        let plane = try await fixture.serving()
        func run(_ intents: FleetIntents) async throws -> FleetIntents {
            fixture.operations.change { $0.steps = [InMemoryOperations.loadStep] }
            let wanted = PlanWanted(intents: intents)
            let answer = try await plane.ask(.post, "/v1/plans", as: .operator, json: wanted).json(PlanAnswer.self)
            _ = try await plane.ended(try await plane.apply(answer.id).json(Run.self).id)
            return fixture.operations.state.intents
        }
        _ = try await run(FleetIntents(draining: ["eu1-04"]))
        #expect(try await plane.core.opened().inventory.host("eu1-04")?.life == .draining)
        #expect(try await run(FleetIntents()).draining == ["eu1-04"])
        #expect(try await run(FleetIntents(activating: ["eu1-04"])).draining == [])
        #expect(try await plane.core.opened().inventory.host("eu1-04")?.life == .ready)
    }

    @Test("a host that left is forgotten by an empty plan: out of the target, and in the audit log; others cannot be")
    func forget() async throws {
        let fixture = try Fixture(.init())
        let plane = try await fixture.serving()
        let known = SampleRegion.blueprint(generation: 2)
        let dead = DesiredHost(address: "198.18.7.7", domain: "a", cluster: "control", role: .worker)
        fixture.operations.change {
            $0.wanted = Blueprint(
                region: known.region, generation: 2, parent: 1, clusters: known.clusters, hosts: known.hosts,
                leaving: ["eu1-09": dead], controlPlane: known.controlPlane)
        }
        _ = try await plane.apply(try await plane.planned().id)
        fixture.operations.change {
            $0.wanted = SampleRegion.blueprint(generation: 3)
            $0.report = [
                ReportEntry(.note, FleetProblem(.noted, "forgotten", subject: "host `eu1-09`", "is forgotten"))
            ]
        }
        for (host, code) in [("eu1-01", "still-wanted"), ("eu1-08", "not-leaving")] {
            let wanted = PlanWanted(intents: FleetIntents(forget: [HostID(host)]))
            let reply = try await plane.ask(.post, "/v1/plans", as: .operator, json: wanted)
            #expect(try reply.problem.code == code)
        }
        let wanted = PlanWanted(intents: FleetIntents(forget: ["eu1-09"]))
        let answer = try await plane.ask(.post, "/v1/plans", as: .operator, json: wanted).json(PlanAnswer.self)
        #expect(try await plane.apply(answer.id).status == 200)
        #expect(try await plane.core.opened().inventory.targetBlueprint()?.leaving == [:])
        let told = try await plane.events().filter { $0.subject == "host `eu1-09`" }
        #expect(told.map(\.message) == ["is forgotten"] && told.first?.actor == "the-operator")
        #expect(fixture.operations.state.askedManagers == [1, 2, 3].map(SampleRegion.host), "for the witness")
    }

    @Test("F22: a plan that finds a host that nobody knew → it is looked at and planned for in the same request")
    func forgotten() async throws {
        let fixture = try Fixture(.init())
        let plane = try await fixture.serving()
        let (known, stray) = (
            SampleRegion.blueprint(generation: 2),
            DesiredHost(address: "198.18.7.7", domain: "a", cluster: "control", role: .worker)
        )
        fixture.operations.change {
            $0.wanted = Blueprint(
                region: known.region, generation: 2, parent: 1, clusters: known.clusters, hosts: known.hosts,
                leaving: ["eu1-09": stray], controlPlane: known.controlPlane)
        }
        let answer = try await plane.planned()
        #expect(fixture.operations.state.forgotten == ["eu1-09": stray])
        _ = try await plane.apply(answer.id)
        _ = try await plane.planned()
        #expect(fixture.operations.state.forgotten == [:], "it is in the target now, and looked at with the others")
    }

    @Test("the policy and the target change when the run begins, in one with it; the witness follows")
    func policy() async throws {
        let fixture = try Fixture(.init(steps: Self.steps))
        fixture.operations.change { $0.wanted = SampleRegion.blueprint(generation: 2, hosts: 4) }
        let plane = try await fixture.serving()
        let answer = try await plane.planned(SampleRegion.policy(hosts: 4))
        #expect(try await plane.core.opened().region.policy.hosts.count == 5)
        let run = try await plane.apply(answer.id).json(Run.self)
        #expect(try await plane.core.opened().region.policy.hosts.count == 4)
        #expect(try await plane.core.opened().region.targetGeneration == 2)
        _ = try await plane.ended(run.id)
        #expect(fixture.operations.state.witnesses.max()?.generation == 2)
    }
}

@Suite struct RunResumptionTests {
    private static let steps = [4, 5].map { InMemoryOperations.loadStep($0) }

    /// A control plane that dies while the second step is in hand: what it had is in the volume.
    private func killed(_ fixture: Fixture) async throws -> Run {
        let plane = try await fixture.serving()
        let run = try await plane.begun()
        try await plane.started(Self.steps[1].id, of: run.id)
        await plane.core.interruptRun()
        return run
    }

    @Test("a run whose process died goes on in the next one: planned anew, the same run, nothing done twice")
    func resumed() async throws {
        let fixture = try Fixture(.init(steps: Self.steps, hanging: [Self.steps[1].id]))
        let run = try await killed(fixture)
        fixture.operations.change { $0.hanging = [] }
        let plane = try await fixture.started()
        #expect(try await plane.core.opened().inventory.lease()?.run == run.id)
        #expect(await plane.core.resumeRun() == false)
        let ended = try await plane.ended(run.id)
        #expect(ended.outcome == RunOutcome(exitCode: 0, remoteWrites: 2) && ended.plan != run.plan)
        #expect(fixture.operations.state.executed == Self.steps.map(\.id))
        #expect(try await plane.lines(of: run.id).filter { $0.kind == .planned }.map(\.plan) == [run.plan, ended.plan])
        #expect(try await plane.events().contains { $0.message.contains("goes on after a restart") })
    }

    @Test("what was left of it was done after all: the run ends as done")
    func nothingLeft() async throws {
        let fixture = try Fixture(.init(steps: Self.steps, hanging: [Self.steps[1].id]))
        let run = try await killed(fixture)
        fixture.operations.change { $0.steps = [] }
        let plane = try await fixture.started()
        _ = await plane.core.resumeRun()
        #expect(try await plane.ended(run.id).state == .done)
    }

    @Test("a run that was told to stop before its process died is not gone on with")
    func cancelled() async throws {
        let fixture = try Fixture(.init(steps: Self.steps, hanging: [Self.steps[1].id]))
        let run = try await killed(fixture)
        let plane = try await fixture.started()
        _ = try await plane.core.cancelRun(run.id, by: "the-admin")
        _ = await plane.core.resumeRun()
        #expect(try await plane.ended(run.id).state == .cancelled)
        #expect(fixture.operations.state.executed == [Self.steps[0].id])
    }
}
