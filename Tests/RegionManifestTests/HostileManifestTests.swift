// Files that mean harm, or that are only very large: bounded time, clear words, no crash (F42, F43).

import FleetModel
import Foundation
import Testing

@testable import RegionManifest

@Suite struct HostileManifestTests {
    private func first(_ text: String) -> String? { BadManifestTests.problems(text).first?.description }

    @Test("F42: ten lines of aliases that stand for 10^9 values → refused before they are expanded, as a key too")
    func bomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            text +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]\n"
        }
        let message =
            "eu1.yaml:2: `*a0` is a YAML alias, and aliases are refused; write the value out where it is needed"
        #expect(BadManifestTests.problems(text + "? *a9\n: x\n").map(\.description) == [message])
    }

    @Test("stars and ampersands that are no aliases are read", arguments: ["a & b * c", "20.10.*", "&", "* x"])
    func noAliases(value: String) {
        let text = GoodManifestTests.small + "engine: {daemon: {a: \"\(value)\"}}\n"
        #expect(BadManifestTests.problems(text).isEmpty)
    }

    @Test("100,000 opened lists → refused by depth, no crash")
    func depth() {
        #expect(first(String(repeating: "[", count: 100_000))?.hasPrefix("eu1.yaml:1: not readable as YAML") == true)
        let block = (0..<2_000).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        #expect(first(block)?.contains("not readable as YAML") == true)
    }

    @Test("4 MiB and one byte → refused")
    func size() {
        let text = GoodManifestTests.small
        let padded = text + "#" + String(repeating: "x", count: 4 * 1024 * 1024 - text.utf8.count)
        #expect(padded.utf8.count == 4 * 1024 * 1024 + 1)
        let problem = BadManifestTests.problems(padded).first
        #expect(problem?.message == "the file has 4194305 bytes, more than 4 MiB")
        #expect(BadManifestTests.problems(String(padded.dropLast())).isEmpty)
    }

    @Test("control characters are named by their line", arguments: ["\u{0}", "\u{1B}[2J", "\u{7F}", "\u{FFFE}"])
    func controls(text: String) {
        let found = first("muster: 1\nregion: a\(text)b\n") ?? ""
        #expect(found.hasPrefix("eu1.yaml:2: not readable as YAML: control characters are not allowed"))
    }

    static let hostile = [
        "$$(reboot)", "`reboot`", "; reboot", "| reboot", "&& reboot", "a b", "a\\nb", "../../etc", "-v", "--force",
        "'", "\\\"", "*", "~root", "\\e[31m", "\\u202Etxt", "é", "ｈ1", "h1.", ".h1", "h_1", "H1", "%s", "{{.Env}}",
        "h1\\0",
    ]

    @Test(
        "F43: hostile texts are no names and no addresses, and messages about them are one clean line",
        arguments: hostile)
    func hostileNames(text: String) {
        let manifest = """
            muster: 1
            region: "\(text)"
            domains: ["\(text)"]
            clusters: [{name: "\(text)", control: true, managers: 1}]
            hosts: [{name: "\(text)", address: "\(text)", domain: a, cluster: b}]
            """
        let problems = BadManifestTests.problems(manifest)
        for line in 2...5 { #expect(problems.contains { $0.subject == "eu1.yaml:\(line)" }, "line \(line)") }
        for problem in problems {
            let isClean = TextRule.isOneLine(problem.description, atMost: 1_000)
            #expect(isClean, "\(problem)")
        }
    }

    @Test("files that cannot be read: absent, a folder, not UTF-8", arguments: ["absent", "folder", "latin"])
    func files(kind: String) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/muster-manifest-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder + "/folder", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data("muster: 1\nregion: \u{E9}".utf16.map { UInt8($0) }).write(to: URL(fileURLWithPath: folder + "/latin"))
        let words = [
            "absent": "cannot open the manifest: No such file or directory",
            "folder": "cannot read the manifest: Is a directory",
            "latin": "the file is not UTF-8: look at line 2 or below",
        ]
        #expect {
            try Manifest.policy(at: folder + "/" + kind, environment: [:])
        } throws: { error in
            guard let problem = (error as? FleetProblems)?.all.first else { return false }
            return problem.kind == .rejected && problem.description.contains("\(kind): \(words[kind]!)")
        }
    }

    @Test("F42: 10,000 hosts are read, and 10,000 hosts with the same mistake each are reported up to a bound")
    func large() throws {
        let hosts = (0..<10_000).map { index in
            let address = "10.\(index / 65_536).\(index / 256 % 256).\(index % 256)".replacing(
                "10.0.0.0", with: "10.9.0.0")
            return HostPolicy(
                name: HostID("eu1-\(index)"), address: address, domain: index.isMultiple(of: 2) ? "a" : "b",
                cluster: "control", labels: ["rack": "r\(index % 40)"],
                hostKey: "SHA256:" + String(repeating: "k", count: 43))
        }
        let policy = FleetPolicy(
            region: "eu1", domains: ["a", "b"],
            clusters: [ClusterPolicy(name: "control", isControl: true, managers: 3)], hosts: hosts)
        let text = Manifest.yaml(for: policy)
        let clock = ContinuousClock()
        var read: FleetPolicy?
        let duration = try clock.measure {
            read = try Manifest.policy(fromYAML: text, file: "eu1.yaml", environment: [:])
        }
        print("manifest of 10,000 hosts: \(text.utf8.count) bytes, read in \(duration)")
        #expect(read == policy)
        let wrong = text.replacing("domain: b", with: "domain: c")
        var problems: [FleetProblem] = []
        print("5,000 mistakes in it: found in \(clock.measure { problems = BadManifestTests.problems(wrong) })")
        #expect(problems.count == 1_001 && problems.last?.message == "4000 more problems are not shown")
    }
}
