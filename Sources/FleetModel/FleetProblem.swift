// The one shape of everything that goes wrong in Muster: subject, what was tried, what happened, what to do next (I9).

/// An error or a finding that a person reads, and that scripts read by its code.
package struct FleetProblem: Error, Hashable, Codable, Sendable {
    /// What kind of trouble it is; decides the exit code (style.md).
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// Bad input: nothing was done. Exit 64.
        case rejected
        /// The planner will not do it. Exit 2.
        case refused
        /// Could not be had before the deadline. Exit 69.
        case unavailable
        /// An invariant does not hold. Exit 70.
        case broken
        /// It was tried and did not work. Exit 1.
        case failed
        /// Nothing is wrong that would end a run: it is to be known. Exit 0.
        case noted
    }

    package var kind: Kind
    /// A closed set of lower-case words with hyphens, stable across versions: `host-key-changed`.
    package var code: String
    /// What it is about, with its kind: "host `eu1-01`", "bootstrap/regions/eu1.yaml:14".
    package var subject: String
    /// What was tried and what happened, in one line.
    package var message: String
    /// The text of the cause as the far end gave it, if there is one.
    package var cause: String?
    /// What to do next.
    package var hint: String?

    package init(
        _ kind: Kind, _ code: String, subject: String, _ message: String, cause: String? = nil, hint: String? = nil
    ) {
        (self.kind, self.code, self.subject, self.message) = (kind, code, subject, message)
        (self.cause, self.hint) = (cause, hint)
    }
}

extension FleetProblem: CustomStringConvertible {
    /// One line: `subject: message: cause; hint`.
    package var description: String {
        var line = "\(subject): \(message)"
        if let cause, !cause.isEmpty {
            line += ": " + cause.split(whereSeparator: \.isNewline).joined(separator: " / ")
        }
        if let hint { line += "; " + hint }
        return line
    }
}

extension FleetProblem {
    /// The process's exit code when this is what ends it (design.md §4).
    package var exitCode: Int32 {
        switch kind {
        case .rejected: 64
        case .refused: 2
        case .unavailable: 69
        case .broken: 70
        case .failed: 1
        case .noted: 0
        }
    }
}

/// Many problems of one input, all reported at once.
package struct FleetProblems: Error, CustomStringConvertible, Sendable {
    package var all: [FleetProblem]

    package init(_ all: [FleetProblem]) { self.all = all }

    package var description: String { all.map(\.description).joined(separator: "\n") }
    package var exitCode: Int32 { all.map(\.exitCode).max() ?? 1 }
}
