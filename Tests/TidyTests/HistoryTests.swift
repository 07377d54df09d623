// The bench's history is read by people and tools years later: what docs/benchmarks.md says of its lines is held here.
import Foundation
import Testing

@Suite("History of the bench") struct HistoryTests {
    private static let keys: Set<String> = [
        "schema", "date", "commit", "build", "machine", "rounds", "tables", "skipped", "figures", "bars",
    ]

    private func lines() throws -> [[String: Any]] {
        let text = try #require(Repository.read("loadtest/history.ndjson")).text
        return try text.split(separator: "\n").map { line in
            let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(value as? [String: Any], "\(line.prefix(80))")
        }
    }

    @Test("every line has the documented keys, and docs/benchmarks.md names each of them")
    func keys() throws {
        let page = try #require(Repository.read("docs/benchmarks.md")).text
        for key in Self.keys { #expect(page.contains("`\(key)`"), "\(key)") }
        for line in try lines() {
            #expect(Set(line.keys) == Self.keys)
            #expect(["debug", "release"].contains(line["build"] as? String))
        }
    }

    @Test("a bar holds exactly when its value is there and within its bound")
    func bars() throws {
        for line in try lines() {
            for bar in try #require(line["bars"] as? [[String: Any]]) {
                let atMost = try #require(bar["atMost"] as? Double)
                let holds = (bar["value"] as? Double).map { $0 <= atMost } ?? false
                #expect(bar["holds"] as? Bool == holds, "\(bar)")
            }
        }
    }
}
