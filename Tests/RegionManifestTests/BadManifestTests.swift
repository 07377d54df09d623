// Holds the reader to the table of bad manifests beside this file: every text of a problem stands there, once, with its
// line, and is read as prose.

import FleetModel
import Foundation
import Testing

@testable import RegionManifest

@Suite struct BadManifestTests {
    static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/bad-manifests.txt"
    static let environment = ["HOME": "/home/ops", "LAB": "/lab", "NASTY": "hunter2\nh"]

    struct Case: CustomStringConvertible {
        var name: String
        var lines: [String]
        var problems: [String]
        var description: String { name }
    }

    /// What stands before the first case, and the cases.
    static func table() throws -> (preface: [String], cases: [Case]) {
        var (preface, cases, isInProblems) = ([String](), [Case](), false)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) {
            if line.hasPrefix("=== ") {
                cases.append(Case(name: String(line.dropFirst(4)), lines: [], problems: []))
                isInProblems = false
            } else if cases.isEmpty {
                preface.append(line)
            } else if line == "---" {
                isInProblems = true
            } else if isInProblems {
                cases[cases.count - 1].problems.append(line)
            } else {
                // A document's end inside a case has a fourth dash, not to be taken for the case's own line.
                cases[cases.count - 1].lines.append(line == "---- document" ? "---" : line)
            }
        }
        return (preface, cases)
    }

    /// The manifest of a case.
    static func manifest(_ item: Case, base: Case) -> String {
        guard item.name != base.name, !item.name.hasPrefix("whole:") else {
            return item.lines.map { $0 + "\n" }.joined()
        }
        var lines = base.lines
        func key(_ line: String) -> String { String(line.prefix { $0 != ":" }) }
        var replaced: Set<String> = []
        for line in item.lines {
            let name = line.hasPrefix("-") ? String(line.dropFirst()) : key(line)
            let index = lines.firstIndex { key($0) == name }
            if line.hasPrefix("-"), let index {
                lines.remove(at: index)
            } else if let index, !line.hasPrefix(" "), replaced.insert(name).inserted {
                lines.remove(at: index)
                lines.append(line)
            } else {
                lines.append(line)
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    static func problems(_ text: String) -> [FleetProblem] {
        do throws(FleetProblems) {
            _ = try Manifest.policy(fromYAML: text, file: "eu1.yaml", environment: environment)
            return []
        } catch {
            return error.all
        }
    }

    @Test("F18, F30, F42: every bad manifest is refused with exactly the problems of the table")
    func tableHolds() throws {
        var (preface, cases) = try Self.table()
        let isRecording = ProcessInfo.processInfo.environment["RECORD"] == "1"
        for index in cases.indices {
            let found = Self.problems(Self.manifest(cases[index], base: cases[0]))
            if !isRecording { #expect(found.map(\.description) == cases[index].problems, "\(cases[index])") }
            #expect(found.isEmpty == (index == 0), "\(cases[index])")
            #expect(found.allSatisfy { $0.kind == .rejected }, "\(cases[index])")
            #expect(!found.contains { $0.description.contains("hunter2") }, "\(cases[index]) shows a secret")
            #expect(!found.contains { $0.description.contains("\n") }, "\(cases[index]) is not one line")
            cases[index].problems = found.map(\.description)
        }
        guard isRecording else { return }
        let text = cases.flatMap {
            ["=== " + $0.name] + $0.lines.map { $0 == "---" ? "---- document" : $0 } + ["---"] + $0.problems
        }
        preface += text
        try (preface.joined(separator: "\n") + "\n").write(toFile: Self.path, atomically: true, encoding: .utf8)
    }

    @Test("every code that a manifest's problem can have is met in the table, or is about the file itself")
    func codes() throws {
        let (_, cases) = try Self.table()
        let met = Set(cases.flatMap { Self.problems(Self.manifest($0, base: cases[0])).map(\.code) })
        #expect(Set(ManifestCode.allCases.map(\.rawValue)).subtracting(met) == [ManifestCode.file.rawValue])
    }
}
