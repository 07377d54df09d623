// What a probe reads, packed: the same script goes to every host at every look, and what a connection encrypts is most
// of what a look costs its sender.
import CZlib
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

    /// 15 bits of window, and 16 to ask for the gzip format (zlib.h, deflateInit2).
    private static let format: Int32 = 15 + 16

    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var (stream, input) = (z_stream(), bytes)
        let code = deflateInit2_(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, format, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK, "zlib refuses to start: \(code)")
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(input.count)))
        return input.withUnsafeMutableBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: bound) { target, count in
                (stream.next_in, stream.avail_in) = (source.baseAddress, UInt32(source.count))
                (stream.next_out, stream.avail_out) = (target.baseAddress, UInt32(target.count))
                let end = deflate(&stream, Z_FINISH)
                precondition(end == Z_STREAM_END, "zlib ends with \(end) although its bound was kept")
                count = target.count - Int(stream.avail_out)
            }
        }
    }
}
