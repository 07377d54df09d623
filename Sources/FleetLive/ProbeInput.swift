// What a probe reads, packed: the same script goes to every host at every look, and what a connection encrypts is most
// of what a look costs its sender.
import Gzip
import Synchronization

/// Packs the input of probes; the one packed last is kept, for all hosts of a look get the same.
final class ProbeInput: Sendable {
    /// What unpacks it on a host and runs it with the words after it; every Debian and Ubuntu has gzip (`Essential`).
    /// What it says comes in one piece at its end: each line by itself would wake the connection. There is no single
    /// quote in it, for a login shell need know nothing but words between two of them (F10).
    static let command = [
        "/bin/sh", "-c",
        #"said=$(gzip -dc | /bin/sh -s -- "$@"); code=$?; printf "%s\n" "$said"; exit "$code""#, "sh",
    ]

    private let last = Mutex<(text: String, packed: [UInt8])>(("", []))

    func packed(_ text: String) -> [UInt8] {
        last.withLock { last in
            if last.text != text { last = (text, Self.gzip(Array(text.utf8))) }
            return last.packed
        }
    }

    private static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var packed: [UInt8] = []
        let writer = GzipWriter<Never>(.usual) { packed += $0 }
        bytes.withUnsafeBytes { writer.add($0) }
        writer.finish()
        return packed
    }
}
