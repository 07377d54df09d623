// A session inside a channel of a bastion's session: the same state machine, with the tunnel where the socket was.
import CLibSSH2
import Glibc

extension Connection: TunnelEnd {
    func enterTunnel(_ gate: (any TunnelEnd) -> Tunnel) {
        socket = muster_socket_carried()
        if socket == nil { return fail(.exhausted(reason: "out of memory"), .none) }
        let tunnel = gate(self)
        if phase != .ended { self.tunnel = tunnel }
    }

    var pipe: UnsafeMutablePointer<muster_socket>? { socket }
    /// libssh2 takes all that has come at once.
    var takesMore: Bool { true }
    /// SSH says so by closing.
    var hasSaidAll: Bool { false }

    /// The bastion has begun to open it. The time in its line does not count: the bastion has deadlines of its own.
    func tunnelIsBeingOpened(_ isAsked: Bool) {
        if !isAsked { return loop.cancel(stageTimer) }
        restartStageTimer(plan.deadlines.connection) { $0.fail(.timedOut(.connection), .none) }
    }

    func tunnelIsOpen() {
        roundTrip = tunnel?.slot?.roundTrip
        beginHandshake()
        step()
    }

    func tunnelBrought(_ bytes: UnsafeRawBufferPointer) {
        guard let socket, muster_inbox_put(socket, bytes.baseAddress, bytes.count) == 0 else {
            return fail(.exhausted(reason: "out of memory"), .none)
        }
    }

    func tunnelEnded() {
        socket?.pointee.gone = 1
        socket?.pointee.ended = -1
    }

    func tunnelMoved() { step() }

    /// Commands that were under way have an unknown outcome, as after any loss; their error names the bastion.
    func tunnelFailed(_ code: SSHError.Code) {
        switch phase {
        case .connecting: fail(code, .none)
        case .handshake, .authenticating: fail(code, .retry(wasReset: false))
        case .ready: end(lost: code)
        case .ended: break
        }
    }
}
