// Events are flips: what changed, once, and nothing when nothing did.

import FleetModel
import Testing

@testable import ControlPlane

@Suite struct ObservationChangesTests {
    private let policy = SampleRegion.policy()

    private func state(
        lost: Set<Int> = [], drift: [FleetProblem] = [], after earlier: ObservedState = ObservedState()
    ) -> ObservedState {
        ObservedState(SampleRegion.observation(lost: lost), policy: policy, drift: drift).carrying(earlier)
    }

    private func told(_ state: ObservedState, since earlier: ObservedState) -> [String] {
        state.events(since: earlier, reasons: [:]).map { "\($0.subject) \($0.message)" }
    }

    private let drifted = FleetProblem(.refused, "drift-label", subject: "host `eu1-05`", "label `disk` is absent")

    @Test("a region at rest tells nothing, the first time neither")
    func rest() {
        #expect(told(state(), since: ObservedState()) == [])
        #expect(told(state(), since: state()) == [])
    }

    @Test("lost and back are told once, the node with the host")
    func lostAndBack() {
        let (well, lost) = (state(), state(lost: [5]))
        #expect(
            told(lost, since: well) == [
                "host `eu1-05` lost: it does not answer", "node `eu1-05` is `down` in cluster `control`",
            ])
        #expect(told(lost, since: lost) == [])
        #expect(
            told(well, since: lost) == [
                "host `eu1-05` back: it answers again", "node `eu1-05` is `ready` again or gone, in cluster `control`",
            ])
    }

    @Test("drift appears and goes; a text that moves is no new drift")
    func drift() {
        var moved = drifted
        moved.message = "label `disk` is absent since 2 min"
        let (without, with) = (state(), state(drift: [drifted]))
        #expect(told(with, since: without) == ["host `eu1-05` drift appeared: label `disk` is absent"])
        #expect(told(state(drift: [moved]), since: with) == [])
        #expect(told(without, since: with) == ["host `eu1-05` drift gone: label `disk` is absent"])
    }

    @Test("what is out of sight has not gone: drift of a lost host, nodes of a cluster that no manager speaks for")
    func outOfSight() {
        let before = state(lost: [4], drift: [drifted])
        let blind = state(lost: [1, 2, 3, 4, 5], after: before)
        #expect(told(blind, since: before).allSatisfy { $0.contains("lost") })
        let after = state(lost: [4], drift: [drifted], after: blind)
        #expect(told(after, since: blind).allSatisfy { $0.contains("back") })
    }

    @Test("that a host does not answer is told as such, not as drift too")
    func lostIsNoDrift() {
        let unreachable = FleetProblem(.unavailable, "host-unreachable", subject: "host `eu1-05`", "no answer")
        #expect(told(state(lost: [5], drift: [unreachable]), since: state()).count == 2)
    }

    @Test("the drift of a plan: its steps and what no step mends, without notes")
    func planDrift() {
        let note = FleetProblem(.refused, "note", subject: "region `eu1`", "two domains only")
        let odd = FleetProblem(.refused, "odd", subject: "host `eu1-02`", "an edited daemon.json")
        let plan = Plan(
            region: "eu1", blueprint: SampleRegion.blueprint(), steps: [InMemoryOperations.loadStep],
            report: [ReportEntry(.note, note), ReportEntry(.drift, odd)])
        #expect(plan.drift.map(\.code) == ["drift-load-image", "odd"])
    }

    @Test("a control plane that looks again and again writes an event for each flip and no other")
    func loop() async throws {
        let fixture = try Fixture()
        let plane = try await fixture.serving()
        for lost in [[], [], [4], [4], [], []] as [Set<Int>] {
            fixture.operations.change { ($0.lost, $0.now) = (lost, $0.now.adding(.seconds(60))) }
            await plane.core.observe()
        }
        #expect(try await plane.events().map(\.kind) == ["hand-off", "host", "node", "host", "node"])
        let host = try await plane.ask(.get, "/v1/hosts/eu1-04", as: .viewer).json(HostAnswer.self)
        #expect(host.status.isReachable && host.status.since == SampleRegion.start.adding(.seconds(300)))
    }

    @Test("a witness that could not be written is owed: status says so, the next look writes it")
    func owedWitness() async throws {
        let fixture = try Fixture()
        let plane = try await fixture.started()
        fixture.operations.change { $0.areManagersReachable = false }
        _ = try await plane.core.handOff(try await fixture.inventoryFile())
        #expect(try await plane.core.status().warnings.map(\.code).contains("witness-owed"))
        fixture.operations.change { $0.areManagersReachable = true }
        await plane.core.observe()
        #expect(fixture.operations.state.witnesses.count == 1)
        #expect(try await plane.core.status().warnings.map(\.code).contains("witness-owed") == false)
    }
}
