// What all parts of the reader share: the file's name, the environment, and the problems found so far. Nothing here
// stops at the first problem (F42).

import FleetModel

/// The closed set of what can be wrong with a manifest, as scripts see it.
enum ManifestCode: String, CaseIterable {
    case file = "manifest-file"
    case syntax = "manifest-syntax"
    case unknownKey = "manifest-unknown-key"
    case missingKey = "manifest-missing-key"
    case type = "manifest-type"
    case value = "manifest-value"
    case duplicate = "manifest-duplicate"
    case reference = "manifest-reference"
    case managers = "manifest-managers"
    case variable = "manifest-variable"
    case secret = "manifest-secret"
}

/// Collects the problems of one manifest while it is read.
final class Context {
    let file: String
    let environment: [String: String]
    private var found: [(place: (file: Int, line: Int), problem: FleetProblem)] = []
    /// In the order in which problems were found in them; the main file is the first.
    private var files: [String]

    /// A manifest with 10,000 hosts can repeat one mistake 10,000 times; nobody reads beyond this.
    static let maximumProblems = 1_000

    init(file: String, environment: [String: String]) {
        (self.file, self.environment, files) = (file, environment, [file])
    }

    var hasProblems: Bool { !found.isEmpty }

    /// - Parameter file: another file than the main one.
    func reject(
        _ code: ManifestCode, file: String? = nil, line: Int, _ message: String, hint: String? = nil,
        cause: String? = nil
    ) {
        let file = file ?? self.file
        if !files.contains(file) { files.append(file) }
        let problem = FleetProblem(
            .rejected, code.rawValue, subject: "\(file):\(line)", message, cause: cause, hint: hint)
        found.append(((files.firstIndex(of: file) ?? 0, line), problem))
    }

    /// A problem of a file that was read beside this one.
    func take(_ problem: FleetProblem) { found.append(((Int.max, 0), problem)) }

    /// The problems in the order of files and lines, those of one line in the order in which they were found.
    var problems: FleetProblems {
        let sorted = found.enumerated().sorted { left, right in
            let (one, other) = (left.element.place, right.element.place)
            return (one.file, one.line, left.offset) < (other.file, other.line, right.offset)
        }
        var all = sorted.prefix(Self.maximumProblems).map(\.element.problem)
        if sorted.count > all.count {
            let rest = "\(sorted.count - all.count) more problems are not shown"
            all.append(FleetProblem(.rejected, ManifestCode.value.rawValue, subject: file, rest))
        }
        return FleetProblems(all)
    }
}

/// A text of the manifest as messages show it: in backquotes, one line, no control characters, at most 60 letters.
func shown(_ text: String) -> String {
    let cut = text.unicodeScalars.prefix(60).map { scalar -> String in
        switch scalar {
        case "\n": "\\n"
        case "\t": "\\t"
        case "`": "'"
        case _ where scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format:
            "\\u{\(String(scalar.value, radix: 16))}"
        case _: String(scalar)
        }
    }
    return "`\(cut.joined())\(text.unicodeScalars.count > 60 ? "…" : "")`"
}
