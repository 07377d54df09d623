// All that the pool knows about one session: its queue of commands or tunnels, its connection, and how its start goes.

/// Owns the endpoint's connection and decides what follows when a start fails.
final class HostSlot: ConnectionOwner {
    enum Phase { case idle, queued, resolving, starting, pausing, ready }
    /// A bastion's sessions carry tunnels only: they are held open for others, and start before them.
    enum Role { case commands, tunnels }

    let endpoint: SSHEndpoint
    let role: Role
    private let trust: HostTrust
    private unowned let pool: SessionPool
    private(set) var phase = Phase.idle
    private var waiting: [Exchange] = []
    private(set) var connection: Connection? {
        didSet {
            if role == .commands {
                pool.openSessions += (connection == nil ? 0 : 1) - (oldValue == nil ? 0 : 1)
            }
        }
    }
    private(set) var lastUsed = Moment.now()

    private var place: StartWindow.Place?
    private var patience: Timer?
    private var pause: Timer?
    private var firstStart: Moment?
    private var attempts = 0
    /// Counts resolutions, so that a late answer to an old question is not taken for the new one's.
    private var inquiry = 0
    private var refusedKeys: [SSHPublicKey] = []
    /// It once was there: when it goes, it may come back.
    private var hasBeenUp = false
    private(set) var roundTrip: Duration?
    private var lastFailure: (error: SSHError, until: Moment)?
    /// Where its starts stand in line.
    let line: StartLine

    init(endpoint: SSHEndpoint, role: Role, trust: HostTrust, line: StartLine, pool: SessionPool) {
        self.endpoint = endpoint
        self.role = role
        self.line = line
        self.trust = trust
        self.pool = pool
    }

    var isEvictable: Bool { phase == .ready && waiting.isEmpty && connection?.isIdle == true }
    var hasWork: Bool { !waiting.isEmpty }
    /// How many stand before the next tunnel; nil: look for another session.
    var tunnelLine: Int? {
        connection?.isRetiring == true || isClogged
            ? nil : waiting.count + (connection?.isOpeningTunnel == true ? 1 : 0)
    }
    /// It waits for a host that does not answer.
    var isClogged: Bool { connection?.isClogged == true }

    func submit(_ exchange: Exchange) {
        exchange.slot = self
        // Everyone behind a bastion is told what the first was told, for as long as it takes them to ask.
        if role == .tunnels, let lastFailure, Moment.now() < lastFailure.until {
            exchange.fail(lastFailure.error)
            return
        }
        waiting.append(exchange)
        switch phase {
        case .idle: enqueue()
        case .ready: connection?.step()
        case .queued, .resolving, .starting, .pausing: break
        }
    }

    private func enqueue() {
        phase = .queued
        pool.enqueue(self)
    }

    /// Its commands were cancelled while it stood in line.
    func leaveQueue() {
        if phase == .queued { phase = .idle }
    }

    // MARK: starting

    /// The window has room: go.
    func start(_ place: StartWindow.Place) {
        self.place = place
        if firstStart == nil { firstStart = .now() }
        attempts += 1
        if endpoint.via != nil { return connect([]) }  // the bastion knows its names
        phase = .resolving
        inquiry += 1
        let current = inquiry
        let timer = pool.loop.after(pool.deadlines.resolution) { [weak self] in
            self?.resolved(.failed(reason: "", isTemporary: false), inquiry: current, timedOut: true)
        }
        patience = timer
        pool.resolve(endpoint) { [weak self] in self?.resolved($0, inquiry: current, timedOut: false) }
    }

    private func resolved(_ resolution: Resolution, inquiry: Int, timedOut: Bool) {
        guard phase == .resolving, inquiry == self.inquiry else { return }
        pool.loop.cancel(patience)
        switch resolution {
        case .addresses(let addresses): connect(addresses)
        case .failed(let reason, isTemporary: true):
            retry(
                SSHError(endpoint, .nameNotResolved(reason: reason)),
                within: min(pool.deadlines.resolution, pool.deadlines.retrying))
        case .failed(let reason, isTemporary: false):
            giveUp(
                SSHError(endpoint, timedOut ? .timedOut(.resolution) : .nameNotResolved(reason: reason)))
        }
    }

    private func connect(_ addresses: [SocketAddress]) {
        phase = .starting
        let connection = Connection(
            plan: pool.plan(endpoint, role, addresses, trust, refused: Set(refusedKeys.map(\.type))),
            loop: pool.loop, owner: self)
        self.connection = connection
        pool.ledger.connectionStarted(endpoint)
        // A host that has said nothing for 3 s costs nothing either: its place goes to another. At a fraction of a
        // second, slow hosts would be taken for silent ones and the window would mean little.
        patience = pool.loop.after(.seconds(3)) { [weak self] in
            if self?.connection?.bytesReceived == 0 { self?.leaveWindow() }
        }
        connection.start()
    }

    private func leaveWindow() {
        pool.loop.cancel(patience)
        guard let place else { return }
        self.place = nil
        line.window.leave(place)
        pool.pump()
    }

    func connectionIsReady(_ connection: Connection) {
        phase = .ready
        firstStart = nil
        attempts = 0
        hasBeenUp = true
        roundTrip = connection.roundTrip
        line.window.succeeded(after: connection.roundTrip)
        leaveWindow()
    }

    func connection(_ connection: Connection, failed error: SSHError, _ cure: Connection.Cure) {
        account(connection)
        self.connection = nil
        switch cure {
        case .none where role == .tunnels && hasBeenUp && error.isUnavailable: retry(error)
        case .none: giveUp(hostKeyVerdict(error))
        case .retry(let wasReset):
            if wasReset, let place { line.window.reset(place, endpoint) }
            retry(error)
        case .otherHostKey(let key):
            refusedKeys.append(key)
            leaveWindow()
            if trust.algorithms(without: Set(refusedKeys.map(\.type))).isEmpty { return giveUp(hostKeyVerdict(error)) }
            attempts = 0
            enqueue()
        }
    }

    /// When other types were asked for because of a wrong key and there are none, the wrong key is the news.
    private func hostKeyVerdict(_ error: SSHError) -> SSHError {
        guard let first = refusedKeys.first else { return error }
        refusedKeys = []
        switch error.code {
        case .handshakeFailed, .noCommonAlgorithm, .hostKeyChanged:
            return SSHError(endpoint, .hostKeyChanged(expected: endpoint.pinnedKeys, offered: first.fingerprint))
        default: return error
        }
    }

    /// Full jitter over a range that doubles from 100 ms to 3 s: hosts thrown out together do not come back together.
    private func retry(_ error: SSHError, within patience: Duration? = nil) {
        leaveWindow()
        let base = min(3000, 50 << min(attempts, 10))
        let delay = Duration.milliseconds(Int.random(in: base / 4...base))
        let end = (firstStart ?? .now()) + (patience ?? pool.deadlines.retrying)
        guard Moment.now() + delay < end, hasWork else { return giveUp(error) }
        phase = .pausing
        pause = pool.loop.after(delay) { [weak self] in
            guard let self, phase == .pausing else { return }
            if hasWork { enqueue() } else { rest() }
        }
    }

    private func giveUp(_ error: SSHError) {
        leaveWindow()
        rest()
        lastFailure = (error, .now() + .seconds(1))
        let failed = waiting
        waiting = []
        for exchange in failed {
            exchange.fail(error)
            pool.forget(exchange)
        }
        if role == .tunnels { pool.laneIsFree(of: endpoint) }
    }

    private func rest() {
        phase = .idle
        firstStart = nil
        attempts = 0
        pool.pump()
    }

    // MARK: a ready session

    func nextExchange() -> Exchange? {
        waiting.isEmpty ? nil : waiting.removeFirst()
    }

    func putBack(_ exchange: Exchange) { waiting.insert(exchange, at: 0) }

    func channelOpened(_ exchange: Exchange) {
        if role == .commands { pool.ledger.commandSent(endpoint) }
    }

    /// What waits here goes to other sessions of the bastion.
    func connectionIsClogged(_ connection: Connection) {
        let tunnels = waiting
        waiting = []
        for tunnel in tunnels { pool.submit(tunnel: tunnel) }
    }

    func connectionIsLoose(_ connection: Connection) { pool.laneIsFree(of: endpoint) }

    /// There is something to send in a tunnel.
    func drive() { connection?.step() }

    func finish(_ tunnel: Tunnel) {
        if tunnel.state == .waiting {
            waiting.removeAll { $0 === tunnel }
        } else {
            connection?.finish(tunnel)
        }
    }

    func exchangeEnded(_ exchange: Exchange) {
        lastUsed = .now()
        if let connection { account(connection) }
        pool.forget(exchange)
        if !hasWork { pool.pump() }
    }

    func connection(_ connection: Connection, endedWith unsent: [Exchange]) {
        account(connection)
        self.connection = nil
        phase = .idle
        // A session may die unnoticed while it is idle: what was not sent gets a new one, three times at most.
        for exchange in unsent {
            exchange.attempts += 1
            if exchange.attempts > 3 {
                exchange.fail(SSHError(endpoint, .connectionLost(inMidCommand: false)))
                pool.forget(exchange)
            } else {
                waiting.insert(exchange, at: 0)
            }
        }
        if hasWork { enqueue() }
        if role == .tunnels { pool.laneIsFree(of: endpoint) }
        pool.pump()
    }

    // MARK: ending

    func cancel(_ exchange: Exchange) {
        if exchange.state == .waiting {
            waiting.removeAll { $0 === exchange }
            exchange.abort(.cancelled)
            pool.forget(exchange)
            if !hasWork, phase == .starting || phase == .resolving || phase == .pausing { abandonStart() }
        } else {
            connection?.abort(exchange, .cancelled)
        }
    }

    /// Nobody waits for this host any more.
    private func abandonStart() {
        let started = connection
        connection = nil
        phase = .idle
        pool.loop.cancel(pause)
        started?.discard()
        leaveWindow()
        rest()
    }

    /// Ends the session; commands under way fail with `code`.
    func close(_ code: SSHError.Code) {
        let failed = waiting
        waiting = []
        for exchange in failed {
            exchange.abort(code)
            pool.forget(exchange)
        }
        switch phase {
        case .ready: connection?.end(code)
        case .starting, .resolving, .pausing: abandonStart()
        case .idle, .queued: break
        }
    }

    private func account(_ connection: Connection) {
        pool.ledger.traffic(endpoint, received: connection.takeReceived(), sent: connection.takeSent())
    }
}
