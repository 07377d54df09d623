// One command on one channel, as a state machine that is driven until libssh2 says "would block".
import CLibSSH2
import Glibc

/// libssh2 failed in a way that ends the session, not just the channel.
struct SessionFault: Error {
    let number: Int32
}

/// Lives on the loop's thread. Its reply is given exactly once; the channel may outlive it while it is being closed.
final class Exchange {
    typealias Reply = (Result<SSHResult, SSHError>) -> Void
    enum State { case waiting, opening, executing, running, closing, freeing, ended }
    enum Event { case blocked, moved, refused(reason: String) }

    let id: UInt64
    let endpoint: SSHEndpoint
    let command: SSHCommand
    private(set) var state = State.waiting
    /// The deadline of the command; after an abort, how long the channel may take to close.
    var timer: Timer?
    /// The timer is the one of the channel's end.
    var isLingering = false
    /// How often it met a session that had died before the command was sent.
    var attempts = 0

    private var reply: Reply?
    private var channel: OpaquePointer?
    private var feed: InputFeed
    private var output: [UInt8] = []
    private var errors: [UInt8] = []
    private var outputCount = 0
    private var isAborted = false

    init(id: UInt64, endpoint: SSHEndpoint, command: SSHCommand, reply: @escaping Reply) {
        self.id = id
        self.endpoint = endpoint
        self.command = command
        self.reply = reply
        feed = InputFeed(command)
    }

    var isAnswered: Bool { reply == nil }
    /// The host has, or may have, begun to run it.
    var mayHaveRun: Bool {
        switch state {
        case .waiting, .opening: false
        case .executing, .running, .closing, .freeing, .ended: true
        }
    }

    func begin() { state = .opening }

    /// Back to the queue: the session died before the command was sent.
    func reset() {
        state = .waiting
        channel = nil
    }

    func answer(_ result: Result<SSHResult, SSHError>) {
        guard let reply else { return }
        self.reply = nil
        feed.release()
        reply(result)
    }

    /// Answers now, and leaves the channel to be closed.
    func abort(_ code: SSHError.Code) {
        var error = SSHError(endpoint, code)
        error.mayHaveRun = mayHaveRun
        answer(.failure(error))
        isAborted = true
        switch state {
        case .waiting: state = .ended
        case .executing, .running: state = .closing
        case .opening, .closing, .freeing, .ended: break
        }
    }

    /// One transition at most; call it until it says `blocked`.
    func advance(
        _ session: OpaquePointer, _ socket: UnsafePointer<muster_socket>, _ scratch: UnsafeMutableRawBufferPointer
    ) throws(SessionFault) -> Event {
        switch state {
        case .waiting, .ended: return .blocked
        case .opening: return try open(session)
        case .executing: return try execute(session)
        case .running: return try transfer(socket, scratch) ? .moved : .blocked
        case .closing:
            if libssh2_channel_close(channel) == LIBSSH2_ERROR_EAGAIN { return .blocked }
            state = .freeing
            return .moved
        case .freeing:
            if libssh2_channel_free(channel) == LIBSSH2_ERROR_EAGAIN { return .blocked }
            channel = nil
            state = .ended
            return .moved
        }
    }

    private func open(_ session: OpaquePointer) throws(SessionFault) -> Event {
        channel = muster_channel_open(session)
        if channel != nil {
            state = isAborted ? .closing : .executing
            return .moved
        }
        let number = libssh2_session_last_errno(session)
        if number == LIBSSH2_ERROR_EAGAIN { return .blocked }
        if number != LIBSSH2_ERROR_CHANNEL_FAILURE { throw SessionFault(number: number) }
        state = isAborted ? .ended : .waiting
        return .refused(reason: SessionText.lastError(session))
    }

    private func execute(_ session: OpaquePointer) throws(SessionFault) -> Event {
        let result = muster_channel_exec(channel, command.text, UInt32(command.text.utf8.count))
        if result == LIBSSH2_ERROR_EAGAIN { return .blocked }
        if result == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED {
            answer(.failure(SSHError(endpoint, .channelRefused(reason: "exec denied"))))
            state = .closing
            return .moved
        }
        if result != 0 { throw SessionFault(number: result) }
        state = .running
        return .moved
    }

    private func transfer(
        _ socket: UnsafePointer<muster_socket>, _ scratch: UnsafeMutableRawBufferPointer
    ) throws(SessionFault) -> Bool {
        // Both streams are drained each time: they share the window, and a full one stops the peer.
        var moved = try drain(0, scratch, into: &output)
        if state == .running { moved = try drain(SSH_EXTENDED_DATA_STDERR, scratch, into: &errors) || moved }
        guard state == .running, let channel else { return true }
        if libssh2_channel_eof(channel) == 1 {
            let result = libssh2_channel_wait_closed(channel)
            if result == 0 { return finish(channel) }
            if result != LIBSSH2_ERROR_EAGAIN { throw SessionFault(number: result) }
        }
        feed.look(at: output)
        do {
            return try feed.write(to: channel, socket) || moved
        } catch {
            switch error {
            case .source(let reason): abort(.sourceUnreadable(reason: reason))
            case .channel(let number): throw SessionFault(number: number)
            }
            return true
        }
    }

    private func drain(
        _ stream: Int32, _ scratch: UnsafeMutableRawBufferPointer, into bytes: inout [UInt8]
    ) throws(SessionFault) -> Bool {
        var moved = false
        while true {
            let base = scratch.baseAddress!.assumingMemoryBound(to: CChar.self)
            let count = libssh2_channel_read_ex(channel, stream, base, scratch.count)
            if count == 0 || count == Int(LIBSSH2_ERROR_EAGAIN) { return moved }
            if count < 0 { throw SessionFault(number: Int32(count)) }
            let part = UnsafeRawBufferPointer(rebasing: scratch[..<count])
            moved = true
            if let listener = command.listener {
                if !isAnswered { listener(stream == SSH_EXTENDED_DATA_STDERR, part) }
                continue
            }
            bytes.append(contentsOf: part)
            outputCount += count
            if outputCount > command.outputLimit {
                abort(.outputLimitExceeded(limit: command.outputLimit))
                return true
            }
        }
    }

    private func finish(_ channel: OpaquePointer) -> Bool {
        var text: UnsafeMutablePointer<CChar>?
        libssh2_channel_get_exit_signal(channel, &text, nil, nil, nil, nil, nil)
        // The session uses malloc, so free(3) is its counterpart.
        defer { free(text) }
        let signal = text.map { String(cString: $0) }
        let status = signal == nil ? libssh2_channel_get_exit_status(channel) : nil
        answer(
            .success(
                SSHResult(standardOutput: output, standardError: errors, exitStatus: status, exitSignal: signal)))
        state = .closing
        return true
    }
}

enum SessionText {
    /// libssh2's own words about its last error.
    static func lastError(_ session: OpaquePointer) -> String {
        var text: UnsafeMutablePointer<CChar>?
        var count: Int32 = 0
        libssh2_session_last_error(session, &text, &count, 0)
        return text.map { String(cString: $0).lowercased() } ?? "no reason given"
    }
}
