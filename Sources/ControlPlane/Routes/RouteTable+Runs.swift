// Handlers of the routes about runs: which there were, what happens in one, and the end of one before its time.

package import FleetModel
import FoundationEssentials
import Hummingbird
import InventoryStore

package struct RunsAnswer: Codable, Hashable, Sendable { package var runs: [Run] }

extension RouteTable {
    func runs(_ asked: Asked) async throws -> Response {
        let limit = try asked.number("limit", in: 1...1000, default: 20)
        return try JSONAnswer.response(RunsAnswer(runs: try await core.opened().inventory.runs(limit: limit)))
    }

    func run(_ asked: Asked) async throws -> Response { try JSONAnswer.response(try await known(asked).run) }

    /// JSON Lines: all events after a sequence, those to come included, until the run has ended. Empty lines mean that
    /// it still goes on.
    func runEvents(_ asked: Asked) async throws -> Response {
        let (inventory, run) = try await known(asked)
        let after = try asked.number("after", in: 0...Int.max, default: 0)
        let log = FollowedLog(
            source: inventory.eventStream(of: run.id, after: after), heartbeat: "\n",
            { ByteBuffer(bytes: try JSONAnswer.data($0) + [0x0A]) }, isLast: { $0.kind == .ended })
        // Whoever has read `ended` already would wait for ever.
        let isNothingLeft = try await inventory.events(of: run.id, after: after).isEmpty
        let isRead = run.state.isEnded && isNothingLeft
        return Response(
            status: .ok, headers: [.contentType: "application/jsonl", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                if !isRead { try await log.follow(&writer) }
                try await writer.finish(nil)
            })
    }

    func cancelRun(_ asked: Asked) async throws -> Response {
        try JSONAnswer.response(try await core.cancelRun(RunID(try asked.parameter("id")), by: asked.actor))
    }

    private func known(_ asked: Asked) async throws -> (inventory: Inventory, run: Run) {
        let (inventory, id) = (try await core.opened().inventory, RunID(try asked.parameter("id")))
        guard let run = try await inventory.run(id) else { throw APIProblem.noRun(id) }
        return (inventory, run)
    }
}
