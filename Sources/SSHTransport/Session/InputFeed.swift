// What goes to a command's standard input: the script at once, and a file only after the far side has asked for it.
import CLibSSH2
import Glibc

struct InputFeed {
    enum Problem: Error {
        case source(reason: String)
        case channel(Int32)
    }
    private enum Phase { case prompt, head, marker, file, end, done }

    private let upload: SSHCommand.Upload?
    private var phase = Phase.head
    private var prompt: PromptFeed?
    private let head: [UInt8]
    private var chunk: [UInt8]
    /// How much of `chunk` is to be written: its memory is used again for every read of the file.
    private var count: Int
    private var offset = 0
    private var file: Int32 = -1
    private var searched = 0
    private var sent = 0

    /// 256 KiB: eight SSH packets a read. At half of it reads begin to show in a profile; twice of it gains nothing.
    private static let chunkSize = 256 << 10
    /// Above this the kernel has stopped taking bytes: wait until it does.
    private static let backlogLimit = 16384

    init(_ command: SSHCommand) {
        head = command.standardInput
        upload = command.upload
        prompt = command.prompt.map(PromptFeed.init)
        phase = prompt == nil ? .head : .prompt
        chunk = prompt == nil ? head : []
        count = chunk.count
    }

    /// Nothing is asked any more.
    var isSettled: Bool { phase != .prompt }

    /// Looks for what the far side asks, and for the marker, in the output so far.
    mutating func look(at output: [UInt8], _ errors: [UInt8]) {
        if phase == .prompt { return lookForQuestion(in: output, errors) }
        guard phase == .marker, let marker = upload?.afterMarker else { return }
        if marker.isEmpty {
            phase = .file
            return
        }
        var start = searched
        while start + marker.count <= output.count {
            if output[start] == marker[0], output[start..<(start + marker.count)].elementsEqual(marker) {
                phase = .file
                return
            }
            start += 1
        }
        searched = start
    }

    private mutating func lookForQuestion(in output: [UInt8], _ errors: [UInt8]) {
        // Before the answer is out nothing new can have been asked.
        guard offset >= count, let turn = prompt?.look(at: output, errors) else { return }
        switch turn {
        case .wait: return
        case .answer(let bytes): chunk = bytes
        case .goOn: (chunk, phase) = (head, .head)
        case .giveUp: (chunk, phase) = ([], .end)
        }
        (count, offset) = (chunk.count, 0)
    }

    /// Writes until the channel or the socket takes no more; true when anything moved.
    mutating func write(to channel: OpaquePointer, _ socket: UnsafePointer<muster_socket>) throws(Problem) -> Bool {
        var moved = false
        while phase != .done {
            if offset < count {
                guard muster_socket_pending(socket) < Self.backlogLimit else { return moved }
                let written = chunk.withUnsafeBytes { bytes in
                    libssh2_channel_write_ex(
                        channel, 0, bytes.baseAddress!.assumingMemoryBound(to: CChar.self) + offset,
                        count - offset)
                }
                if written == 0 || written == Int(LIBSSH2_ERROR_EAGAIN) { return moved }
                if written < 0 { throw .channel(Int32(written)) }
                offset += written
                moved = true
            } else if try advance(channel) {
                moved = true
            } else {
                return moved
            }
        }
        return moved
    }

    /// The chunk is written: on to the next. False when the marker is still awaited.
    private mutating func advance(_ channel: OpaquePointer) throws(Problem) -> Bool {
        switch phase {
        case .head: phase = upload == nil ? .end : .marker
        case .prompt, .marker: return false
        case .file: try readFile()
        case .end:
            let result = libssh2_channel_send_eof(channel)
            if result == LIBSSH2_ERROR_EAGAIN { return false }
            if result != 0 { throw .channel(result) }
            phase = .done
        case .done: return false
        }
        return true
    }

    private mutating func readFile() throws(Problem) {
        if file < 0, let source = upload?.source {
            file = open(source, O_RDONLY | O_CLOEXEC | O_NOCTTY)
            if file < 0 { throw .source(reason: SystemError.text(errno)) }
        }
        if chunk.count != Self.chunkSize { chunk = [UInt8](repeating: 0, count: Self.chunkSize) }
        let result = chunk.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
        if result < 0 { throw .source(reason: SystemError.text(errno)) }
        try compare(with: upload?.measured, after: result)
        count = result
        offset = 0
        if count == 0 {
            phase = .end
            release()
        }
    }

    /// Before its last bytes leave, the file must still be the one that was measured: the far side, which counts the
    /// bytes, then never takes a mixture of two for whole.
    private mutating func compare(with measured: SSHFile?, after count: Int) throws(Problem) {
        guard let measured else { return }
        sent += count
        let isLast = sent >= measured.size
        guard sent <= measured.size, count > 0 || isLast,
            !isLast || SSHFile.Stamp(of: file) == measured.stamp
        else {
            throw .source(reason: "it changed after it was measured")
        }
    }

    mutating func release() {
        if file >= 0 { close(file) }
        file = -1
        chunk = []
        count = 0
        offset = 0
    }
}
