// Runs, as the command line follows them: a lost connection is made again, at whichever manager answers, and goes on
// after the last event that came.

package import FleetModel
import FoundationEssentials
import NIOCore

extension ControlPlaneClient {
    /// Applies a plan: at once when there is nothing to do, else as a run. May be asked again when the answer was lost:
    /// a plan that was applied is refused as going on or as stale, and changes nothing twice.
    package func apply(_ id: PlanID, approving number: Int? = nil) async throws(FleetProblem) -> Applied {
        let approval = number.map { "?approve=\($0)" } ?? ""
        let call = Call(
            method: .POST, path: "/v1/plans/\(Self.escaped(id.rawValue))/apply\(approval)", timeout: .seconds(330),
            isRepeatable: false)
        let answer = try await ask(call)
        return answer.status == 202 ? .begun(try answer.json(Run.self)) : .atOnce(try answer.json(ApplyAnswer.self))
    }

    /// The runs, the newest first.
    package func runs(limit: Int = 20) async throws(FleetProblem) -> [Run] {
        try await ask(Call(path: "/v1/runs?limit=\(limit)")).json(RunsAnswer.self).runs
    }

    package func run(_ id: RunID) async throws(FleetProblem) -> Run {
        try await ask(Call(path: "/v1/runs/\(Self.escaped(id.rawValue))")).json(Run.self)
    }

    /// Tells a run to stop; may be repeated.
    @discardableResult
    package func cancel(_ id: RunID) async throws(FleetProblem) -> Run {
        try await ask(Call(method: .POST, path: "/v1/runs/\(Self.escaped(id.rawValue))/cancel")).json(Run.self)
    }
}

/// How long whoever follows a run waits for a control plane that does not answer.
package struct FollowPatience: Sendable {
    /// Three heartbeats of 15 s: a connection that is silent for longer is lost.
    package var silence: Duration = .seconds(45)
    /// A home host that reboots is back within two minutes, and its control plane ten seconds later.
    package var absence: Duration = .seconds(300)
    /// Between two tries.
    package var pause: Duration = .seconds(1)

    package init() {}
}

extension ControlPlaneClient {
    /// Gives every event of a run after a sequence to `body`, until the run has ended; gives what came of it.
    /// `onLost` is told when the connection is lost, each time.
    package func follow(
        _ run: RunID, after sequence: Int = 0, patience: FollowPatience = FollowPatience(),
        onLost: (FleetProblem) -> Void = { _ in }, _ body: (RunEvent) async throws -> Void
    ) async throws -> RunOutcome {
        var last = sequence
        var lostSince: ContinuousClock.Instant?
        while true {
            do {
                for try await event in runEvents(run, after: last, silence: patience.silence) {
                    (last, lostSince) = (event.sequence, nil)
                    try await body(event)
                    if let result = event.result { return result }
                }
                if let result = try await self.run(run).outcome { return result }
            } catch let problem as FleetProblem where problem.kind == .unavailable {
                if lostSince == nil { onLost(problem) }
                let since = lostSince ?? .now
                lostSince = since
                guard since.duration(to: .now) < patience.absence else { throw problem }
            }
            try await Task.sleep(for: patience.pause)
        }
    }

    /// The events of a run after a sequence, over one connection.
    private func runEvents(_ run: RunID, after: Int, silence: Duration) -> AsyncThrowingStream<RunEvent, any Error> {
        let call = Call(
            path: "/v1/runs/\(Self.escaped(run.rawValue))/events?after=\(after)", accept: "application/jsonl",
            timeout: .seconds(86_400))
        return lines(of: call, silence: silence) { line in
            line.isEmpty ? nil : try JSONDecoder().decode(RunEvent.self, from: line)
        }
    }
}
