// Events as they happen, for `muster events --follow` and for progress that waits for one.

package import FleetModel
import FoundationEssentials
import NIOCore
import Synchronization

extension ControlPlaneClient {
    /// A page of events after a sequence, the oldest first.
    package func events(after sequence: Int = 0, limit: Int = 100) async throws(FleetProblem) -> EventsAnswer {
        try await ask(Call(path: "/v1/events?after=\(sequence)&limit=\(limit)")).json(EventsAnswer.self)
    }

    /// All events after a sequence, those to come included. It ends with an error when the connection is lost: ask
    /// again after the last one that came.
    package func eventStream(after sequence: Int = 0) -> AsyncThrowingStream<FleetEvent, any Error> {
        // A day: whoever follows longer connects again.
        let call = Call(
            path: "/v1/events?after=\(sequence)", accept: "text/event-stream", timeout: .seconds(86_400))
        return lines(of: call) { line in
            // `caught-up` carries a number where an event is an object.
            guard line.starts(with: Data("data: {".utf8)) else { return nil }
            return try JSONDecoder().decode(FleetEvent.self, from: Data(line.dropFirst(6)))
        }
    }
}

extension ControlPlaneClient {
    /// What `read` makes of the lines of an answer that grows. With `silence`: an answer that brings nothing for so
    /// long, not even a heartbeat, is lost.
    func lines<Value: Sendable>(
        of call: Call, silence: Duration? = nil, _ read: @escaping @Sendable (Data) throws -> Value?
    ) -> AsyncThrowingStream<Value, any Error> {
        AsyncThrowingStream { continuation in
            let pulse = Pulse()
            let reader = Task {
                do {
                    let response = try await reach(call)
                    guard response.status == .ok else {
                        let body = try await response.body.collect(upTo: LineReader.longest)
                        throw Self.problem(Int(response.status.code), Data(buffer: body))
                    }
                    var lines = LineReader()
                    for try await buffer in response.body {
                        pulse.beat()
                        for line in try lines.take(Data(buffer: buffer)) {
                            if let value = try read(line) { continuation.yield(value) }
                        }
                    }
                    continuation.finish()
                } catch let problem as FleetProblem {
                    continuation.finish(throwing: problem)
                } catch let error as DecodingError {
                    continuation.finish(throwing: error)
                } catch {
                    continuation.finish(throwing: Self.brokenOff(error))
                }
            }
            let watch = silence.map { silence in
                Task {
                    while try await pulse.isAlive(within: silence) {}
                    continuation.finish(throwing: Self.brokenOff(nil))
                    reader.cancel()
                }
            }
            continuation.onTermination = { _ in
                reader.cancel()
                watch?.cancel()
            }
        }
    }

    private static func brokenOff(_ error: (any Error)?) -> FleetProblem {
        FleetProblem(
            .unavailable, "stream-lost", subject: "control plane",
            "the connection broke off: " + (error.map(words) ?? "nothing came any more"), hint: "ask again")
    }
}

/// When something came last.
private final class Pulse: Sendable {
    private let last = Mutex(ContinuousClock.now)

    func beat() { last.withLock { $0 = .now } }

    /// Waits until `silence` after the last beat; whether there was another one in between.
    func isAlive(within silence: Duration) async throws -> Bool {
        let seen = last.withLock { $0 }
        try await Task.sleep(until: seen + silence)
        return last.withLock { $0 } != seen
    }
}

/// Puts lines together from pieces that end anywhere.
struct LineReader: Sendable {
    private var rest = Data()
    /// A line that is longer is not one of ours.
    static let longest = 1 << 20

    /// The lines that `piece` completes, without their ends.
    mutating func take(_ piece: Data) throws -> [Data] {
        rest.append(piece)
        var lines: [Data] = []
        while let end = rest.firstIndex(of: 0x0A) {
            lines.append(Data(rest[rest.startIndex..<end]))
            rest = Data(rest[(end + 1)...])
        }
        guard rest.count <= Self.longest else {
            throw FleetProblem(
                .failed, "answer-unreadable", subject: "control plane", "its stream of events has no end of line",
                hint: "use the `muster` of the control plane's version")
        }
        return lines
    }
}
