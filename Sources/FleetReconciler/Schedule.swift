// Which step may start next: a pure bookkeeping of what is waiting, running and done, so that the executor only runs.
import FleetModel

/// The steps of one run and how far they are.
struct Schedule {
    private var waiting: [Step]
    private var running: Set<StepID> = []
    private var ended: [StepID: Bool] = [:]
    private var known: Set<StepID>
    private(set) var results: [StepResult] = []
    private let allowedFailures: Int
    private var failedHosts: Set<HostID> = []

    init(steps: [Step], allowedFailures: Int) {
        (waiting, self.allowedFailures) = (steps, allowedFailures)
        known = Set(steps.map(\.id))
    }

    var isBudgetExceeded: Bool { failedHosts.count > max(0, allowedFailures) }

    /// The next step that may start; nil when all must wait, or when nothing is left.
    mutating func next() -> Step? {
        guard !isBudgetExceeded, let index = waiting.firstIndex(where: isReady) else { return nil }
        let step = waiting.remove(at: index)
        running.insert(step.id)
        return step
    }

    /// Takes note of an end; gives its result and those of the steps that cannot start any more because of it.
    mutating func finish(_ end: StepEnd) -> [StepResult] {
        var result = end.result
        running.remove(result.step.id)
        ended[result.step.id] = result.isSuccess
        if case .failed = result.outcome { failedHosts.insert(result.step.subject) }
        results.append(result)
        var news = [result]
        while let index = waiting.firstIndex(where: { blocker(of: $0) != nil }) {
            let step = waiting.remove(at: index)
            result = StepResult(step: step, outcome: .skipped(because: blocker(of: step) ?? step.id), duration: .zero)
            ended[step.id] = false
            results.append(result)
            news.append(result)
        }
        return news
    }

    /// Nothing more is started: a result for every step that waits.
    mutating func abandon(because reason: StopReason) -> [StepResult] {
        let left = waiting.map { StepResult(step: $0, outcome: .unstarted(reason), duration: .zero) }
        waiting = []
        results += left
        return left
    }

    private func isReady(_ step: Step) -> Bool {
        if isLast(step) && !(running.isEmpty && waiting.allSatisfy(isLast)) { return false }
        let isFree = step.after.allSatisfy { ended[$0] == true || !known.contains($0) }
        return isFree && step.follows.allSatisfy { ended[$0] != nil || !known.contains($0) }
    }

    private func blocker(of step: Step) -> StepID? { step.after.first { ended[$0] == false } }

    /// A hand off comes after everything else has ended: the journal that it carries must be whole.
    private func isLast(_ step: Step) -> Bool { if case .handOff = step.action { true } else { false } }
}
