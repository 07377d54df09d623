// A log that is sent as it grows, to one reader: with a heartbeat, so that a silent connection is a lost one, and with a
// bound, so that a reader who does not read costs nobody else anything.

import Hummingbird
import InventoryStore
import ServiceLifecycle

/// Follows one log.
struct FollowedLog<Entry: Sendable>: Sendable {
    let source: LogStream<Entry>
    /// What is sent when there is nothing to send.
    let heartbeat: String
    let text: @Sendable (Entry) throws -> ByteBuffer
    /// Nothing follows this entry.
    let isLast: @Sendable (Entry) -> Bool

    /// Below the 30 s and more after which proxies and address translators forget a silent connection.
    static var beat: Duration { .seconds(15) }

    init(
        source: LogStream<Entry>, heartbeat: String, _ text: @escaping @Sendable (Entry) throws -> ByteBuffer,
        isLast: @escaping @Sendable (Entry) -> Bool = { _ in false }
    ) {
        (self.source, self.heartbeat, self.text, self.isLast) = (source, heartbeat, text, isLast)
    }

    private enum Part: Sendable {
        case entry(Entry)
        case heartbeat
    }

    /// Two sources, one writer; it ends after the last entry, when the reader goes, and when the server stops.
    func follow(_ writer: inout any ResponseBodyWriter) async throws {
        // A reader that does not read holds up its own source at most: the stream keeps 1000 parts, and a reader that
        // is further behind is cut off and comes back with where it was.
        let (parts, continuation) = AsyncStream.makeStream(of: Part.self, bufferingPolicy: .bufferingOldest(1000))
        try await withGracefulShutdownHandler {
            let reader = Task { [source] in
                defer { continuation.finish() }
                for try await entry in source {
                    if case .dropped = continuation.yield(.entry(entry)) { return }
                }
            }
            let heart = Task {
                while !Task.isCancelled {
                    try await Task.sleep(for: Self.beat)
                    continuation.yield(.heartbeat)
                }
            }
            defer {
                reader.cancel()
                heart.cancel()
            }
            for await part in parts {
                switch part {
                case .heartbeat: try await writer.write(ByteBuffer(string: heartbeat))
                case .entry(let entry):
                    try await writer.write(text(entry))
                    if isLast(entry) { return }
                }
            }
        } onGracefulShutdown: {
            continuation.finish()
        }
    }
}
