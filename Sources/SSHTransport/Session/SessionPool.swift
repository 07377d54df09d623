// The event loop's head: which host is started next, which session makes room, who is told what. No IO of its own.
import Glibc

/// What others ask of the loop.
enum PoolMessage: Sendable {
    case run(id: UInt64, SSHEndpoint, SSHCommand, Ticket)
    case cancel(id: UInt64)
    case resolved(SSHEndpoint, id: UInt64, Resolution)
    case close(SSHEndpoint)
    case forward(id: UInt64, ForwardPlan)
    case endForward(id: UInt64)
    case shutDown(CheckedContinuation<Void, Never>?)
}

/// Names one session: an endpoint's own is 0, those that a bastion holds for its tunnels count from 1.
private struct SlotKey: Hashable {
    let endpoint: SSHEndpoint
    let lane: Int
}

final class SessionPool {
    let loop: EventLoop
    let ledger: Ledger
    let deadlines: SSHDeadlines
    private let limits: SSHLimits
    private let knownHosts: SSHKnownHosts?
    private let signer: Signer
    private let bastionSigner: Signer
    private let mailbox: Mailbox<PoolMessage>
    private let resolver: Resolver
    private let assumedTrip: Duration?
    private var slots: [SlotKey: HostSlot] = [:]
    private var exchanges: [UInt64: CommandExchange] = [:]
    private var lines: [SSHEndpoint?: StartLine] = [:]
    private var forwards: [UInt64: Forward] = [:]
    /// Tunnels that no session of their bastion has room for, until one has.
    private var stranded: [SSHEndpoint: [Exchange]] = [:]
    private var inquiries: [UInt64: (Resolution) -> Void] = [:]
    private var lastInquiry: UInt64 = 0
    /// Connections to hosts that exist, starting ones too; kept by the slots. Those of bastions do not count: the hosts
    /// behind them would else wait for a place that only they could give back.
    var openSessions = 0
    private var isPumping = false
    private var farewells: [CheckedContinuation<Void, Never>] = []

    init(
        loop: EventLoop, mailbox: Mailbox<PoolMessage>, ledger: Ledger, configuration: SSHConfiguration,
        signer plan: SignerPlan, bastionSigner bastionPlan: SignerPlan?
    ) {
        self.loop = loop
        self.mailbox = mailbox
        self.ledger = ledger
        deadlines = configuration.deadlines
        limits = configuration.limits
        knownHosts = configuration.knownHosts
        resolver = Resolver(lookUp: configuration.lookUp)
        assumedTrip = configuration.assumedTrip
        signer = Signer(plan, loop)
        bastionSigner = bastionPlan.map { Signer($0, loop) } ?? signer
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
            if let exchange = exchanges[id] { exchange.slot?.cancel(exchange) }
        case .resolved(_, let id, let resolution): inquiries.removeValue(forKey: id)?(resolution)
        case .close(let endpoint):
            let key = SlotKey(endpoint: endpoint, lane: 0)
            slots[key]?.close(.cancelled)
            if slots[key]?.phase == .idle { slots[key] = nil }
        case .forward(let id, let plan): forwards[id] = Forward(plan, pool: self)
        case .endForward(let id): forwards.removeValue(forKey: id)?.close()
        case .shutDown(let farewell): shutDown(farewell)
        }
    }

    private func refuse(_ message: PoolMessage) {
        switch message {
        case .run(_, let endpoint, _, let ticket): ticket.answer(.failure(SSHError(endpoint, .shutDown)))
        case .shutDown(let farewell): farewell?.resume()
        case .forward(_, let plan): plan.ready(.problem(.shutDown))
        case .cancel, .resolved, .close, .endForward: break
        }
    }

    private func submit(_ id: UInt64, _ endpoint: SSHEndpoint, _ command: SSHCommand, _ ticket: Ticket) {
        let exchange = CommandExchange(id: id, endpoint: endpoint, command: command) { ticket.answer($0) }
        if ticket.isCancelled { return exchange.abort(.cancelled) }
        exchanges[id] = exchange
        slot(of: endpoint, lane: 0).submit(exchange)
    }

    private func slot(of endpoint: SSHEndpoint, lane: Int) -> HostSlot {
        let key = SlotKey(endpoint: endpoint, lane: lane)
        if let slot = slots[key] { return slot }
        let slot = HostSlot(
            endpoint: endpoint, role: lane == 0 ? .commands : .tunnels,
            trust: HostTrust(endpoint: endpoint, knownHosts: knownHosts), line: line(behind: endpoint.via), pool: self)
        slots[key] = slot
        return slot
    }

    func forget(_ exchange: Exchange) {
        if let command = exchange as? CommandExchange { exchanges[command.id] = nil }
    }

    // MARK: tunnels

    /// A bastion's sessions at most: each host that does not answer takes one for as long as its deadline, 60 KiB here
    /// and a process there. Half of it makes hosts wait behind 64 silent ones; twice of it is more than a small bastion
    /// has memory for.
    private static let laneLimit = 128
    /// How many sessions look for hosts that answer at most, where many do not.
    private static let searching = 32

    func openTunnel(to endpoint: SSHEndpoint, through bastion: SSHEndpoint, for end: any TunnelEnd) -> Tunnel {
        let tunnel = Tunnel(to: endpoint.address, port: endpoint.port, through: bastion, for: end)
        submit(tunnel: tunnel)
        return tunnel
    }

    /// To the session with the shortest line. libssh2 opens one tunnel at a time, each for a round trip: where that is
    /// long, or a dead host is in the way, there is another session.
    func submit(tunnel: Exchange) {
        let bastion = tunnel.endpoint
        let lanes = (1...Self.laneLimit).prefix { slots[SlotKey(endpoint: bastion, lane: $0)] != nil }
            .map { slot(of: bastion, lane: $0) }
        let open = lanes.filter { $0.tunnelLine != nil }
        let best = open.min { ($0.tunnelLine ?? 0) < ($1.tunnelLine ?? 0) }
        let trip = lanes.compactMap(\.roundTrip).min() ?? .zero
        let clogged = lanes.count(where: \.isClogged)
        // One for each 12 ms, eight at most: some 80 tunnels a second. And twice as many as wait for silent hosts: one
        // alone would find out such hosts one after the other, at half a second each.
        let wanted = max(1 + min(7, Int(trip / Duration.milliseconds(12))), min(2 * clogged, Self.searching))
        let shortLine = clogged > 0 ? 1 : 4
        if let best, open.count >= wanted || (best.tunnelLine ?? 0) < shortLine { return best.submit(tunnel) }
        if let idle = lanes.first(where: { $0.phase == .idle }) { return idle.submit(tunnel) }
        if lanes.count < Self.laneLimit { return slot(of: bastion, lane: lanes.count + 1).submit(tunnel) }
        if let best { return best.submit(tunnel) }
        stranded[bastion, default: []].append(tunnel)
    }

    /// A session of the bastion takes tunnels again, or has made room for another.
    func laneIsFree(of bastion: SSHEndpoint) {
        for tunnel in stranded.removeValue(forKey: bastion) ?? [] where !tunnel.isAnswered { submit(tunnel: tunnel) }
    }

    // MARK: starts

    private func line(behind bastion: SSHEndpoint?) -> StartLine {
        if let line = lines[bastion] { return line }
        let line = StartLine(window: StartWindow(limit: limits.connectWindow))
        lines[bastion] = line
        return line
    }

    func enqueue(_ slot: HostSlot) {
        slot.line.append(slot)
        pump()
    }

    /// Starts what the windows and the limit of sessions allow.
    func pump() {
        if isPumping { return }
        isPumping = true
        defer { isPumping = false }
        var hasStarted: Bool
        repeat {
            hasStarted = false
            // A start may open a line: that of the bastion.
            for line in lines.values {
                while let slot = line.next() {
                    if slot.role == .commands, openSessions >= limits.sessions, !evict() { break }
                    line.startNext()
                    hasStarted = true
                }
            }
        } while hasStarted
    }

    /// Ends the session that was unused for longest; false when all are busy.
    private func evict() -> Bool {
        guard let slot = slots.values.filter(\.isEvictable).min(by: { $0.lastUsed < $1.lastUsed }) else { return false }
        slot.close(.cancelled)
        return true
    }

    func plan(
        _ endpoint: SSHEndpoint, _ role: HostSlot.Role, _ addresses: [SocketAddress], _ trust: HostTrust,
        refused: Set<String>
    ) -> Connection.Plan {
        var gate: ((any TunnelEnd) -> Tunnel)?
        if let bastion = endpoint.via {
            gate = { [unowned self] end in self.openTunnel(to: endpoint, through: bastion, for: end) }
        }
        return Connection.Plan(
            endpoint: endpoint, addresses: addresses, trust: trust, refusedTypes: refused,
            signer: role == .tunnels ? bastionSigner : signer, deadlines: deadlines,
            channels: role == .tunnels ? limits.tunnels : limits.channels, keepalive: limits.keepalive, gate: gate,
            assumedTrip: assumedTrip)
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
        for forward in forwards.values { forward.close() }
        forwards = [:]
        stranded = [:]
        // Hosts before bastions: what they say last still finds its way.
        for (key, slot) in slots where key.lane == 0 { slot.close(.shutDown) }
        for (key, slot) in slots where key.lane > 0 { slot.close(.shutDown) }
        slots = [:]
        for signer in [signer, bastionSigner] { if case .agent(let agent) = signer { agent.close() } }
        loop.stop()
    }
}
