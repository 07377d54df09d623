// What is run on a host, and what comes back.

/// One exec on one host.
package struct SSHCommand: Sendable, CustomReflectable {
    /// A file that follows the standard input once the far side has asked for it.
    ///
    /// A shell reads its script in blocks and would swallow bytes that arrive before it has handed its standard input
    /// to the command that wants them. So the script prints a marker first.
    package struct Upload: Sendable {
        package var afterMarker: [UInt8]
        package var source: String
        /// The source as it was measured. When it has changed since, the command fails before its last bytes are sent.
        package var measured: SSHFile?

        package init(afterMarker: [UInt8], source: String, measured: SSHFile? = nil) {
            self.afterMarker = afterMarker
            self.source = source
            self.measured = measured
        }
    }

    /// A question on standard error that is answered before anything else goes in: `sudo` asking for a password.
    ///
    /// The answer is sent once; asked again, the input ends there. The rest follows only when the far side says that the
    /// question is settled, so that an answer is never read as a script, nor a script as an answer.
    package struct Prompt: Sendable {
        package var question: [UInt8]
        package var answer: SecretBytes
        /// On standard output, whether the question was asked or not.
        package var settled: [UInt8]

        package init(question: [UInt8], answer: SecretBytes, settled: [UInt8]) {
            (self.question, self.answer, self.settled) = (question, answer, settled)
        }
    }

    /// Takes output as it comes, on the loop's thread: it must be quick, and the bytes are gone after the call.
    package typealias Listener = @Sendable (_ isError: Bool, _ bytes: UnsafeRawBufferPointer) -> Void

    package var text: String
    package var standardInput: [UInt8]
    package var upload: Upload?
    /// Comes before `standardInput`. A listener hears nothing until it is settled, and nothing of the prompt itself.
    package var prompt: Prompt?
    /// From the moment the channel is asked for until the command has ended.
    package var deadline: Duration
    /// Standard output and standard error together; more ends the command with `outputLimitExceeded`.
    package var outputLimit: Int
    /// When set, output goes to it alone: the result has none, and `outputLimit` does not count.
    package var listener: Listener?

    /// - Parameter outputLimit: 4 MiB by default, far above any probe; at half of it nothing breaks, and twice of it
    ///   times a thousand hosts would be more memory than an operator's machine gives.
    package init(
        _ text: String, standardInput: [UInt8] = [], upload: Upload? = nil, prompt: Prompt? = nil,
        deadline: Duration = .seconds(60), outputLimit: Int = 4 << 20, listener: Listener? = nil
    ) {
        self.text = text
        self.standardInput = standardInput
        self.upload = upload
        self.prompt = prompt
        self.deadline = deadline
        self.outputLimit = outputLimit
        self.listener = listener
    }

    /// Secrets travel on standard input: it stays out of every dump.
    package var customMirror: Mirror {
        Mirror(self, children: ["text": text, "deadline": deadline], displayStyle: .struct)
    }
}

/// How a command ended. Exactly one of `exitStatus` and `exitSignal` is set.
package struct SSHResult: Sendable, Equatable {
    package var standardOutput: [UInt8]
    package var standardError: [UInt8]
    package var exitStatus: Int32?
    /// Without `SIG`: `KILL`, `TERM`.
    package var exitSignal: String?

    package init(standardOutput: [UInt8], standardError: [UInt8], exitStatus: Int32?, exitSignal: String?) {
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.exitStatus = exitStatus
        self.exitSignal = exitSignal
    }
}
