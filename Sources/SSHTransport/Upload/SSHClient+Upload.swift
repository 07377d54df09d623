// Atomic uploads: one exec a file, streamed, verified on the far side, and nothing sent when it is already there.

/// What an upload did.
package enum SSHUploadOutcome: Sendable, Equatable {
    /// The same bytes, mode and owner were there: nothing was written.
    case unchanged
    /// The bytes were there, mode or owner were not.
    case adjusted
    case written
}

package struct SSHUpload: Sendable {
    package var file: SSHFile
    /// An absolute path; its folder must exist.
    package var target: String
    package var mode: UInt16
    /// `user:group`, or nil to leave it to the account that logs in.
    package var owner: String?
    /// Before `/bin/sh`: `["sudo", "-n"]` where needed.
    package var prefix: [String] = []
    package var deadline: Duration = .seconds(600)

    package init(file: SSHFile, target: String, mode: UInt16, owner: String? = nil) {
        self.file = file
        self.target = target
        self.mode = mode
        self.owner = owner
    }
}

extension SSHClient {
    /// Puts the file in its place on the far side, atomically: temporary name in the same folder, bytes counted there,
    /// mode and owner, `fsync`, rename. Nothing is sent when a file with its SHA-256 is there already.
    ///
    /// - Throws: `uploadFailed` with the far side's words, `sourceUnreadable`, and all that `run` throws. After any of
    ///   them the old file is in place, or the new one as a whole when the connection was lost at the very end.
    package func upload(_ upload: SSHUpload, on endpoint: SSHEndpoint) async throws(SSHError) -> SSHUploadOutcome {
        let marker = "muster-upload-\(upload.file.sha256.prefix(16))-ready"
        let words =
            ["exec"] + upload.prefix + [
                "/bin/sh", "-s", "--", "upload", "1", upload.target, String(upload.mode, radix: 8),
                upload.owner ?? "", upload.file.sha256, marker, String(upload.file.size),
            ]
        let text: String
        do {
            text = try ShellWord.line(words)
        } catch {
            throw SSHError(endpoint, .uploadFailed(reason: "the target's name has a NUL byte"))
        }
        let command = SSHCommand(
            text, standardInput: Array(UploadScript.text.utf8),
            upload: .init(
                afterMarker: Array((marker + "\n").utf8), source: upload.file.path, measured: upload.file),
            deadline: upload.deadline)
        let result = try await run(command, on: endpoint)
        switch result.exitStatus {
        case UploadScript.Status.written: return .written
        case UploadScript.Status.adjusted: return .adjusted
        case UploadScript.Status.unchanged: return .unchanged
        case let status: throw SSHError(endpoint, .uploadFailed(reason: Self.reason(result, status)))
        }
    }

    /// The last two lines: the tool's own words, then the script's.
    private static func reason(_ result: SSHResult, _ status: Int32?) -> String {
        let lines = String(decoding: result.standardError, as: UTF8.self).split(separator: "\n")
        if !lines.isEmpty { return lines.suffix(2).joined(separator: ", ") }
        return status.map { "exit status \($0)" } ?? "signal \(result.exitSignal ?? "unknown")"
    }
}
