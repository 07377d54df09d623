// A way through a bastion: one direct-tcpip channel of its session, with a session or a local socket at this side of
// it.
import CLibSSH2
import Glibc

/// What stands at this side of a tunnel.
protocol TunnelEnd: AnyObject {
    /// What is to go through waits in its `out`.
    var pipe: UnsafeMutablePointer<muster_socket>? { get }
    /// False: read no more for now, the channel's window then stops the far side.
    var takesMore: Bool { get }
    /// Nothing will follow what is in `out`, while the far side may still send.
    var hasSaidAll: Bool { get }
    /// The bastion has been asked; or, after it was lost, is to be asked anew.
    func tunnelIsBeingOpened(_ isAsked: Bool)
    func tunnelIsOpen()
    func tunnelBrought(_ bytes: UnsafeRawBufferPointer)
    /// The far side will send no more.
    func tunnelEnded()
    /// Something came, or there is room again.
    func tunnelMoved()
    /// It could not be opened, or the bastion is gone. Said at most once, and never after `finish`.
    func tunnelFailed(_ code: SSHError.Code)
}

final class Tunnel: Exchange {
    private let host: String
    private let port: UInt16
    /// Let go when the channel closes: it owns this tunnel, and this keeps its last bytes until they have left.
    private var end: (any TunnelEnd)?
    private var isFinished = false
    private var isBeingOpened = false
    private var hasEnded = false
    private var hasSent = false
    private var hasSentEnd = false

    /// Above this the bastion's socket has stopped taking bytes.
    private static let backlogLimit = 16384

    init(to host: String, port: UInt16, through bastion: SSHEndpoint, for end: any TunnelEnd) {
        self.host = host
        self.port = port
        self.end = end
        super.init(endpoint: bastion)
    }

    override var isAnswered: Bool { isFinished }

    /// Nobody uses it any more: what waits still goes out, then the channel is closed.
    func finish() {
        if isFinished { return }
        isFinished = true
        slot?.finish(self)
    }

    override func fail(_ error: SSHError) {
        let end = end
        self.end = nil
        if isFinished { return }
        isFinished = true
        switch error.code {
        case .bastion, .forwardingRefused, .cancelled, .shutDown: end?.tunnelFailed(error.code)
        case let code: end?.tunnelFailed(.bastion(code))
        }
    }

    /// The bastion answered: it cannot reach the host, or will not. Another try would get the same answer.
    override func isRefusalFinal(_ reason: String) -> Bool {
        fail(SSHError(endpoint, .forwardingRefused(reason: reason)))
        return true
    }

    override func reset() {
        super.reset()
        isBeingOpened = false
        end?.tunnelIsBeingOpened(false)
    }

    override func openChannel(_ session: OpaquePointer) -> OpaquePointer? {
        if !isBeingOpened {
            isBeingOpened = true
            end?.tunnelIsBeingOpened(true)
        }
        return muster_tunnel_open(session, host, Int32(port))
    }

    override func execute() throws(SessionFault) -> Bool {
        state = isFinished ? .closing : .running
        if !isFinished { end?.tunnelIsOpen() }
        return true
    }

    override func transfer(
        _ socket: UnsafePointer<muster_socket>, _ scratch: UnsafeMutableRawBufferPointer
    ) throws(SessionFault) -> Bool {
        guard let end else {
            state = .closing
            return true
        }
        var moved = try receive(end, scratch)
        if moved || hasSent {
            hasSent = false
            end.tunnelMoved()
        }
        if let pipe = end.pipe {
            hasSent = try send(pipe, socket)
            if end.hasSaidAll, !hasSentEnd, muster_socket_pending(pipe) == 0 {
                hasSentEnd = libssh2_channel_send_eof(channel) != LIBSSH2_ERROR_EAGAIN
            }
        }
        moved = moved || hasSent
        if isFinished, end.pipe.map({ muster_socket_pending($0) == 0 }) ?? true {
            self.end = nil
            state = .closing
            return true
        }
        return moved
    }

    private func receive(_ end: any TunnelEnd, _ scratch: UnsafeMutableRawBufferPointer)
        throws(SessionFault) -> Bool
    {
        var moved = false
        let base = scratch.baseAddress!.assumingMemoryBound(to: CChar.self)
        while !isFinished, end.takesMore {
            let count = libssh2_channel_read_ex(channel, 0, base, scratch.count)
            if count == 0 || count == Int(LIBSSH2_ERROR_EAGAIN) { break }
            if count < 0 { throw SessionFault(number: Int32(count)) }
            end.tunnelBrought(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
            moved = true
        }
        if !hasEnded, libssh2_channel_eof(channel) == 1 {
            hasEnded = true
            end.tunnelEnded()
            return true
        }
        return moved
    }

    private func send(
        _ pipe: UnsafeMutablePointer<muster_socket>, _ socket: UnsafePointer<muster_socket>
    ) throws(SessionFault) -> Bool {
        var moved = false
        while muster_socket_pending(pipe) > 0, muster_socket_pending(socket) < Self.backlogLimit {
            let bytes = UnsafeRawPointer(pipe.pointee.out + pipe.pointee.out_start)
            let count = libssh2_channel_write_ex(
                channel, 0, bytes.assumingMemoryBound(to: CChar.self), muster_socket_pending(pipe))
            if count == 0 || count == Int(LIBSSH2_ERROR_EAGAIN) { break }
            if count < 0 {
                // The far side has closed: nobody will read what is left.
                muster_socket_taken(pipe, muster_socket_pending(pipe))
                if count == Int(LIBSSH2_ERROR_CHANNEL_CLOSED)
                    || count == Int(LIBSSH2_ERROR_CHANNEL_EOF_SENT)
                {
                    break
                }
                throw SessionFault(number: Int32(count))
            }
            muster_socket_taken(pipe, count)
            moved = true
        }
        return moved
    }
}
