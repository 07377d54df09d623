// Several commands at once on one session: who may open a channel, when a packet for a neighbour may have come, and
// how a dead peer is noticed in mid-command.
import CLibSSH2
import Glibc

extension Connection {
    func runExchanges() {
        guard let session, let socket else { return }
        var received: UInt64
        var moved: Bool
        repeat {
            received = socket.pointee.received
            moved = false
            takeWork()
            for exchange in active where phase == .ready {
                guard let progress = drive(exchange, session, socket) else { return }
                moved = moved || progress
            }
            // Any channel's read takes packets for all of them from the socket: go round until none came.
        } while phase == .ready && (moved || socket.pointee.received != received)
        if phase == .ready, isRetiring, active.allSatisfy(\.isAnswered) { end() }
    }

    /// nil when the session has ended meanwhile.
    private func drive(
        _ exchange: Exchange, _ session: OpaquePointer, _ socket: UnsafeMutablePointer<muster_socket>
    ) -> Bool? {
        // libssh2 keeps the state of an opening in the session: one at a time, the first in line.
        if exchange.state == .opening, active.first(where: { $0.state == .opening }) !== exchange { return false }
        var moved = false
        while phase == .ready {
            let before = exchange.state
            do {
                switch try exchange.advance(session, socket, loop.scratch) {
                case .blocked:
                    if exchange.state == .closing { startLinger(exchange) }
                    return moved
                case .moved: moved = true
                case .refused(let reason):
                    refused(exchange, reason)
                    return true
                }
            } catch {
                end()
                return nil
            }
            if before == .opening, exchange.state != .opening { loosen() }
            if before == .opening, exchange.state == .executing {
                hasOpenedChannel = true
                owner.channelOpened(exchange)
            }
            if exchange.state == .ended {
                loop.cancel(exchange.timer)
                active.removeAll { $0 === exchange }
                owner.exchangeEnded(exchange)
                return true
            }
        }
        return nil
    }

    private func takeWork() {
        if isRetiring { return }
        while active.count < channelLimit, !isOpeningTunnel, let exchange = owner.nextExchange() {
            active.append(exchange)
            exchange.begin()
            loop.cancel(exchange.timer)
            exchange.timer = exchange.deadline.map { deadline in
                loop.after(deadline) { [weak self, weak exchange] in
                    guard let self, let exchange else { return }
                    abort(exchange, .timedOut(.command))
                }
            }
            if exchange is Tunnel { watchOpening() }
        }
        if keepaliveTimer == nil, !active.isEmpty { scheduleKeepalive() }
    }

    /// Tunnels that wait stay with the owner, who may have another session for them.
    var isOpeningTunnel: Bool {
        active.last.map { $0 is Tunnel && $0.state == .opening } ?? false
    }

    /// A bastion answers when it has reached the host, or found that it cannot: a dead host makes it silent for
    /// minutes. 500 ms: far above a round trip; at half of it slow lines are taken for dead hosts, at twice of it
    /// each dead host holds up those behind it for a second.
    private func watchOpening() {
        clogTimer = loop.after(.milliseconds(500)) { [weak self] in
            guard let self, phase == .ready, isOpeningTunnel else { return }
            isClogged = true
            owner.connectionIsClogged(self)
        }
    }

    private func loosen() {
        loop.cancel(clogTimer)
        guard isClogged else { return }
        isClogged = false
        owner.connectionIsLoose(self)
    }

    /// A tunnel is used no more: its channel closes behind it.
    func finish(_ tunnel: Tunnel) {
        if phase != .ready { return }
        // The bastion would answer in minutes; another session answers at once.
        if isClogged, active.allSatisfy(\.isAnswered) { return end() }
        startLinger(tunnel)
        step()
    }

    /// Ends one command; its channel is closed behind it.
    func abort(_ exchange: Exchange, _ code: SSHError.Code) {
        exchange.abort(code)
        startLinger(exchange)
        step()
    }

    /// A channel has 2 s to close. A host that does not answer even that is not asked for more: the session ends as
    /// soon as its other commands are done.
    private func startLinger(_ exchange: Exchange) {
        if exchange.isLingering { return }
        exchange.isLingering = true
        loop.cancel(exchange.timer)
        exchange.timer = loop.after(.seconds(2)) { [weak self] in
            guard let self else { return }
            isRetiring = true
            step()
        }
    }

    /// `MaxSessions` (F07): what is open is what is allowed; the command waits for one of them to close.
    private func refused(_ exchange: Exchange, _ reason: String) {
        active.removeAll { $0 === exchange }
        loop.cancel(exchange.timer)
        loosen()
        if exchange.isAnswered || exchange.isRefusalFinal(reason) {
            return owner.exchangeEnded(exchange)
        }
        exchange.attempts += 1
        if active.isEmpty && (!hasOpenedChannel || exchange.attempts > 6) {
            exchange.abort(.channelRefused(reason: reason))
            return owner.exchangeEnded(exchange)
        }
        owner.putBack(exchange)
        if active.isEmpty {
            // sshd frees a session's place a moment after it has closed the channel.
            channelLimit = 0
            _ = loop.after(.milliseconds(20) * (1 << exchange.attempts)) { [weak self] in
                self?.channelLimit = 1
                self?.step()
            }
        } else {
            channelLimit = active.count
        }
    }

    private func scheduleKeepalive() {
        receivedAtKeepalive = bytesReceived
        keepaliveTimer = loop.after(plan.keepalive) { [weak self] in self?.keepalive() }
    }

    /// Only in mid-command: on an idle session nobody would read the answers, and TCP's own probes watch it.
    private func keepalive() {
        keepaliveTimer = nil
        guard phase == .ready, !active.isEmpty, let session else {
            silentKeepalives = 0
            return
        }
        silentKeepalives = bytesReceived == receivedAtKeepalive ? silentKeepalives + 1 : 0
        if silentKeepalives > 3 { return end() }
        if silentKeepalives > 0 {
            var next: Int32 = 0
            libssh2_keepalive_config(session, 1, 2)
            libssh2_keepalive_send(session, &next)
        }
        scheduleKeepalive()
        step()
    }
}
