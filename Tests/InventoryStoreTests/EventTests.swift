// Events, tokens and settings: what pages and the API read.

import FleetModel
import Testing

@testable import InventoryStore

@Suite struct EventTests {
    let scratch = Scratch()

    private func event(_ number: Int) -> FleetEvent {
        FleetEvent(at: time(number), kind: "step", actor: "operator", subject: "host `h\(number)`", message: "done")
    }

    @Test("events come in order after a sequence, the latest come newest first, both bounded")
    func pages() async throws {
        let inventory = try Inventory(path: scratch.path())
        for number in 1...5 { #expect(try await inventory.append(event(number)) == number) }
        #expect(try await inventory.events(after: 3).map(\.sequence) == [4, 5])
        #expect(try await inventory.events(limit: 2).map(\.subject) == ["host `h1`", "host `h2`"])
        #expect(try await inventory.latestEvents(limit: 2).map(\.sequence) == [5, 4])
        #expect(try await inventory.latestEvents(limit: 0).isEmpty)
    }

    @Test("a stream gives what is there, then what comes, each event once and in order")
    func stream() async throws {
        let inventory = try Inventory(path: scratch.path())
        for number in 1...3 { try await inventory.append(event(number)) }
        let reader = Task {
            var seen: [Int] = []
            for try await event in inventory.eventStream(after: 1) {
                seen.append(event.sequence)
                if event.sequence == 40 { break }
            }
            return seen
        }
        let writers = Task {
            for number in 4...40 { try await inventory.append(event(number)) }
        }
        try await writers.value
        #expect(try await reader.value == Array(2...40))
    }

    @Test("the reader of a stream is cancelled → the stream ends, and the inventory can be closed")
    func cancelledStream() async throws {
        let inventory = try Inventory(path: scratch.path())
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        try await inventory.append(event(1))
        let reader = Task {
            var count = 0
            for try await _ in inventory.eventStream(after: 0) {
                count += 1
                start.yield()
            }
            return count
        }
        for await _ in started { break }
        reader.cancel()
        _ = try? await reader.value
        try inventory.close()
    }
}

@Suite struct TokenTests {
    let scratch = Scratch()
    private let digest = String(repeating: "0a", count: 32)
    private let other = String(repeating: "1b", count: 32)

    @Test("a token is found by its digest until it is revoked, and its name is free again then")
    func life() async throws {
        let inventory = try Inventory(path: scratch.path())
        try await inventory.addToken(name: "ci", role: .operator, sha256: digest, at: time(1))
        #expect(try await inventory.token(sha256: digest) == APIToken(name: "ci", role: .operator, createdAt: time(1)))
        let twice = await problem { try await inventory.addToken(name: "ci", role: .admin, sha256: other, at: time(2)) }
        #expect(twice?.code == "token-exists")
        try await inventory.revokeToken(name: "ci", at: time(3))
        #expect(try await inventory.token(sha256: digest) == nil)
        #expect(await problem { try await inventory.revokeToken(name: "ci", at: time(4)) }?.code == "token-unknown")
        try await inventory.addToken(name: "ci", role: .viewer, sha256: other, at: time(5))
        let reused = await problem {
            try await inventory.addToken(name: "x", role: .viewer, sha256: digest, at: time(6))
        }
        #expect(reused?.code == "token-exists")
        #expect(try await inventory.tokens().map(\.revokedAt) == [time(3), nil])
    }

    @Test("what is no digest is refused", arguments: ["", "secret", String(repeating: "A", count: 64)])
    func digests(text: String) async throws {
        let inventory = try Inventory(path: scratch.path())
        let refused = await problem { try await inventory.addToken(name: "x", role: .admin, sha256: text, at: time(1)) }
        #expect(refused?.code == "token-digest")
        #expect(refused?.description.contains("secret") == false)
    }

    @Test("roles are ordered: viewer, operator, admin")
    func roles() { #expect(APIRole.allCases.sorted() == [.viewer, .operator, .admin] && APIRole.viewer < .admin) }

    @Test("a setting is set, changed, and removed")
    func settings() async throws {
        let inventory = try Inventory(path: scratch.path())
        #expect(try await inventory.setting("context") == nil)
        try await inventory.setSetting("context", value: "a")
        try await inventory.setSetting("context", value: "b")
        #expect(try await inventory.setting("context") == "b")
        try await inventory.setSetting("context", value: nil)
        #expect(try await inventory.setting("context") == nil)
    }
}
