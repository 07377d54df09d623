// Counters that callers read: how `execsPerHost` and a host's traffic come into reports.
import Synchronization

package struct SSHTraffic: Sendable, Equatable {
    package var connections = 0
    package var execs = 0
    package var bytesReceived: UInt64 = 0
    package var bytesSent: UInt64 = 0
}

package struct SSHCounters: Sendable, Equatable {
    package var total = SSHTraffic()
    package var endpoints: [SSHEndpoint: SSHTraffic] = [:]
}

/// Written by the loop's thread, read by anyone.
final class Ledger: Sendable {
    private let counters = Mutex(SSHCounters())

    var snapshot: SSHCounters { counters.withLock { $0 } }

    func connectionStarted(_ endpoint: SSHEndpoint) { add(endpoint) { $0.connections += 1 } }
    func commandSent(_ endpoint: SSHEndpoint) { add(endpoint) { $0.execs += 1 } }
    func traffic(_ endpoint: SSHEndpoint, received: UInt64, sent: UInt64) {
        add(endpoint) {
            $0.bytesReceived += received
            $0.bytesSent += sent
        }
    }

    private func add(_ endpoint: SSHEndpoint, _ change: (inout SSHTraffic) -> Void) {
        counters.withLock {
            change(&$0.total)
            change(&$0.endpoints[endpoint, default: SSHTraffic()])
        }
    }
}

/// The caller's side of one command: its continuation, and whether it still wants the answer.
final class Ticket: Sendable {
    typealias Answer = Result<SSHResult, SSHError>
    private let continuation: Mutex<CheckedContinuation<Answer, Never>?>
    private let cancelled: Flag

    init(_ continuation: CheckedContinuation<Answer, Never>, _ cancelled: Flag) {
        self.continuation = Mutex(continuation)
        self.cancelled = cancelled
    }

    var isCancelled: Bool { cancelled.isSet }

    func answer(_ answer: Answer) {
        continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }?.resume(returning: answer)
    }
}

final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
