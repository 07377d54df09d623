// docs/faults.md promises a test for every fault. Which test that is, is read from the tests' own titles: one that holds
// Muster to a fault says its number (`F21: host of a foreign Swarm → refused`), and the page lists it.
import Foundation
import Testing

@Suite("Faults") struct FaultPageTests {
    /// Later issues' work; every other fault has a test.
    private static let mayWait: Set<String> = ["F29", "F32", "F33", "F50"]
    /// Where no test needs to cite them yet; the page says what happens today. Take a number out with its first test.
    private static let open: Set<String> = []
    private static let numbers = (1...50).map { String(format: "F%02d", $0) }
    /// Their titles say which faults they make, not what Muster does about them.
    private static let makers: Set<String> = ["LabTests", "TidyTests"]

    /// A test's title or the name of its function in backticks, by where it is.
    private struct Title: Hashable {
        let file: String
        let text: String

        var numbers: [String] { text.matches(of: /F[0-9][0-9]/).map { String($0.output) } }
        /// As the page names it: the title without its numbers.
        var name: String {
            let bare = text.replacing(#/ \((F[0-9][0-9](, )?)+\)$/#, with: "")
            let plain = bare.replacing(#/^((F[0-9][0-9]|I[0-9]+)(, )?)+:? /#, with: "")
            return "\(file) “\(plain.replacing("|", with: "\\|"))”"
        }
    }

    private static let titles: [Title] = Repository.tests.filter { !makers.contains($0.target) }.flatMap { file in
        let stem = "\(file.target)/\(file.name.dropLast(".swift".count))"
        let named = file.text.matches(of: /@Test\(\s*"((?:[^"\\]|\\.)*)"/).map { String($0.output.1) }
        let functions = file.text.matches(of: /func `([^`]*)`\(/).map { String($0.output.1) }
        return (named + functions).map { Title(file: stem, text: $0.replacing("\\\"", with: "\"")) }
    }

    /// The page's table rows by their number: everything before the last cell, and that.
    private static func rows(of page: String) -> [String: (head: String, tests: String)] {
        var rows: [String: (String, String)] = [:]
        for line in page.split(separator: "\n") {
            guard let number = line.firstMatch(of: /^\| (F[0-9][0-9]) \|/)?.output.1 else { continue }
            let cells = line.split(separator: " | ", omittingEmptySubsequences: false)
            let head = cells.dropLast().joined(separator: " | ")
            rows[String(number)] = (head, String(cells.last ?? "").replacing(#/ ?\|$/#, with: ""))
        }
        return rows
    }

    private static func cell(_ number: String) -> String {
        titles.filter { $0.numbers.contains(number) }.map(\.name).sorted().joined(separator: "; ")
    }

    @Test("every fault has a row, and a test whose title says its number")
    func covered() throws {
        let page = try #require(Repository.read("docs/faults.md")).text
        let rows = Self.rows(of: page)
        #expect(rows.keys.sorted() == Self.numbers)
        let cited = Set(Self.titles.flatMap(\.numbers))
        let mayLack = Self.mayWait.union(Self.open)
        #expect(Self.numbers.filter { !cited.contains($0) && !mayLack.contains($0) } == [])
        #expect(cited.subtracting(Self.numbers) == [], "a number that no fault has")
    }

    /// New tests may be missing on the page until it is made anew; what it names must exist.
    @Test("every test that the page names exists; RECORD=1 writes the page's last column anew")
    func named() throws {
        let file = try #require(Repository.read("docs/faults.md"))
        if ProcessInfo.processInfo.environment["RECORD"] != nil {
            let lines = file.lines.map { line -> String in
                guard let number = line.firstMatch(of: /^\| (F[0-9][0-9]) \|/)?.output.1 else { return String(line) }
                let head = Self.rows(of: String(line))[String(number)]?.head ?? ""
                return "\(head) | \(Self.cell(String(number))) |"
            }
            return try Repository.write(file.path, lines.joined(separator: "\n"))
        }
        let names = Set(Self.titles.map(\.name))
        for (number, row) in Self.rows(of: file.text).sorted(by: { $0.key < $1.key }) {
            let missing = row.tests.matches(of: /[A-Za-z]+\/[A-Za-z+]+ “[^”]*”/).map { String($0.output) }
                .filter { !names.contains($0) }
            #expect(missing == [], "\(number): no test is called so; run TidyTests with RECORD=1")
            let mayBeEmpty = Self.mayWait.union(Self.open).contains(number)
            #expect(!row.tests.isEmpty || mayBeEmpty, "\(number) names no test; run TidyTests with RECORD=1")
        }
    }
}
