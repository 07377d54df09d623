// What a host's log keeps of an act: its words, what it printed and how it ended, bounded and without secrets (F48,
// F49).
import FleetModel

/// Renders one entry of a host's log.
enum ActLog {
    /// Bytes kept of each stream: apt's whole output for an engine is 12 KiB; at twice of it 1000 hosts that all fail
    /// fill 64 MB.
    private static let mostBytes = 32_768

    static func text(of act: RemoteAct, output: ShellOutput, nonce: String) -> String {
        var lines = [head(of: act)]
        lines += tail(output.standardOutput).map { "  " + plain($0, nonce: nonce) }.filter { $0 != "  " }
        lines += tail(output.standardError).map { "  ! " + $0 }
        if let signal = output.exitSignal {
            lines.append("  ended by signal \(signal)")
        } else if output.exitStatus != 0 {
            lines.append("  exit \(output.exitStatus.map(String.init) ?? "unknown")")
        }
        return lines.joined(separator: "\n")
    }

    static func text(of act: RemoteAct, failure: ShellFailure) -> String {
        "\(head(of: act))\n  \(failure.problem.message)" + (failure.isOutcomeUnknown ? " (it may have run)" : "")
    }

    private static func head(of act: RemoteAct) -> String { act.shown }

    /// A frame without its nonce. A join token is the one secret that a host tells us.
    private static func plain(_ line: String, nonce: String) -> String {
        let text = line.hasPrefix(nonce + " ") ? String(line.dropFirst(nonce.count + 1)) : line
        return text.hasPrefix("token ") ? "token \(Secret.dots)" : text
    }

    private static func tail(_ text: String) -> [String] {
        let bytes = text.utf8
        let kept = bytes.count > mostBytes ? "…" + String(decoding: bytes.suffix(mostBytes), as: UTF8.self) : text
        return kept.split(whereSeparator: \.isNewline).map(String.init)
    }
}
