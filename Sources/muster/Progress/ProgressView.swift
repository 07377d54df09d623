// What is seen while a plan runs: a live table on a terminal, plain lines elsewhere.
import FleetModel
import FleetReconciler
import Foundation

/// Shows progress; safe to call from anywhere.
final class ProgressView: @unchecked Sendable {
    // Why unchecked: all state is touched under `lock` only.
    private let lock = NSLock()
    private let isLive: Bool
    private let isQuiet: Bool
    private let start = ContinuousClock.now
    private var moment: Duration?
    private let hosts: [HostID]
    private let total: Int
    private var running: [HostID: [(step: Step, since: ContinuousClock.Instant)]] = [:]
    private var done: [HostID: Int] = [:]
    private var failed: [HostID: FleetProblem] = [:]
    private var ended = 0
    private var drawnLines = 0
    private var timer: (any DispatchSourceTimer)?
    private let events = EventLog.current

    init(plan: Plan, policy: FleetPolicy, isQuiet: Bool) {
        let subjects = Set(plan.steps.map(\.subject))
        hosts = (policy.hosts + plan.leaving).map(\.name).filter(subjects.contains)
        total = plan.steps.count
        self.isQuiet = isQuiet
        isLive = Console.isTerminal && !isQuiet
        events?.planned(plan)
        if isLive { startDrawing() }
    }

    /// - Parameter at: when it happened, counted from the run's beginning; nil: now.
    func show(_ event: ProgressEvent, at: Duration? = nil) {
        events?.show(event)
        lock.lock()
        defer { lock.unlock() }
        moment = at
        switch event {
        case .started(let step):
            running[step.subject, default: []].append((step, .now))
            // Only what takes long is worth a line at its start, or a log would have twice as many.
            if !isLive && !isQuiet && step.action.isSlow { Console.line(head(of: step) + "  …") }
        case .finished(let result): finished(result)
        }
    }

    /// Ends the live table.
    func finish() {
        timer?.cancel()
        lock.lock()
        defer { lock.unlock() }
        if isLive { draw() }
    }

    private func finished(_ result: StepResult) {
        let subject = result.step.subject
        running[subject]?.removeAll { $0.step.id == result.step.id }
        ended += 1
        if result.isSuccess { done[subject, default: 0] += 1 }
        if case .failed(let problem) = result.outcome { failed[subject] = problem }
        // What was not started is counted at the end, by host.
        if case .unstarted = result.outcome { return }
        if !isLive && !isQuiet { Console.line(line(of: result)) }
    }

    private func head(of step: Step) -> String {
        let at = String(format: "%6.1f s", (moment ?? ContinuousClock.now - start) / .seconds(1))
        return "\(at)  \(step.subject)  \(step.action.word)"
    }

    private func line(of result: StepResult) -> String {
        let head = head(of: result.step)
        switch result.outcome {
        case .changed: return "\(head)  done in \(result.duration.shown)"
        case .unchanged: return "\(head)  was done already"
        case .failed(let problem): return "\(head)  FAILED  \(problem)"
        case .skipped(let cause): return "\(head)  skipped, `\(cause)` failed"
        case .unstarted: return "\(head)  not started"
        }
    }

    // MARK: - Live table

    private func startDrawing() {
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now(), repeating: .milliseconds(100))
        timer.setEventHandler { [weak self] in
            guard let self else { return }
            self.lock.lock()
            defer { self.lock.unlock() }
            self.draw()
        }
        timer.resume()
        self.timer = timer
    }

    private func draw() {
        let lines = frame()
        var text = drawnLines > 0 ? "\u{1B}[\(drawnLines)A" : ""
        for line in lines { text += "\u{1B}[2K" + line + "\n" }
        text += "\u{1B}[J"
        drawnLines = lines.count
        Console.write(text, to: STDOUT_FILENO)
    }

    /// Hosts that are at something or have failed come first, so that a terminal of 40 lines shows what matters of 1000.
    private func frame() -> [String] {
        let spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
        let elapsed = ContinuousClock.now - start
        let mark = ended == total ? Style.green("✓") : spinner[Int(elapsed / .milliseconds(100)) % spinner.count]
        let head = "\(mark) \(ended) of \(total) steps, \(elapsed.shown)"
        let room = max(4, Console.height - 3)
        let shown =
            hosts.count <= room ? hosts : Array((hosts.filter(isBusy) + hosts.filter { !isBusy($0) }).prefix(room))
        let width = hosts.map { $0.rawValue.count }.max() ?? 0
        return [head] + shown.map { line(of: $0, width: width) }
            + (hosts.count > shown.count ? ["  and \(hosts.count - shown.count) more hosts"] : [])
    }

    private func isBusy(_ host: HostID) -> Bool { running[host]?.isEmpty == false || failed[host] != nil }

    private func line(of host: HostID, width: Int) -> String {
        let name = "  " + host.rawValue.padded(to: width) + "  "
        let count = "\(done[host] ?? 0) done".padded(to: 9)
        if let problem = failed[host] {
            let room = max(20, Console.width - width - 16)
            return name + Style.red("✗ ") + String("\(problem.message): \(problem.cause ?? "")".prefix(room))
        }
        let work = (running[host] ?? []).map { "\($0.step.action.word) \((ContinuousClock.now - $0.since).shown)" }
        return name + Style.dim(count) + work.joined(separator: ", ")
    }
}

extension StepAction {
    /// Whether it may well take longer than people wait without a word.
    var isSlow: Bool {
        switch self {
        case .installEngine, .loadImage, .startControlPlane, .restoreHost, .drainNode: true
        case .authorizeRegionKey, .initSwarm, .resetSwarm, .joinSwarm, .promoteNode, .activateNode, .demoteNode,
            .removeNode, .evictSwarm, .adoptSwarm, .labelNode, .handOff, .removeControlPlane, .leaveSwarm:
            false
        }
    }
}

extension StepResult {
    /// How it reads in the log of its host.
    var logText: String {
        let head = "\(step.id): \(outcome.word) after \(duration.shown)"
        if case .failed(let problem) = outcome { return "\(head)\n  \(problem)" }
        return head
    }
}
