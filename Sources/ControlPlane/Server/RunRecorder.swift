// From what an executor tells while it runs to rows that outlive the process: events for those who watch, lines for the
// audit log. Whatever comes while one transaction is written goes into the next (decision 10).

import FleetModel
import FleetReconciler
import InventoryStore
import Synchronization

/// Writes down what happens in one run.
final class RunRecorder: Sendable {
    private let run: RunID
    private let actor: String
    private let inventory: Inventory
    private let now: @Sendable () -> Timestamp
    /// As many as there are steps that begin or end while one transaction is written.
    private let waiting = Mutex(RunNews())
    private let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(run: RunID, actor: String, inventory: Inventory, now: @escaping @Sendable () -> Timestamp) {
        (self.run, self.actor, self.inventory, self.now) = (run, actor, inventory, now)
    }

    func take(_ progress: ProgressEvent) {
        switch progress {
        case .started(let step): add(.started, of: step)
        case .finished(let result): finished(result)
        }
        signal.yield()
    }

    /// Nothing more comes.
    func close() { signal.finish() }

    /// Writes until `close`, and all that came before it. What cannot be written is told and lost: the journal, without
    /// which nothing runs, has it too.
    func write(onTrouble: @Sendable (FleetProblem) -> Void) async {
        for await _ in signals { await writeWaiting(onTrouble) }
        await writeWaiting(onTrouble)
    }

    private func writeWaiting(_ onTrouble: @Sendable (FleetProblem) -> Void) async {
        let news = waiting.withLock { waiting in
            defer { waiting = RunNews() }
            return waiting
        }
        guard !news.isEmpty else { return }
        do { try await inventory.note(news, of: run) } catch { onTrouble(error) }
    }

    private func add(_ kind: RunEvent.Kind, of step: Step, _ fill: (inout RunEvent) -> Void = { _ in }) {
        var event = RunEvent(at: now(), kind: kind)
        event.step = step.id
        fill(&event)
        waiting.withLock { $0.events.append(event) }
    }

    private func finished(_ result: StepResult) {
        add(.finished, of: result.step) { event in
            event.milliseconds = Int(result.duration / .milliseconds(1))
            switch result.outcome {
            case .changed: event.outcome = .changed
            case .unchanged: event.outcome = .unchanged
            case .failed(let problem): (event.outcome, event.problem) = (.failed, problem)
            case .skipped(let cause): (event.outcome, event.because) = (.skipped, cause)
            case .unstarted: event.outcome = .unstarted
            }
        }
        let text = "\(result.step.action.word) \(result.words) (run `\(run)`)"
        let event = FleetEvent(
            at: now(), kind: "step", actor: actor, subject: "host `\(result.step.subject)`", message: text)
        waiting.withLock { $0.audit.append(event) }
    }
}

extension StepResult {
    fileprivate var words: String {
        switch outcome {
        case .changed: "done"
        case .unchanged: "was done already"
        case .failed(let problem): "failed: \(problem.message)"
        case .skipped(let cause): "skipped, because `\(cause)` failed"
        case .unstarted: "was not started, because the run stopped"
        }
    }
}
