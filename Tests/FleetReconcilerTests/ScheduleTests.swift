// The schedule by itself: what is free when, what a failure takes with it, and that its work grows with its steps only.
import FleetModel
import Testing

@testable import FleetReconciler

@Suite("Schedule") struct ScheduleTests {
    private static func step(_ id: String, after: [String] = [], follows: [String] = [], host: String? = nil) -> Step {
        Step(
            id: StepID(id), action: .resetSwarm(cluster: "c"), host: HostID(host ?? id),
            after: after.map { StepID($0) },
            follows: follows.map { StepID($0) }, reason: "")
    }

    private static let failed = StepResult.Outcome.failed(FleetProblem(.failed, "x", subject: "host `h`", "m"))

    private static func end(_ step: Step, _ outcome: StepResult.Outcome = .changed) -> StepEnd {
        StepEnd(result: StepResult(step: step, outcome: outcome, duration: .zero))
    }

    private static func free(_ schedule: inout Schedule) -> [String] {
        var ids: [String] = []
        while let step = schedule.next() { ids.append(step.id.rawValue) }
        return ids
    }

    @Test("a step starts when all that it needs has ended, `follows` well or badly; what is in no plan is done")
    func order() {
        let steps = [
            Self.step("a"), Self.step("b", after: ["a"]), Self.step("c", follows: ["a", "b"]),
            Self.step("d", after: ["z"]),
        ]
        var schedule = Schedule(steps: steps, allowedFailures: 9)
        #expect(Self.free(&schedule) == ["a", "d"])
        #expect(schedule.finish(Self.end(steps[0], Self.failed)).map(\.step.id) == ["a", "b"])
        #expect(schedule.results.last?.outcome == .skipped(because: "a"))
        #expect(Self.free(&schedule) == ["c"])
    }

    @Test("what a failure skips is skipped down to the last that needs it, each once, with its own reason")
    func skipping() {
        let steps = [
            Self.step("a"), Self.step("b", after: ["a"]), Self.step("c", after: ["a", "b"]),
            Self.step("d", after: ["c"]),
        ]
        var schedule = Schedule(steps: steps, allowedFailures: 9)
        #expect(Self.free(&schedule) == ["a"])
        let news = schedule.finish(Self.end(steps[0], Self.failed))
        #expect(news.map(\.step.id) == ["a", "b", "c", "d"])
        #expect(news.last?.outcome == .skipped(because: "c"))
        #expect(Self.free(&schedule) == [])
    }

    @Test("10,000 hosts of four steps each: every step is started once, in an order that holds")
    func many() {
        var steps: [Step] = []
        for host in 0..<10_000 {
            let own = (0..<4).map { "\($0)/\(host)" }
            for (number, id) in own.enumerated() {
                let after = number == 0 ? [] : [own[number - 1]]
                steps.append(Self.step(id, after: number == 1 && host > 0 ? after + ["1/0"] : after, host: "\(host)"))
            }
        }
        var schedule = Schedule(steps: steps, allowedFailures: 0)
        var (running, ended, started): ([Step], Set<StepID>, Int) = ([], [], 0)
        repeat {
            while running.count < 64, let step = schedule.next() {
                #expect(ended.isSuperset(of: step.after))
                running.append(step)
                started += 1
            }
            let step = running.removeFirst()
            ended.insert(step.id)
            _ = schedule.finish(Self.end(step))
        } while !running.isEmpty || ended.count < steps.count && started < steps.count
        #expect(ended.count == 40_000 && schedule.results.count == 40_000)
    }
}
