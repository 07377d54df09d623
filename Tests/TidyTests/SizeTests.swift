// The sizes that style.md holds us to, and what every file opens with.
import Testing

@Suite("Sizes") struct SizeTests {
    @Test("no Swift file has more than 500 lines")
    func files() {
        let long = Repository.swift.filter { $0.lineCount > 500 }
        #expect(long.map { "\($0.path): \($0.lineCount)" } == [])
    }

    @Test("half of the sources have at most 120 lines")
    func median() throws {
        let counts = Repository.sources.map(\.lineCount).sorted()
        #expect(try #require(counts.isEmpty ? nil : counts[counts.count / 2]) <= 120)
    }

    /// 120, and one more: the formatter and its lint let a comma or a bracket stand in the next column.
    private static let mostColumns = 121

    @Test("no line has more than 120 characters; a literal that cannot be broken may")
    func columns() {
        var wrong: [String] = []
        for file in Repository.swift {
            for (number, line) in file.lines.enumerated() where line.count > Self.mostColumns && !isUnbreakable(line) {
                wrong.append("\(file.path):\(number + 1): \(line.count)")
            }
        }
        #expect(wrong == [])
    }

    /// One raw string or a line inside a literal: nothing in it that a formatter could break at.
    private func isUnbreakable(_ line: Substring) -> Bool {
        let text = line.drop { $0 == " " || $0 == "+" }
        return text.hasPrefix("#\"") || text.hasPrefix("\"")
    }

    @Test("no function has more than 70 lines")
    func functions() {
        var wrong: [String] = []
        for file in Repository.swift {
            for (line, count) in functionLengths(file) where count > 70 {
                wrong.append("\(file.path):\(line): \(count)")
            }
        }
        #expect(wrong == [])
    }

    @Test("nine of ten functions in the sources have at most 25 lines")
    func mostFunctions() throws {
        let counts = Repository.sources.flatMap { functionLengths($0).map(\.count) }.sorted()
        #expect(counts.count > 100)
        #expect(counts[counts.count * 9 / 10] <= 25)
    }

    /// Where functions begin and how long they are: the formatter puts a closing brace below its `func`'s first column.
    private func functionLengths(_ file: SourceFile) -> [(line: Int, count: Int)] {
        let lines = file.lines
        return lines.indices.compactMap { start in
            let indent = lines[start].prefix { $0 == " " }
            guard isFunction(lines[start].dropFirst(indent.count)), !lines[start].hasSuffix("}") else { return nil }
            let end = lines[start...].firstIndex { $0 == indent + "}" || $0.hasPrefix(indent + "} }") }
            return end.map { (start + 1, $0 - start + 1) }
        }
    }

    private func isFunction(_ line: Substring) -> Bool {
        let words = line.split(separator: " ")
        let modifiers: Set<Substring> = [
            "package", "public", "private", "fileprivate", "internal", "static", "mutating", "override", "final",
            "nonisolated", "convenience", "@discardableResult", "@concurrent", "required",
        ]
        guard let first = words.first(where: { !modifiers.contains($0) && !$0.hasPrefix("@") }) else { return false }
        return first == "func" || first.hasPrefix("init(") || first.hasPrefix("init?(") || first == "deinit"
    }

    @Test("every Swift file opens with a comment that says why it exists")
    func openings() {
        let wrong = Repository.swift.filter { !$0.text.hasPrefix("// ") }
        #expect(wrong.map(\.path) == [])
    }
}
