// The event loop's head: which host is started next, which session makes room, who is told what. No IO of its own.
import Glibc

/// What others ask of the loop.
enum PoolMessage: Sendable {
    case run(id: UInt64, SSHEndpoint, SSHCommand, Ticket)
    case cancel(id: UInt64)
    case resolved(SSHEndpoint, id: UInt64, Resolution)
    case close(SSHEndpoint)
    case shutDown(CheckedContinuation<Void, Never>?)
}

final class SessionPool {
    let loop: EventLoop
    let ledger: Ledger
    let deadlines: SSHDeadlines
    private let limits: SSHLimits
    private let knownHosts: SSHKnownHosts?
    private let signer: Signer
    private let mailbox: Mailbox<PoolMessage>
    private let resolver = Resolver()
    private var slots: [SSHEndpoint: HostSlot] = [:]
    private var exchanges: [UInt64: Exchange] = [:]
    private var queue: [HostSlot] = []
    private var queueHead = 0
    private var window: StartWindow
    private var inquiries: [UInt64: (Resolution) -> Void] = [:]
    private var lastInquiry: UInt64 = 0
    /// Connections that exist, starting ones too; kept by the slots.
    var openSessions = 0
    private var isPumping = false
    private var farewells: [CheckedContinuation<Void, Never>] = []

    init(
        loop: EventLoop, mailbox: Mailbox<PoolMessage>, ledger: Ledger, configuration: SSHConfiguration,
        signer plan: SignerPlan
    ) {
        self.loop = loop
        self.mailbox = mailbox
        self.ledger = ledger
        deadlines = configuration.deadlines
        limits = configuration.limits
        knownHosts = configuration.knownHosts
        window = StartWindow(limit: configuration.limits.connectWindow)
        signer =
            switch plan {
            case .key(let key, let name): .key(key, name: name)
            case .agent(let socket, let fingerprint):
                .agent(AgentLink(loop: loop, path: socket, fingerprint: fingerprint))
            }
    }

    /// The thread's life.
    func run() {
        loop.run { for message in mailbox.takeAll() { take(message) } }
        for message in mailbox.closeAndTakeAll() { refuse(message) }
        for farewell in farewells { farewell.resume() }
    }

    private func take(_ message: PoolMessage) {
        switch message {
        case .run(let id, let endpoint, let command, let ticket): submit(id, endpoint, command, ticket)
        case .cancel(let id):
            if let exchange = exchanges[id] { slots[exchange.endpoint]?.cancel(exchange) }
        case .resolved(_, let id, let resolution): inquiries.removeValue(forKey: id)?(resolution)
        case .close(let endpoint):
            slots[endpoint]?.close(.cancelled)
            if slots[endpoint]?.phase == .idle { slots[endpoint] = nil }
        case .shutDown(let farewell): shutDown(farewell)
        }
    }

    private func refuse(_ message: PoolMessage) {
        switch message {
        case .run(_, let endpoint, _, let ticket): ticket.answer(.failure(SSHError(endpoint, .shutDown)))
        case .shutDown(let farewell): farewell?.resume()
        case .cancel, .resolved, .close: break
        }
    }

    private func submit(_ id: UInt64, _ endpoint: SSHEndpoint, _ command: SSHCommand, _ ticket: Ticket) {
        let exchange = Exchange(id: id, endpoint: endpoint, command: command) { ticket.answer($0) }
        if ticket.isCancelled { return exchange.abort(.cancelled) }
        exchanges[id] = exchange
        let slot = slots[endpoint] ?? makeSlot(endpoint)
        slot.submit(exchange)
    }

    private func makeSlot(_ endpoint: SSHEndpoint) -> HostSlot {
        let slot = HostSlot(
            endpoint: endpoint, trust: HostTrust(endpoint: endpoint, knownHosts: knownHosts), pool: self)
        slots[endpoint] = slot
        return slot
    }

    func forget(_ exchange: Exchange) { exchanges[exchange.id] = nil }

    // MARK: starts

    func enqueue(_ slot: HostSlot) {
        queue.append(slot)
        pump()
    }

    /// Starts what the window and the limit of sessions allow, first come, first served.
    func pump() {
        if isPumping { return }
        isPumping = true
        defer { isPumping = false }
        while queueHead < queue.count, window.hasRoom {
            let slot = queue[queueHead]
            guard slot.phase == .queued, slot.hasWork else {
                queueHead += 1
                slot.leaveQueue()
                continue
            }
            if openSessions >= limits.sessions, !evict() { break }
            queueHead += 1
            slot.start(window.take())
        }
        if queueHead == queue.count {
            queue = []
            queueHead = 0
        }
    }

    /// Ends the session that was unused for longest; false when all are busy.
    private func evict() -> Bool {
        guard let slot = slots.values.filter(\.isEvictable).min(by: { $0.lastUsed < $1.lastUsed }) else { return false }
        slot.close(.cancelled)
        return true
    }

    func leaveWindow(_ place: StartWindow.Place) {
        window.leave(place)
        pump()
    }
    func startSucceeded() { window.succeeded() }
    func startWasReset(_ place: StartWindow.Place, _ endpoint: SSHEndpoint) { window.reset(place, endpoint) }

    func plan(
        _ endpoint: SSHEndpoint, _ addresses: [SocketAddress], _ trust: HostTrust, refused: Set<String>
    ) -> Connection.Plan {
        Connection.Plan(
            endpoint: endpoint, addresses: addresses, trust: trust, refusedTypes: refused, signer: signer,
            deadlines: deadlines, limits: limits)
    }

    func resolve(_ endpoint: SSHEndpoint, _ done: @escaping (Resolution) -> Void) {
        if let numeric = Resolver.numeric(endpoint.address, port: endpoint.port) { return done(numeric) }
        lastInquiry += 1
        let id = lastInquiry
        inquiries[id] = done
        resolver.resolve(endpoint.address, port: endpoint.port) { [mailbox] resolution in
            _ = mailbox.post(.resolved(endpoint, id: id, resolution))
        }
    }

    // MARK: the end

    private func shutDown(_ farewell: CheckedContinuation<Void, Never>?) {
        if let farewell { farewells.append(farewell) }
        for slot in slots.values { slot.close(.shutDown) }
        slots = [:]
        if case .agent(let agent) = signer { agent.close() }
        loop.stop()
    }
}
