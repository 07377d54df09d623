// One use of one channel, as a state machine that is driven until libssh2 says "would block": what a command and a
// tunnel through a bastion have in common.
import CLibSSH2
import Glibc

/// libssh2 failed in a way that ends the session, not just the channel.
struct SessionFault: Error {
    let number: Int32
}

/// Lives on the loop's thread. It is answered exactly once; the channel may outlive that while it is being closed.
class Exchange {
    enum State { case waiting, opening, executing, running, closing, freeing, ended }
    enum Event {
        case blocked, moved
        case refused(reason: String)
    }

    let endpoint: SSHEndpoint
    final var state = State.waiting
    /// The deadline of the command; after an abort, how long the channel may take to close.
    final var timer: Timer?
    /// The timer is the one of the channel's end.
    final var isLingering = false
    /// How often it met a session that had died before it was sent.
    final var attempts = 0
    /// Whose line it stands in.
    final weak var slot: HostSlot?
    final var channel: OpaquePointer?
    private var isAborted = false

    init(endpoint: SSHEndpoint) { self.endpoint = endpoint }

    /// From the moment the channel is asked for; nil: as long as it takes.
    var deadline: Duration? { nil }
    var isAnswered: Bool { true }
    /// The host has, or may have, begun to run it.
    final var mayHaveRun: Bool {
        switch state {
        case .waiting, .opening: false
        case .executing, .running, .closing, .freeing, .ended: true
        }
    }

    final func begin() { state = .opening }

    /// Back to the queue: the session died before it was sent.
    func reset() {
        state = .waiting
        channel = nil
    }

    /// Tells whoever waits, once.
    func fail(_ error: SSHError) {}

    /// Answers now, and leaves the channel to be closed.
    final func abort(_ code: SSHError.Code) {
        var error = SSHError(endpoint, code)
        error.mayHaveRun = mayHaveRun
        fail(error)
        isAborted = true
        switch state {
        case .waiting: state = .ended
        case .executing, .running: state = .closing
        case .opening, .closing, .freeing, .ended: break
        }
    }

    /// One transition at most; call it until it says `blocked`.
    final func advance(
        _ session: OpaquePointer, _ socket: UnsafePointer<muster_socket>,
        _ scratch: UnsafeMutableRawBufferPointer
    ) throws(SessionFault) -> Event {
        switch state {
        case .waiting, .ended: return .blocked
        case .opening: return try open(session)
        case .executing: return try execute() ? .moved : .blocked
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

    private final func open(_ session: OpaquePointer) throws(SessionFault) -> Event {
        channel = openChannel(session)
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

    /// The host would not open a channel. True: that was the answer; false: it may be asked again later.
    func isRefusalFinal(_ reason: String) -> Bool { false }

    func openChannel(_ session: OpaquePointer) -> OpaquePointer? { muster_channel_open(session) }

    /// From an open channel to one that carries bytes; false: would block.
    func execute() throws(SessionFault) -> Bool { false }

    /// Moves what can be moved; false: nothing could.
    func transfer(
        _ socket: UnsafePointer<muster_socket>, _ scratch: UnsafeMutableRawBufferPointer
    ) throws(SessionFault) -> Bool { false }
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
