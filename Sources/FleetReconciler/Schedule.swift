// Which step may start next: a pure bookkeeping of what is waiting, running and done, so that the executor only runs.
// Every step knows how many others it still waits for, so that ten thousand hosts cost ten times what a thousand do.
import FleetModel

/// The steps of one run and how far they are. Of those that may start, the first in the plan's order does.
struct Schedule {
    private let steps: [Step]
    private let number: [StepID: Int]
    /// Neither started nor given up.
    private var isWaiting: [Bool]
    /// How many steps each one still waits for; and who waits for it, `isHard` where it must succeed.
    private var unmet: [Int]
    private var dependents: [[(number: Int, isHard: Bool)]]
    /// Numbers of the steps that may start, falling: the next one is the last, and what it frees goes close to it.
    private var ready: [Int] = []
    /// Steps that have not ended, without hand offs: those come after everything else, for the journal that they
    /// carry must be whole.
    private var ordinaryLeft: Int
    private var readyHandOffs: [Int] = []
    private(set) var results: [StepResult] = []
    private let allowedFailures: Int
    private var failedHosts: Set<HostID> = []

    init(steps: [Step], allowedFailures: Int) {
        (self.steps, self.allowedFailures) = (steps, allowedFailures)
        number = Dictionary(steps.enumerated().map { ($1.id, $0) }) { first, _ in first }
        isWaiting = Array(repeating: true, count: steps.count)
        unmet = Array(repeating: 0, count: steps.count)
        dependents = Array(repeating: [], count: steps.count)
        ordinaryLeft = steps.count { !Self.isHandOff($0) }
        for (waiting, step) in steps.enumerated() {
            wait(waiting, for: step.after, isHard: true)
            wait(waiting, for: step.follows, isHard: false)
        }
        for free in steps.indices.reversed() where unmet[free] == 0 { self.free(free) }
    }

    var isBudgetExceeded: Bool { failedHosts.count > max(0, allowedFailures) }

    /// The next step that may start; nil when all must wait, or when nothing is left.
    mutating func next() -> Step? {
        guard !isBudgetExceeded else { return nil }
        while let candidate = ready.popLast() ?? (ordinaryLeft == 0 ? readyHandOffs.popLast() : nil) {
            if isWaiting[candidate] { return take(candidate) }
        }
        return nil
    }

    /// Takes note of an end; gives its result and those of the steps that cannot start any more because of it.
    mutating func finish(_ end: StepEnd) -> [StepResult] {
        if case .failed = end.result.outcome { failedHosts.insert(end.result.step.subject) }
        var news = [end.result]
        var told = 0
        while told < news.count {
            news += tell(news[told])
            told += 1
        }
        results += news
        return news
    }

    /// Nothing more is started: a result for every step that waits.
    mutating func abandon(because reason: StopReason) -> [StepResult] {
        let left = steps.indices.filter { isWaiting[$0] }.map { waiting in
            StepResult(step: take(waiting), outcome: .unstarted(reason), duration: .zero)
        }
        results += left
        return left
    }

    /// Tells those that wait for a step how it ended; gives the results of those that it takes with it.
    private mutating func tell(_ result: StepResult) -> [StepResult] {
        guard let ended = number[result.step.id] else { return [] }
        if !Self.isHandOff(result.step) { ordinaryLeft -= 1 }
        var skipped: [StepResult] = []
        for dependent in dependents[ended] where isWaiting[dependent.number] {
            if dependent.isHard && !result.isSuccess {
                let step = take(dependent.number)
                skipped.append(StepResult(step: step, outcome: .skipped(because: result.step.id), duration: .zero))
            } else {
                unmet[dependent.number] -= 1
                if unmet[dependent.number] == 0 { free(dependent.number) }
            }
        }
        return skipped
    }

    /// What no step of this plan does is done already.
    private mutating func wait(_ waiting: Int, for needs: [StepID], isHard: Bool) {
        for needed in needs.compactMap({ number[$0] }) {
            dependents[needed].append((waiting, isHard))
            unmet[waiting] += 1
        }
    }

    private mutating func take(_ taken: Int) -> Step {
        isWaiting[taken] = false
        return steps[taken]
    }

    private mutating func free(_ freed: Int) {
        guard !Self.isHandOff(steps[freed]) else { return readyHandOffs.append(freed) }
        var (low, high) = (0, ready.count)
        while low < high {
            let middle = (low + high) / 2
            if ready[middle] > freed { low = middle + 1 } else { high = middle }
        }
        ready.insert(freed, at: low)
    }

    private static func isHandOff(_ step: Step) -> Bool { if case .handOff = step.action { true } else { false } }
}
