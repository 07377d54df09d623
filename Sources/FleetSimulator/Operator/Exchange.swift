// One command on its way: it ends once, by its answer, by a lost connection or by its deadline, whatever comes first.
import FleetModel
import FleetReconciler

/// A command that an operator waits for. Lives inside the world's actor.
final class Exchange {
    enum End {
        case answered(ShellOutput)
        case failed(ShellFailure)
    }

    let serial: Int
    let host: HostID
    let process: OperatorProcess
    private(set) var end: End?
    /// Nothing passes any more, though the operator does not know yet.
    var isCut = false
    private var waiter: UnsafeContinuation<End, Never>?

    init(serial: Int, host: HostID, process: OperatorProcess) {
        (self.serial, self.host, self.process) = (serial, host, process)
    }

    func settle(_ end: End) {
        guard self.end == nil else { return }
        self.end = end
        waiter?.resume(returning: end)
        waiter = nil
    }

    func wait(_ waiter: UnsafeContinuation<End, Never>) {
        if let end { waiter.resume(returning: end) } else { self.waiter = waiter }
    }
}

extension SimulatedWorld {
    func open(_ host: HostID, _ process: OperatorProcess) -> Exchange {
        exchangeSerial += 1
        let exchange = Exchange(serial: exchangeSerial, host: host, process: process)
        exchanges[exchange.serial] = exchange
        return exchange
    }

    func openExchanges(with host: HostID) -> [Exchange] {
        exchanges.values.filter { $0.host == host && $0.end == nil }.sorted { $0.serial < $1.serial }
    }

    /// The connections of a process that is gone are closed at once.
    func closeExchanges(of process: OperatorProcess) {
        for exchange in exchanges.values.sorted(by: { $0.serial < $1.serial }) where exchange.process === process {
            exchange.settle(.failed(ShellFailure(OperatorProcess.death, isOutcomeUnknown: true)))
        }
    }

    /// Keepalive finds out after 15 s that nobody is there any more.
    private static let keepalive = Duration.seconds(15)

    func cutConnection(_ exchange: Exchange) {
        guard exchange.end == nil else { return }
        let serial = exchange.serial
        exchange.isCut = true
        spawn { world in
            await world.time.wait(Self.keepalive)
            await world.lose(serial)
        }
    }

    private func lose(_ serial: Int) {
        guard let exchange = exchanges[serial] else { return }
        exchange.settle(.failed(.lost(exchange.host)))
    }

    /// A command may take so long and no longer.
    func expire(_ serial: Int, after deadline: Duration) async {
        await time.wait(deadline)
        guard let exchange = exchanges[serial] else { return }
        exchange.settle(.failed(.timedOut(exchange.host, "command", isOutcomeUnknown: true)))
    }
}

extension ShellFailure {
    /// The words and codes of SSHTransport's errors.
    static func lost(_ host: HostID) -> ShellFailure {
        ShellFailure(
            FleetProblem(
                .unavailable, "connection-lost", subject: "host `\(host)`",
                "connection lost in mid-command, its outcome is unknown", hint: "check that the host is up"),
            isOutcomeUnknown: true)
    }

    static func timedOut(_ host: HostID, _ stage: String, isOutcomeUnknown: Bool) -> ShellFailure {
        ShellFailure(
            FleetProblem(
                .unavailable, "timed-out-\(stage)", subject: "host `\(host)`",
                "\(stage) did not end before its deadline", hint: "check the address, the route and the firewall"),
            isOutcomeUnknown: isOutcomeUnknown)
    }
}
