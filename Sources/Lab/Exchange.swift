// Feeds a child's standard input and gathers its two outputs without ever blocking on one of them for good.
import Glibc

/// Both ends of a pipe; closed with the last reference.
final class Pipe {
    private(set) var reader: Int32
    private(set) var writer: Int32

    init() throws(LabError) {
        (reader, writer) = try Self.ends()
    }

    /// Both ends of a new pipe, which programs that we start do not get.
    static func ends() throws(LabError) -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .system("lab", "make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    func closeReader() {
        if reader >= 0 { close(reader) }
        reader = -1
    }

    func closeWriter() {
        if writer >= 0 { close(writer) }
        writer = -1
    }

    deinit {
        closeReader()
        closeWriter()
    }
}

struct Exchange {
    let input: Pipe
    let output: Pipe
    let errors: Pipe
    var rest: ArraySlice<UInt8>
    let onErrorLine: (@Sendable (String) -> Void)?
    private(set) var stdout: [UInt8] = []
    private(set) var stderr: [UInt8] = []
    private var lineStart = 0

    init(
        input: Pipe, output: Pipe, errors: Pipe, rest: ArraySlice<UInt8>, onErrorLine: (@Sendable (String) -> Void)?
    ) {
        (self.input, self.output, self.errors) = (input, output, errors)
        self.rest = rest
        self.onErrorLine = onErrorLine
        signal(SIGPIPE, SIG_IGN)  // a child that does not read its input must not end us
        _ = fcntl(input.writer, F_SETFL, O_NONBLOCK)
        _ = fcntl(output.reader, F_SETFL, O_NONBLOCK)
        _ = fcntl(errors.reader, F_SETFL, O_NONBLOCK)
    }

    /// Waits a little for any of the three, and moves what can be moved.
    mutating func turn() {
        if rest.isEmpty { input.closeWriter() }
        var wanted: [pollfd] = []
        if input.writer >= 0 { wanted.append(pollfd(fd: input.writer, events: Int16(POLLOUT), revents: 0)) }
        if output.reader >= 0 { wanted.append(pollfd(fd: output.reader, events: Int16(POLLIN), revents: 0)) }
        if errors.reader >= 0 { wanted.append(pollfd(fd: errors.reader, events: Int16(POLLIN), revents: 0)) }
        // With nothing left to move only the end is awaited: 2 ms is short beside starting a program (1-5 ms), and
        // 50 ms is how late a deadline may be noticed.
        poll(&wanted, nfds_t(wanted.count), wanted.isEmpty ? 2 : 50)
        feed()
        gather()
    }

    /// Takes what is left in the pipes after the end; does not wait for grandchildren that hold them open.
    mutating func drain() {
        gather()
        if lineStart < stderr.count { report(upTo: stderr.count) }
    }

    private mutating func feed() {
        guard input.writer >= 0, !rest.isEmpty else { return }
        let count = rest.withUnsafeBytes { write(input.writer, $0.baseAddress, $0.count) }
        if count > 0 { rest = rest.dropFirst(count) }
        if count < 0 && errno != EAGAIN && errno != EINTR { rest = [] }
    }

    private mutating func gather() {
        if take(output.reader, into: &stdout) { output.closeReader() }
        if take(errors.reader, into: &stderr) { errors.closeReader() }
        while let end = stderr[lineStart...].firstIndex(of: 0x0a) {
            report(upTo: end)
            lineStart = end + 1
        }
    }

    private func report(upTo end: Int) {
        onErrorLine?(String(decoding: stderr[lineStart..<end], as: UTF8.self))
    }

    /// Reads all that is there; true at the end of the stream.
    private func take(_ reader: Int32, into bytes: inout [UInt8]) -> Bool {
        guard reader >= 0 else { return false }
        var chunk = [UInt8](repeating: 0, count: 65_536)  // a pipe's default size: one call empties it
        while true {
            let count = read(reader, &chunk, chunk.count)
            if count > 0 { bytes += chunk[..<count] }
            if count == 0 { return true }
            if count < 0 && errno != EINTR { return errno != EAGAIN }
        }
    }
}
