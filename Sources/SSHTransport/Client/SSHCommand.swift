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

    /// Takes output as it comes, on the loop's thread: it must be quick, and the bytes are gone after the call.
    package typealias Listener = @Sendable (_ isError: Bool, _ bytes: UnsafeRawBufferPointer) -> Void

    package var text: String
    package var standardInput: [UInt8]
    package var upload: Upload?
    /// From the moment the channel is asked for until the command has ended.
    package var deadline: Duration
    /// Standard output and standard error together; more ends the command with `outputLimitExceeded`.
    package var outputLimit: Int
    /// When set, output goes to it alone: the result has none, and `outputLimit` does not count.
    package var listener: Listener?

    /// - Parameter outputLimit: 4 MiB by default, far above any probe; at half of it nothing breaks, and twice of it
    ///   times a thousand hosts would be more memory than an operator's machine gives.
    package init(
        _ text: String, standardInput: [UInt8] = [], upload: Upload? = nil, deadline: Duration = .seconds(60),
        outputLimit: Int = 4 << 20, listener: Listener? = nil
    ) {
        self.text = text
        self.standardInput = standardInput
        self.upload = upload
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
