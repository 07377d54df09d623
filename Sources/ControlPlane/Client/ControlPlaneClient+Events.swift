// Events as they happen, for `muster events --follow` and for progress that waits for one.

package import FleetModel
import FoundationEssentials
import NIOCore

extension ControlPlaneClient {
    /// A page of events after a sequence, the oldest first.
    package func events(after sequence: Int = 0, limit: Int = 100) async throws(FleetProblem) -> EventsAnswer {
        try await ask(Call(path: "/v1/events?after=\(sequence)&limit=\(limit)")).json(EventsAnswer.self)
    }

    /// All events after a sequence, those to come included. It ends with an error when the connection is lost: ask
    /// again after the last one that came.
    package func eventStream(after sequence: Int = 0) -> AsyncThrowingStream<FleetEvent, any Error> {
        AsyncThrowingStream { continuation in
            let reader = Task {
                do {
                    // A day: whoever follows longer connects again.
                    let call = Call(
                        path: "/v1/events?after=\(sequence)", accept: "text/event-stream", timeout: .seconds(86_400))
                    let response = try await reach(call)
                    guard response.status == .ok else { throw try await refusal(call) }
                    var lines = EventLines()
                    for try await buffer in response.body {
                        for event in try lines.take(Data(buffer: buffer)) { continuation.yield(event) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in reader.cancel() }
        }
    }

    /// The problem behind a stream that was not given.
    private func refusal(_ call: Call) async throws -> FleetProblem {
        do {
            _ = try await ask(Call(path: call.path))
            return FleetProblem(
                .failed, "answer-unexpected", subject: "control plane", "it gave no stream of events", hint: "ask again"
            )
        } catch { return error }
    }
}

/// Puts lines together from pieces that end anywhere, and reads the `data:` of those that are events.
struct EventLines: Sendable {
    private var rest = Data()
    /// A line that is longer is not one of ours.
    static let longest = 1 << 20

    mutating func take(_ piece: Data) throws -> [FleetEvent] {
        rest.append(piece)
        var events: [FleetEvent] = []
        while let end = rest.firstIndex(of: 0x0A) {
            let line = rest[rest.startIndex..<end]
            rest = Data(rest[(end + 1)...])
            // `caught-up` carries a number where an event is an object.
            guard line.starts(with: Data("data: {".utf8)) else { continue }
            events.append(try JSONDecoder().decode(FleetEvent.self, from: Data(line.dropFirst(6))))
        }
        guard rest.count <= Self.longest else {
            throw FleetProblem(
                .failed, "answer-unreadable", subject: "control plane", "its stream of events has no end of line",
                hint: "use the `muster` of the control plane's version")
        }
        return events
    }
}
