// docs/errors.md shows every error once, as people meet it: made from the goldens of the tables that have one, and from
// the sources' own words for the rest. Read it as prose; mend a poor sentence where it is written, and record.
import Foundation
import Testing

@Suite("Errors page") struct ErrorPageTests {
    private static let opening = """
        # Errors

        Every error and finding of Muster, once, as it is printed. A test makes this page (`RECORD=1`, TidyTests) from
        the tables in the sources; mend a sentence there. Each reads `subject: what was tried and what happened; what
        to do next`, in one line; `--json` gives the parts as `code`, `subject`, `message`, `cause` and `hint`, and what
        ended or kept back a run as `problem`, as the last line of `--events` does. `…` stands for what is filled in.

        | kind | who has to act | exit code |
        |---|---|---|
        | *rejected* | the input is wrong: whoever wrote it | 64 |
        | *refused* | Muster will not: people decide | 2 |
        | *unavailable* | something does not answer: wait, mend the way to it, try again | 69 |
        | *failed* | something was tried and did not work | 1 |
        | *broken* | a promise inside Muster or its files is broken | 70 |
        | *noted* | nobody: it is to be known, as what waits or has drifted | 0 |

        In a report, *refused* stops the whole plan, *quarantined* leaves one host out (exit code 4 if the others come
        up), *waits* is done by a later run, *drift* is not mended by any step, *note* is worth knowing.

        """

    /// A golden with one line `[code] text` each.
    private static func coded(_ path: String, _ prefix: String = "") throws -> [String] {
        try lines(path).compactMap { line in
            guard let parts = line.wholeMatch(of: /\[([^\]]+)\] (.*)/) else { return nil }
            return "- `\(parts.output.1)` \(prefix)\(parts.output.2)"
        }
    }

    private static func lines(_ path: String) throws -> [Substring] {
        try #require(Repository.read(path), "\(path) is gone").text.split(separator: "\n")
    }

    /// `kind code`, and the text in the next line.
    private static func inventory() throws -> [String] {
        let all = try lines("Tests/InventoryStoreTests/problems.txt")
        return stride(from: 0, to: all.count - 1, by: 2).map { index in
            let words = all[index].split(separator: " ")
            return "- `\(words.last ?? "")` *\(words.first ?? "")* \(all[index + 1])"
        }
    }

    /// What is said about bad manifests: each sentence once.
    private static func manifests() throws -> [String] {
        let said = try lines("Tests/RegionManifestTests/bad-manifests.txt").compactMap { line in
            line.wholeMatch(of: /eu1\.yaml:[0-9]+: (.*)/).map { "- \($0.output.1)" }
        }
        var seen: Set<String> = []
        return said.filter { seen.insert($0).inserted }
    }

    private static func written(_ targets: [String]) -> [String] {
        let problems = Repository.sources.filter { targets.contains($0.target) }.flatMap(SourceProblem.all)
        let ordered = problems.map { "- `\($0.code)` *\($0.kind)* \($0.text)" }
        return Array(Set(ordered)).sorted()
    }

    private static func page() throws -> String {
        let sections: [(String, [String])] = [
            ("Before anything is written", try coded("Tests/FleetPlannerTests/Goldens/findings.txt")),
            ("The way to a host", try coded("Tests/SSHLiveTests/Goldens/ssh-errors.txt")),
            ("Steps on hosts", try coded("Tests/FleetReconcilerTests/Goldens/act-problems.txt")),
            ("Manifests", try manifests()),
            ("The command line", written(["muster", "FleetLive", "FleetModel"])),
            ("The control plane and its clients", written(["ControlPlane"])),
            ("The control plane's image", written(["ControlPlaneImage"])),
            ("The inventory", try inventory()),
        ]
        return opening + sections.map { "\n## \($0.0)\n\($0.1.joined(separator: "\n"))\n" }.joined()
    }

    @Test("docs/errors.md is what the tables say; RECORD=1 writes it anew")
    func current() throws {
        let page = try Self.page()
        if ProcessInfo.processInfo.environment["RECORD"] != nil { return try Repository.write("docs/errors.md", page) }
        let written = Repository.read("docs/errors.md")?.text ?? ""
        let missing = Set(page.split(separator: "\n")).symmetricDifference(written.split(separator: "\n"))
        #expect(
            missing.sorted() == [],
            "run the tests whose goldens changed, then TidyTests, with RECORD=1; read docs/errors.md")
    }

    /// A manifest's sentence says what it must be instead: `managers` must be a number from 1 to 7.
    @Test("every error but a manifest's says what to do next after a semicolon, and none ends in a full stop")
    func style() throws {
        let page = try Self.page()
        let manifests = Set(try Self.manifests())
        let entries = page.split(separator: "\n").map(String.init).filter { $0.hasPrefix("- `") }
        #expect(entries.count > 150)
        #expect(entries.filter { !$0.contains("; ") && !manifests.contains($0) } == [], "no word of what to do next")
        #expect(entries.filter { $0.hasSuffix(".") } == [])
    }
}
