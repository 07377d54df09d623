// What a host printed, in bounded memory: its beginning and its end, because the one says what was run on what and the
// other how it ended (F48: a thousand hosts that each print a megabyte).

/// Bytes of which the middle is dropped when there are too many.
package struct BoundedOutput: Sendable {
    /// Of each half.
    private let room: Int
    private var head: [UInt8] = []
    /// A ring: the oldest byte is at `start` once it is full.
    private var tail: [UInt8] = []
    private var start = 0
    private var count = 0

    package init(limit: Int) { room = max(1, limit / 2) }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        count += bytes.count
        let first = min(room - head.count, bytes.count)
        head.append(contentsOf: bytes[..<first])
        // Of what is longer than the ring only the end can stay.
        let rest = bytes[first...].suffix(room)
        let free = min(room - tail.count, rest.count)
        tail.append(contentsOf: rest.prefix(free))
        for byte in rest.dropFirst(free) {
            tail[start] = byte
            start = start + 1 == room ? 0 : start + 1
        }
    }

    package var isEmpty: Bool { count == 0 }
    /// Bytes that are not there any more.
    package var leftOut: Int { count - head.count - tail.count }

    /// As text; a line of our own stands for what was left out.
    package var text: String {
        let end = tail[start...] + tail[..<start]
        if leftOut == 0 { return String(decoding: head + end, as: UTF8.self) }
        // From the next whole line, so that no half one looks like a line.
        let lines = end.firstIndex(of: UInt8(ascii: "\n")).map { end[($0 + 1)...] } ?? end
        let whole = lines.isEmpty ? end : lines
        let gap = leftOut + end.count - whole.count
        return String(decoding: head, as: UTF8.self) + "\n[… \(gap) bytes are left out …]\n"
            + String(decoding: whole, as: UTF8.self)
    }
}
