// A port of this machine that leads through a bastion to one address behind it: for protocols that are not ours, such
// as HTTPS to a control plane.
import CLibSSH2
import Glibc

/// What the loop needs to know to open a forward.
struct ForwardPlan: Sendable {
    let target: SSHEndpoint
    let bastion: SSHEndpoint
    /// Called once.
    let ready: @Sendable (ForwardAnswer) -> Void
}

/// The local port, or why there is none.
enum ForwardAnswer: Sendable {
    case port(UInt16)
    case problem(SSHError.Code)
}

/// Listens on 127.0.0.1, and gives each connection a tunnel of its own.
final class Forward: Descriptor {
    private let plan: ForwardPlan
    private unowned let pool: SessionPool
    private var listener: Int32 = -1
    private var token: UInt64 = 0
    private var links: [ObjectIdentifier: ForwardLink] = [:]
    private var scout: ForwardScout?

    init(_ plan: ForwardPlan, pool: SessionPool) {
        self.plan = plan
        self.pool = pool
        // One tunnel first: whoever asks is told of a bastion that is down, and not their HTTP client of a reset.
        let scout = ForwardScout(pool.loop, deadline: pool.deadlines.connection) { [weak self] problem in
            guard let self else { return }
            self.scout = nil
            if let problem { plan.ready(.problem(problem)) } else { plan.ready(listen()) }
        }
        self.scout = scout
        scout.tunnel = pool.openTunnel(to: plan.target, through: plan.bastion, for: scout)
    }

    private func listen() -> ForwardAnswer {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let number = Glibc.socket(AF_INET, type, 0)
        var port: UInt16 = 0
        // Browsers and HTTP clients open some six at once; 16 wait for an accept that never takes long.
        guard number >= 0, muster_listen_on_loopback(number, 16, &port) == 0 else {
            let reason = SystemError.text(errno)
            if number >= 0 { Glibc.close(number) }
            return .problem(.exhausted(reason: reason))
        }
        listener = number
        token = pool.loop.add(number, self)
        return .port(port)
    }

    func ready(isGone: Bool) {
        while true {
            let number = muster_accept(listener)
            if number < 0 { return }
            guard let link = ForwardLink(number, loop: pool.loop) else {
                Glibc.close(number)
                continue
            }
            links[ObjectIdentifier(link)] = link
            link.whenOver = { [weak self] in self?.links[$0] = nil }
            link.tunnel = pool.openTunnel(to: plan.target, through: plan.bastion, for: link)
        }
    }

    func close() {
        if listener >= 0 {
            pool.loop.remove(listener, token: token)
            Glibc.close(listener)
            listener = -1
        }
        for link in links.values { link.close() }
        links = [:]
        scout?.tunnelFailed(.shutDown)
    }
}

/// Sees whether there is a way, and leaves it again.
private final class ForwardScout: TunnelEnd {
    fileprivate var tunnel: Tunnel?
    private let loop: EventLoop
    private let deadline: Duration
    private var timer: Timer?
    private var found: ((SSHError.Code?) -> Void)?

    init(_ loop: EventLoop, deadline: Duration, found: @escaping (SSHError.Code?) -> Void) {
        (self.loop, self.deadline, self.found) = (loop, deadline, found)
    }

    private func report(_ problem: SSHError.Code?) {
        loop.cancel(timer)
        let found = found
        self.found = nil
        found?(problem)
        tunnel?.finish()
        tunnel = nil
    }

    var pipe: UnsafeMutablePointer<muster_socket>? { nil }
    var takesMore: Bool { false }
    var hasSaidAll: Bool { false }
    /// A bastion is silent about a dead host for minutes.
    func tunnelIsBeingOpened(_ isAsked: Bool) {
        loop.cancel(timer)
        if isAsked { timer = loop.after(deadline) { [weak self] in self?.report(.timedOut(.connection)) } }
    }
    func tunnelIsOpen() { report(nil) }
    func tunnelBrought(_ bytes: UnsafeRawBufferPointer) {}
    func tunnelEnded() {}
    func tunnelMoved() {}
    func tunnelFailed(_ code: SSHError.Code) { report(code) }
}

/// One local connection and its tunnel.
final class ForwardLink: Descriptor, TunnelEnd {
    private let loop: EventLoop
    private var token: UInt64 = 0
    /// To the local client.
    private let near: UnsafeMutablePointer<muster_socket>
    /// To the tunnel: only its `out` is used.
    private let far: UnsafeMutablePointer<muster_socket>
    private var localEnded = false
    private var remoteEnded = false
    private var isOver = false
    fileprivate var tunnel: Tunnel?
    fileprivate var whenOver: ((ObjectIdentifier) -> Void)?

    /// A side that does not read stops the other one here.
    private static let limit = 256 << 10

    fileprivate init?(_ number: Int32, loop: EventLoop) {
        guard let near = muster_socket_new(number) else { return nil }
        guard let far = muster_socket_carried() else {
            muster_socket_free(near)
            return nil
        }
        self.loop = loop
        self.near = near
        self.far = far
        token = loop.add(number, self)
    }

    deinit {
        muster_socket_free(near)
        muster_socket_free(far)
    }

    func ready(isGone: Bool) {
        muster_socket_flush(near)
        readLocal()
        tunnel?.slot?.drive()
        settle()
    }

    private func readLocal() {
        while !localEnded, !isOver, muster_socket_pending(far) < Self.limit {
            let scratch = loop.scratch
            let count = recv(near.pointee.fd, scratch.baseAddress, scratch.count, 0)
            if count > 0 {
                if muster_socket_keep(far, scratch.baseAddress, count) != 0 { return close() }
            } else if count < 0, errno == EAGAIN {
                return
            } else if count == 0 || errno != EINTR {
                localEnded = true
            }
        }
    }

    /// A local client may have said all and still listen: over it is when the far side has ended.
    private func settle() {
        if isOver { return }
        if near.pointee.ended != 0 || (remoteEnded && muster_socket_pending(near) == 0) { close() }
    }

    fileprivate func close() {
        if isOver { return }
        isOver = true
        loop.remove(near.pointee.fd, token: token)
        Glibc.close(near.pointee.fd)
        tunnel?.finish()
        tunnel = nil
        whenOver?(ObjectIdentifier(self))
    }

    var pipe: UnsafeMutablePointer<muster_socket>? { isOver ? nil : far }
    var takesMore: Bool { muster_socket_pending(near) < Self.limit }
    var hasSaidAll: Bool { localEnded }
    func tunnelIsBeingOpened(_ isAsked: Bool) {}
    func tunnelIsOpen() {}
    func tunnelBrought(_ bytes: UnsafeRawBufferPointer) {
        if muster_socket_keep(near, bytes.baseAddress, bytes.count) != 0 { close() }
    }
    func tunnelEnded() { remoteEnded = true }
    func tunnelMoved() {
        if isOver { return }
        muster_socket_flush(near)
        readLocal()
        settle()
    }
    func tunnelFailed(_ code: SSHError.Code) { close() }
}
