// One TCP connection with one SSH session, from connect(2) to the last channel. Non-blocking, on the loop's thread.
import CLibSSH2
import Glibc

/// What the owner of a connection is told.
protocol ConnectionOwner: AnyObject {
    func connectionIsReady(_ connection: Connection)
    /// Not established; `cure` says whether another start may help.
    func connection(_ connection: Connection, failed error: SSHError, _ cure: Connection.Cure)
    /// A session that had been ready is gone. `unsent` had not yet been handed to the host.
    func connection(_ connection: Connection, endedWith unsent: [Exchange])
    /// The next command to run, if any.
    func nextExchange() -> Exchange?
    /// The host refused it a channel: it is the next again.
    func putBack(_ exchange: Exchange)
    func exchangeEnded(_ exchange: Exchange)
    func channelOpened(_ exchange: Exchange)
    /// What waits for a channel may wait for long.
    func connectionIsClogged(_ connection: Connection)
    /// It does no more.
    func connectionIsLoose(_ connection: Connection)
}

final class Connection: Descriptor {
    enum Cure {
        case none
        /// Later, and perhaps with fewer starts at once.
        case retry(wasReset: Bool)
        /// The host has another key than the pinned one: ask it for those of other types (F05).
        case otherHostKey(refused: SSHPublicKey)
    }
    enum Phase { case connecting, handshake, authenticating, ready, ended }

    /// What a start needs to know.
    struct Plan {
        let endpoint: SSHEndpoint
        let addresses: [SocketAddress]
        let trust: HostTrust
        let refusedTypes: Set<String>
        let signer: Signer
        let deadlines: SSHDeadlines
        /// Channels at once.
        let channels: Int
        let keepalive: Duration
        /// Opens a tunnel through the bastion; nil: the host is reached directly.
        let gate: ((any TunnelEnd) -> Tunnel)?
        /// Instead of the kernel's measure; for tests.
        let assumedTrip: Duration?
    }

    let plan: Plan
    let loop: EventLoop
    unowned let owner: any ConnectionOwner
    var phase = Phase.connecting
    var socket: UnsafeMutablePointer<muster_socket>?
    /// Carries it, when the host is behind a bastion.
    var tunnel: Tunnel?
    var session: OpaquePointer?
    private var token: UInt64 = 0
    var stageTimer: Timer?
    var keepaliveTimer: Timer?
    var nextAddress = 0
    var connectFailure: SSHError.Code = .unreachable(reason: "no address")
    var authentication = AuthenticationState()
    var active: [Exchange] = []
    var channelLimit: Int
    var hasOpenedChannel = false
    /// No new commands: a channel did not close in time.
    var isRetiring = false
    /// The tunnel that is being opened takes long: libssh2 opens one at a time, others had better go elsewhere.
    var isClogged = false
    var clogTimer: Timer?
    /// To the host; behind a bastion, to the bastion.
    var roundTrip: Duration?
    var silentKeepalives = 0
    var receivedAtKeepalive: UInt64 = 0
    private var isStepping = false
    private var accounted: (received: UInt64, sent: UInt64) = (0, 0)

    init(plan: Plan, loop: EventLoop, owner: any ConnectionOwner) {
        self.plan = plan
        self.loop = loop
        self.owner = owner
        channelLimit = max(1, plan.channels)
    }

    var endpoint: SSHEndpoint { plan.endpoint }
    var isIdle: Bool { phase == .ready && active.isEmpty }
    var bytesReceived: UInt64 { socket?.pointee.received ?? 0 }

    /// Bytes since the last call, for the ledger.
    func takeReceived() -> UInt64 {
        defer { accounted.received = bytesReceived }
        return bytesReceived - accounted.received
    }

    func takeSent() -> UInt64 {
        let sent = socket?.pointee.sent ?? 0
        defer { accounted.sent = sent }
        return sent - accounted.sent
    }

    func start() {
        if let gate = plan.gate { enterTunnel(gate) } else { connectToNextAddress() }
    }

    func ready(isGone: Bool) {
        socket?.pointee.dry = 0
        // Room first: what is fed depends on how much still waits.
        if let socket, phase != .connecting { muster_socket_flush(socket) }
        if isGone { socket?.pointee.gone = 1 }
        if isGone && isIdle { return end() }
        step()
    }

    /// Drives everything until it would block. Not reentrant: replies may post new work, which the outer call then does.
    func step() {
        if isStepping { return }
        isStepping = true
        defer { isStepping = false }
        var phaseBefore: Phase
        repeat {
            phaseBefore = phase
            switch phase {
            case .connecting: if tunnel == nil { finishConnecting() }
            case .handshake: shakeHands()
            case .authenticating: authenticate()
            case .ready: runExchanges()
            case .ended: return
            }
        } while phase != phaseBefore
        if let socket, phase != .ended {
            muster_socket_flush(socket)
            if socket.pointee.ended != 0 { return peerEnded() }
            if let tunnel, muster_socket_pending(socket) > 0 { tunnel.slot?.drive() }
        }
    }

    /// The stream has ended, and all that it carried has been read.
    private func peerEnded() {
        guard let session, phase != .ready else {
            if phase == .ready { end() }
            return
        }
        if phase == .authenticating, authentication.isRefused { return authenticate() }
        let banner = libssh2_session_banner_get(session).map { String(cString: $0) } ?? ""
        let wasReset = !banner.hasPrefix("SSH-")
        fail(wasReset ? .resetBeforeBanner : .connectionLost(inMidCommand: false), .retry(wasReset: wasReset))
    }

    func watch(_ number: Int32) { token = loop.add(number, self) }

    func restartStageTimer(_ delay: Duration, _ action: @escaping (Connection) -> Void) {
        loop.cancel(stageTimer)
        stageTimer = loop.after(delay) { [weak self] in
            guard let self else { return }
            action(self)
        }
    }

    /// Ends a start that did not come through.
    func fail(_ code: SSHError.Code, _ cure: Cure) { fail(SSHError(endpoint, code), cure) }

    func fail(_ error: SSHError, _ cure: Cure) {
        guard phase != .ended else { return }
        release()
        owner.connection(self, failed: error, cure)
    }

    /// Ends a session that was ready: what had been sent has an unknown outcome, the rest goes back to the owner.
    func end(_ code: SSHError.Code? = nil, lost: SSHError.Code = .connectionLost(inMidCommand: true)) {
        guard phase != .ended else { return }
        let exchanges = active
        active = []
        if let session, let socket {
            libssh2_session_disconnect_ex(session, SSH_DISCONNECT_BY_APPLICATION, "done", "")
            muster_socket_flush(socket)
        }
        release()
        var unsent: [Exchange] = []
        for exchange in exchanges {
            loop.cancel(exchange.timer)
            if code == nil, !exchange.mayHaveRun, !exchange.isAnswered {
                exchange.reset()
                unsent.append(exchange)
            } else {
                exchange.abort(code ?? lost)
                owner.exchangeEnded(exchange)
            }
        }
        owner.connection(self, endedWith: unsent)
    }

    /// Ends a start that nobody waits for, without a word to the owner.
    func discard() {
        if phase != .ended { release() }
    }

    /// Gives back socket and session. Nothing in libssh2 may wait for the peer any more, so reads are made to fail.
    private func release() {
        phase = .ended
        loop.cancel(stageTimer)
        loop.cancel(keepaliveTimer)
        loop.cancel(clogTimer)
        authentication.answer = nil
        tunnel?.finish()
        tunnel = nil
        if let socket {
            socket.pointee.abandoned = 1
            closeDescriptor()
        }
        if let session {
            // Bounded: with failing reads the first call does it; more only if a channel had to be closed before.
            for _ in 0..<16 {
                if libssh2_session_free(session) != LIBSSH2_ERROR_EAGAIN { break }
            }
        }
        session = nil
    }

    func closeDescriptor() {
        guard let socket, socket.pointee.fd >= 0 else { return }
        loop.remove(socket.pointee.fd, token: token)
        close(socket.pointee.fd)
        socket.pointee.fd = -1
    }

    deinit { muster_socket_free(socket) }
}
