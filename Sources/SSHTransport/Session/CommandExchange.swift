// One command on one channel: exec, both streams of output, standard input, and how it ended.
import CLibSSH2
import Glibc

final class CommandExchange: Exchange {
    typealias Reply = (Result<SSHResult, SSHError>) -> Void

    let id: UInt64
    private let command: SSHCommand
    private var reply: Reply?
    private var feed: InputFeed
    private var output: [UInt8] = []
    private var errors: [UInt8] = []
    private var outputCount = 0

    init(id: UInt64, endpoint: SSHEndpoint, command: SSHCommand, reply: @escaping Reply) {
        self.id = id
        self.command = command
        self.reply = reply
        feed = InputFeed(command)
        super.init(endpoint: endpoint)
    }

    override var deadline: Duration? { command.deadline }
    override var isAnswered: Bool { reply == nil }
    override func fail(_ error: SSHError) { answer(.failure(error)) }

    private func answer(_ result: Result<SSHResult, SSHError>) {
        guard let reply else { return }
        self.reply = nil
        feed.release()
        reply(result)
    }

    override func execute() throws(SessionFault) -> Bool {
        let result = muster_channel_exec(channel, command.text, UInt32(command.text.utf8.count))
        if result == LIBSSH2_ERROR_EAGAIN { return false }
        if result == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED {
            answer(.failure(SSHError(endpoint, .channelRefused(reason: "exec denied"))))
            state = .closing
            return true
        }
        if result != 0 { throw SessionFault(number: result) }
        state = .running
        return true
    }

    override func transfer(
        _ socket: UnsafePointer<muster_socket>, _ scratch: UnsafeMutableRawBufferPointer
    ) throws(SessionFault) -> Bool {
        // Both streams are drained each time: they share the window, and a full one stops the peer.
        var moved = try drain(0, scratch, into: &output)
        if state == .running {
            moved = try drain(SSH_EXTENDED_DATA_STDERR, scratch, into: &errors) || moved
        }
        guard state == .running, let channel else { return true }
        if libssh2_channel_eof(channel) == 1 {
            let result = libssh2_channel_wait_closed(channel)
            if result == 0 { return finish(channel) }
            if result != LIBSSH2_ERROR_EAGAIN { throw SessionFault(number: result) }
        }
        feed.look(at: output, errors)
        if feed.isSettled { handOver() }
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
            if let listener = command.listener, feed.isSettled {
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

    /// A listener gets what came while the prompt was open, without the prompt's own words.
    private func handOver() {
        guard let listener = command.listener, let prompt = command.prompt, !isAnswered else { return }
        for (isError, bytes, own) in [(false, output, prompt.settled), (true, errors, prompt.question)] {
            let rest = PromptFeed.rest(of: bytes, without: own)
            if !rest.isEmpty { rest.withUnsafeBytes { listener(isError, $0) } }
        }
        (output, errors) = ([], [])
    }

    private func finish(_ channel: OpaquePointer) -> Bool {
        handOver()
        var text: UnsafeMutablePointer<CChar>?
        libssh2_channel_get_exit_signal(channel, &text, nil, nil, nil, nil, nil)
        // The session uses malloc, so free(3) is its counterpart.
        defer { free(text) }
        let signal = text.map { String(cString: $0) }
        let status = signal == nil ? libssh2_channel_get_exit_status(channel) : nil
        answer(
            .success(
                SSHResult(
                    standardOutput: output, standardError: errors, exitStatus: status, exitSignal: signal)))
        state = .closing
        return true
    }
}
