// From addresses to an authenticated session: TCP, handshake, host key, each with a deadline and an error of its own.
import CLibSSH2
import Glibc

extension Connection {
    /// Addresses in the resolver's order; the deadline is shared among those that are left.
    func connectToNextAddress() {
        closeDescriptor()
        guard nextAddress < plan.addresses.count else { return fail(connectFailure, .none) }
        let address = plan.addresses[nextAddress]
        let share = plan.deadlines.connection / (plan.addresses.count - nextAddress)
        nextAddress += 1
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let number = Glibc.socket(address.family, type, 0)
        if number < 0 { return fail(.exhausted(reason: SystemError.text(errno)), .none) }
        setOptions(number)
        let problem = address.connect(number)
        if problem != 0 && problem != EINPROGRESS {
            close(number)
            connectFailure = Self.code(problem)
            return connectToNextAddress()
        }
        if socket == nil { socket = muster_socket_new(number) }
        socket?.pointee.fd = number
        watch(number)
        restartStageTimer(share) { connection in
            connection.connectFailure = .timedOut(.connection)
            connection.connectToNextAddress()
        }
    }

    /// The kernel notices a dead peer of an idle session: after 15 s of silence three probes 5 s apart, and 30 s for
    /// bytes that nobody acknowledges. Half of it is upset by a rebooting switch.
    private func setOptions(_ number: Int32) {
        func set(_ level: Int32, _ option: Int32, _ value: Int32) {
            var value = value
            setsockopt(number, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
        set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 15)
        set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 5)
        set(Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
        set(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 30_000)
    }

    private static func code(_ problem: Int32) -> SSHError.Code {
        switch problem {
        case ECONNREFUSED: .refused
        case ETIMEDOUT: .timedOut(.connection)
        case EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL: .exhausted(reason: SystemError.text(problem))
        case let other: .unreachable(reason: SystemError.text(other))
        }
    }

    func finishConnecting() {
        guard let socket, isConnected(socket.pointee.fd) else { return }
        var problem: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(socket.pointee.fd, SOL_SOCKET, SO_ERROR, &problem, &size)
        if problem != 0 {
            connectFailure = Self.code(problem)
            return connectToNextAddress()
        }
        roundTrip = plan.assumedTrip ?? .microseconds(Int(muster_round_trip_microseconds(socket.pointee.fd)))
        beginHandshake()
    }

    /// There is a way for bytes: banner and key exchange.
    func beginHandshake() {
        guard let socket, let session = muster_session_new(socket) else {
            return fail(.exhausted(reason: "out of memory"), .none)
        }
        self.session = session
        let algorithms = plan.trust.algorithms(without: plan.refusedTypes).joined(separator: ",")
        libssh2_session_method_pref(session, LIBSSH2_METHOD_HOSTKEY, algorithms)
        restartStageTimer(plan.deadlines.handshake) { connection in
            connection.fail(.timedOut(.handshake), .none)
        }
        phase = .handshake
    }

    /// An edge may come before the connection is decided: ask the socket, not the event.
    private func isConnected(_ number: Int32) -> Bool {
        var request = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, 0) == 1
    }

    func shakeHands() {
        guard let session, let socket else { return }
        let result = libssh2_session_handshake(session, tunnel == nil ? socket.pointee.fd : loop.bell)
        if result == LIBSSH2_ERROR_EAGAIN { return }
        if result == LIBSSH2_ERROR_SOCKET_DISCONNECT {
            return fail(.connectionLost(inMidCommand: false), .retry(wasReset: false))
        }
        if result == LIBSSH2_ERROR_KEX_FAILURE { return fail(.noCommonAlgorithm, .none) }
        if result != 0 {
            let reason = SessionText.lastError(session)
            return fail(.handshakeFailed(reason: "\(reason) (\(result))"), .none)
        }
        guard let key = hostKey(session) else {
            return fail(.handshakeFailed(reason: "the host showed no key"), .none)
        }
        switch plan.trust.verdict(on: key) {
        case .trusted: beginAuthentication()
        case .unknown: fail(.hostKeyUnknown(offered: key.fingerprint), .none)
        case .revoked: fail(.hostKeyRevoked(offered: key.fingerprint), .none)
        case .changed(let expected):
            let cure = plan.trust.mayHaveOtherKey ? Cure.otherHostKey(refused: key) : .none
            fail(.hostKeyChanged(expected: expected, offered: key.fingerprint), cure)
        }
    }

    private func hostKey(_ session: OpaquePointer) -> SSHPublicKey? {
        var count = 0
        var type: Int32 = 0
        guard let bytes = libssh2_session_hostkey(session, &count, &type) else { return nil }
        return bytes.withMemoryRebound(to: UInt8.self, capacity: count) {
            SSHPublicKey(blob: Array(UnsafeBufferPointer(start: $0, count: count)))
        }
    }
}
