// What is kept of what hosts print: bounded, with its beginning and its end, in files that stay small.
import FleetModel
import Foundation
import Testing

@testable import FleetLive

@Suite("Bounded output") struct OutputTests {
    private func output(_ limit: Int, _ parts: String...) -> BoundedOutput {
        var output = BoundedOutput(limit: limit)
        for part in parts { Array(part.utf8).withUnsafeBytes { output.append($0) } }
        return output
    }

    @Test("what fits is kept as it is, in one part or in many")
    func fits() {
        #expect(output(8, "abcdefgh").text == "abcdefgh")
        #expect(output(8, "abc", "de", "fgh").text == "abcdefgh" && output(8, "abc", "de", "fgh").leftOut == 0)
        #expect(output(8).isEmpty && output(8).text == "")
    }

    @Test("what does not fit loses its middle, and a line says how much")
    func middle() {
        let lines = (1...9).map { "\($0)\n" }.joined()
        let one = output(8, lines)
        #expect(one.leftOut == 10 && one.text == "1\n2\n\n[… 12 bytes are left out …]\n9\n")
        let many = output(8, "1\n2\n3\n4", "\n5\n6", "\n7\n8\n", "9\n")
        #expect(many.text == one.text && many.leftOut == one.leftOut)
        #expect(output(4, "a", String(repeating: "b", count: 1000), "cd").text.hasSuffix("left out …]\ncd"))
    }

    @Test("random parts: head and tail are those of the whole")
    func random() {
        var seed: UInt64 = 7
        for _ in 0..<200 {
            var (whole, output) = ([UInt8](), BoundedOutput(limit: 20))
            for _ in 0..<(seed % 9) {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let part = (0..<(seed >> 33) % 40).map { UInt8(truncatingIfNeeded: 97 + ($0 + seed >> 40) % 26) }
                part.withUnsafeBytes { output.append($0) }
                whole += part
            }
            let text = output.text
            #expect(text.hasPrefix(String(decoding: whole.prefix(10), as: UTF8.self)))
            #expect(text.hasSuffix(String(decoding: whole.suffix(10), as: UTF8.self)))
            #expect(output.leftOut == max(0, whole.count - 20))
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        }
    }

    private func withFolder(_ body: (RegionFolder) throws -> Void) throws {
        let home = NSTemporaryDirectory() + "muster-logs-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: home) }
        try body(RegionFolder(region: "eu1", environment: ["MUSTER_HOME": home]))
    }

    @Test("a host's log: entries with their time, for its owner only, never above its bound (F48)")
    func logs() throws {
        try withFolder { folder in
            let logs = HostLogs(folder: folder) { Timestamp(secondsSinceEpoch: 0) }
            logs.write("install-engine 1\n  exit 3", of: "h1")
            #expect(
                try String(contentsOfFile: logs.path(of: "h1"), encoding: .utf8)
                    == "1970-01-01T00:00:00Z  install-engine 1\n  exit 3\n")
            let mode = try FileManager.default.attributesOfItem(atPath: logs.path(of: "h1"))[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let line = String(repeating: "x", count: 1_000)
            for index in 0..<500 { logs.write("\(index) \(line)", of: "h1") }
            let text = try String(contentsOfFile: logs.path(of: "h1"), encoding: .utf8)
            #expect(text.utf8.count <= HostLogs.mostBytes && text.utf8.count > HostLogs.mostBytes / 3)
            #expect(text.hasPrefix("1970-01-01T00:00:00Z  ") && text.contains("  499 xxx"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/logs") == ["h1.log"])
        }
    }

    @Test("a region that ended twice in one second: both histories are kept; one that cannot be moved stays")
    func histories() throws {
        try withFolder { folder in
            let ended = Timestamp(secondsSinceEpoch: 7)
            for turn in 1...3 {
                try Data("\(turn)".utf8).write(to: URL(fileURLWithPath: folder.inventoryPath))
                let kept = try folder.keepHistory(at: ended)
                #expect(kept.hasSuffix(turn == 1 ? "/removed/eu1-7.sqlite" : "/removed/eu1-7-\(turn).sqlite"))
                #expect(try String(contentsOfFile: kept, encoding: .utf8) == "\(turn)")
            }
            let problem = try #require(throws: FleetProblem.self) { _ = try folder.keepHistory(at: ended) }
            #expect(problem.code == "history-unmoved" && problem.subject.contains("inventory.sqlite"))
        }
    }

    @Test("pins: kept by address and port, before known_hosts, never before the manifest's own")
    func pins() throws {
        try withFolder { folder in
            var pins = try OperatorPins(folder: folder.path)
            pins.set("SHA256:new", address: "10.0.0.1", port: 22, at: Timestamp(secondsSinceEpoch: 0))
            try pins.save(to: folder)
            let hosts = [("h1", "10.0.0.1", nil), ("h2", "10.0.0.1", "SHA256:manifest"), ("h3", "10.0.0.3", nil)]
            let policy = FleetPolicy(
                region: "eu1", domains: ["a"], clusters: [],
                hosts: hosts.map { name, address, key in
                    HostPolicy(name: HostID(name), address: address, domain: "a", cluster: "c", hostKey: key)
                })
            let pinned = policy.pinned(by: try OperatorPins(folder: folder.path))
            #expect(pinned.hosts.map(\.hostKey) == ["SHA256:new", "SHA256:manifest", nil])
            var other = policy
            other.access.port = 2222
            #expect(other.pinned(by: try OperatorPins(folder: folder.path)).hosts[0].hostKey == nil)
        }
    }
}
