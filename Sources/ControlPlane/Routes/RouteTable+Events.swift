// Events as pages of JSON and as a stream (text/event-stream), for `muster events` and for the page.

package import FleetModel
import FoundationEssentials
import HTTPTypes
import Hummingbird
import InventoryStore

/// What `GET /v1/events` answers when no stream is asked for.
package struct EventsAnswer: Codable, Hashable, Sendable {
    package var events: [FleetEvent]
    /// What to ask `after` for the next page.
    package var next: Int
}

extension RouteTable {
    /// What the page shows at first.
    static let pageEventCount = 60

    func events(_ asked: Asked) async throws -> Response {
        let inventory = try await core.opened().inventory
        let after = try asked.number("after", in: 0...Int.max, default: 0)
        if asked.request.headers[.accept]?.contains("text/event-stream") == true {
            return EventStreamAnswer(inventory: inventory, first: [], after: try Self.lastEvent(asked) ?? after)
                .response
        }
        let limit = try asked.number("limit", in: 1...1000, default: 100)
        let events = try await inventory.events(after: after, limit: limit)
        return try JSONAnswer.response(EventsAnswer(events: events, next: events.last?.sequence ?? after))
    }

    func pageEvents(_ asked: Asked) async throws -> Response {
        let inventory = try await core.opened().inventory
        if let last = try Self.lastEvent(asked) {
            return EventStreamAnswer(inventory: inventory, first: [], after: last).response
        }
        let latest = try await inventory.latestEvents(limit: Self.pageEventCount)
        return EventStreamAnswer(
            inventory: inventory, first: latest.reversed(), after: latest.first?.sequence ?? 0
        ).response
    }

    /// Where a browser goes on after its connection was lost.
    private static func lastEvent(_ asked: Asked) throws -> Int? {
        guard let name = HTTPField.Name("Last-Event-ID"), let text = asked.request.headers[name] else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw APIProblem(
                .badRequest, .rejected, "query-invalid", subject: asked.subject, "`Last-Event-ID` is not a number")
        }
        return number
    }
}

/// One stream of events to one reader.
struct EventStreamAnswer: Sendable {
    let inventory: Inventory
    /// Events to send before `caught-up`.
    let first: [FleetEvent]
    /// The rest begins after this one.
    let after: Int

    var response: Response {
        let log = FollowedLog(source: inventory.eventStream(after: after), heartbeat: ": still here\n\n", Self.text)
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                for event in first { try await writer.write(Self.text(of: event)) }
                try await writer.write(ByteBuffer(string: "event: caught-up\ndata: \(after)\n\n"))
                try await log.follow(&writer)
                try await writer.finish(nil)
            })
    }

    static func text(of event: FleetEvent) throws -> ByteBuffer {
        let json = String(decoding: try JSONAnswer.data(event), as: UTF8.self)
        return ByteBuffer(string: "id: \(event.sequence)\nevent: fleet\ndata: \(json)\n\n")
    }
}
