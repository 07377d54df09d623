// `--events FILE`: everything that happens in a run, one JSON object a line, for programs that watch. Written at once,
// so that a run that is killed leaves all that had happened. docs/events.md is its contract.
import ArgumentParser
import FleetLive
import FleetModel
import FleetReconciler
import Foundation
import Glibc

/// The option of every verb that changes a region.
struct EventOptions: ParsableArguments {
    @Option(
        help: "Write what happens to this file as it happens, one JSON object a line.", completion: .file())
    var events: String?

    /// Runs `body`, which gives the exit code, with everything that it shows written down; throws that code unless it
    /// is 0.
    func recording(_ body: () async throws -> Int32) async throws {
        let log = try events.map { try EventLog(path: $0) }
        do {
            let code = try await EventLog.$current.withValue(log) { try await body() }
            log?.ended(code: code)
            if code != 0 { throw ExitCode(code) }
        } catch {
            if !(error is ExitCode) { log?.ended(error) }
            throw error
        }
    }
}

/// One file of events; safe to call from anywhere.
final class EventLog: Sendable {
    /// The log of the run that this task belongs to.
    @TaskLocal static var current: EventLog?

    private let descriptor: Int32
    private let state = NSLock()
    private nonisolated(unsafe) var tally = Tally()

    private struct Tally {
        var sequence = 0
        var remoteWrites = 0
        var failures: [HostID: FleetProblem] = [:]
        var region: RegionID?
        var problem: FleetProblem?
        var refusal: [ReportEntry]?
    }

    init(path: String) throws(FleetProblem) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw FleetProblem(
                .rejected, "file-unwritable", subject: "file `\(path)`", "cannot write events to it",
                cause: String(cString: strerror(errno)), hint: "name a file in a folder that you may write")
        }
    }

    deinit { close(descriptor) }

    /// A plan is executed from here on: the first, or one that was made anew.
    func planned(_ plan: Plan) {
        write(.planned) { event, tally in
            tally.region = plan.region
            event.generation = plan.blueprint.generation
            event.steps = plan.steps.map {
                EventLine.PlannedStep(
                    step: $0.id, host: $0.subject, actor: $0.host, word: $0.action.word, reason: $0.reason)
            }
            event.report = plan.report
        }
    }

    func show(_ progress: ProgressEvent) {
        switch progress {
        case .started(let step): write(.started) { event, _ in event.take(step) }
        case .finished(let result): finished(result)
        }
    }

    private func finished(_ result: StepResult) {
        write(.finished) { event, tally in
            event.take(result.step)
            event.outcome = result.outcome.word
            event.milliseconds = Int(result.duration / .milliseconds(1))
            switch result.outcome {
            case .changed: tally.remoteWrites += 1
            case .unchanged, .unstarted: break
            case .failed(let problem):
                event.problem = problem
                tally.failures[result.step.subject] = tally.failures[result.step.subject] ?? problem
            case .skipped(let cause): event.because = cause
            }
        }
    }

    /// How what is shown here came out; of two in one command the second counts.
    func note(_ document: UpDocument) { state.withLock { tally.problem = document.problem } }

    /// The plan will not be executed, and why.
    func refused(_ plan: Plan) {
        state.withLock {
            tally.region = plan.region
            tally.problem = plan.refusals.first?.problem
            tally.refusal = plan.report
        }
    }

    func ended(code: Int32) {
        write(.ended) { event, tally in
            (event.exitCode, event.remoteWrites, event.failures) = (code, tally.remoteWrites, tally.failures)
            (event.problem, event.report) = (tally.problem, tally.refusal)
        }
    }

    /// The run ended by an error, which is printed elsewhere.
    func ended(_ error: any Error) {
        write(.ended) { event, tally in
            (event.remoteWrites, event.failures) = (tally.remoteWrites, tally.failures)
            switch error {
            case let problem as FleetProblem: (event.exitCode, event.problem) = (problem.exitCode, problem)
            case let problems as FleetProblems:
                (event.exitCode, event.problem) = (problems.exitCode, problems.all.first)
            case _: event.exitCode = 1
            }
        }
    }

    /// One line with one write, so that a reader never sees half of one for long.
    private func write(_ kind: EventLine.Kind, _ fill: (inout EventLine, inout Tally) -> Void) {
        state.withLock {
            tally.sequence += 1
            var event = EventLine(sequence: tally.sequence, at: SystemClock().now(), kind: kind)
            fill(&event, &tally)
            event.region = tally.region
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            guard let line = try? encoder.encode(event) else { return }
            Console.write(String(decoding: line, as: UTF8.self) + "\n", to: descriptor)
        }
    }
}

/// One line. The words are those of the control plane's run events, which have no names of hosts.
private struct EventLine: Encodable {
    enum Kind: String, Encodable { case planned, started, finished, ended }

    struct PlannedStep: Encodable {
        var step: StepID
        var host: HostID
        var actor: HostID
        var word: String
        var reason: String
    }

    var schema = 1
    var sequence: Int
    var at: Timestamp
    var kind: Kind
    var region: RegionID?
    var generation: Int?
    var steps: [PlannedStep]?
    var report: [ReportEntry]?
    var step: StepID?
    var host: HostID?
    var word: String?
    var outcome: String?
    var milliseconds: Int?
    var problem: FleetProblem?
    var because: StepID?
    var exitCode: Int32?
    var remoteWrites: Int?
    var failures: [HostID: FleetProblem]?

    init(sequence: Int, at: Timestamp, kind: Kind) { (self.sequence, self.at, self.kind) = (sequence, at, kind) }

    mutating func take(_ step: Step) { (self.step, host, word) = (step.id, step.subject, step.action.word) }
}
