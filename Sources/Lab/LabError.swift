// The one error of the lab. Its kind says who has to act, and so the exit code; its text follows
// `subject: what we tried, what happened, what to do next`.

/// What went wrong in a lab, in one line.
package struct LabError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable, CaseIterable {
        /// Bad input; the caller has to ask for something else.
        case rejected
        /// This machine or this lab cannot do it as it is.
        case refused
        /// Something did not come up before its deadline.
        case unavailable
        /// A tool failed, or something is left that should be gone.
        case failed
    }

    package let kind: Kind
    package let subject: String
    /// What was tried and what happened.
    package let message: String
    /// What to do next.
    package let hint: String

    package init(_ kind: Kind, _ subject: String, _ message: String, hint: String) {
        self.kind = kind
        self.subject = subject
        self.message = message
        self.hint = hint
    }

    package var description: String { "\(subject): \(message); \(hint)" }

    /// The process's exit code for this error, as in the manual of the command line.
    package var exitCode: Int32 {
        switch kind {
        case .rejected: 64
        case .refused: 2
        case .unavailable: 69
        case .failed: 1
        }
    }
}

extension LabError {
    /// The last system call failed; `errno` still says why.
    static func system(_ subject: String, _ tried: String, _ code: Int32 = lastErrorNumber()) -> LabError {
        LabError(.failed, subject, "cannot \(tried): \(errorText(code))", hint: "see `dmesg` and run it again")
    }
}
