// The transport's face: async and Sendable in front, one event-loop thread behind (ADR 0003).
import CLibSSH2
import Glibc
import Synchronization

/// Runs commands on hosts over SSH. Sessions are opened when first needed, verified always, reused, and pooled.
package final class SSHClient: Sendable {
    private let mailbox: Mailbox<PoolMessage>
    private let ledger = Ledger()
    private let lastID = Atomic<UInt64>(0)

    /// libssh2's own global state; once a process, before any session.
    private static let isLibraryReady: Bool = {
        muster_raise_descriptor_limit()
        return libssh2_init(0) == 0
    }()

    /// Reads the key and starts the thread.
    ///
    /// - Throws: `keyUnreadable`, `keyEncrypted`, `keyUnsupported`, `agentUnavailable`, `exhausted`.
    package init(configuration: SSHConfiguration) throws(SSHError) {
        func plan(_ identity: SSHIdentity) throws(SSHError) -> SignerPlan {
            try SignerPlan(identity) { name in getenv(name).map { String(cString: $0) } }
        }
        let signer = try plan(configuration.identity)
        let bastionSigner = try configuration.bastionIdentity.map(plan)
        guard Self.isLibraryReady, let mailbox = Mailbox<PoolMessage>() else {
            throw SSHError(subject: "ssh client", .exhausted(reason: SystemError.text(errno)))
        }
        self.mailbox = mailbox
        let ledger = ledger
        let isStarted = LoopThread.start(name: "muster-ssh") {
            guard let loop = EventLoop(bell: mailbox.bell) else {
                return Self.refuseAll(mailbox)
            }
            SessionPool(
                loop: loop, mailbox: mailbox, ledger: ledger, configuration: configuration, signer: signer,
                bastionSigner: bastionSigner
            ).run()
        }
        if !isStarted { throw SSHError(subject: "ssh client", .exhausted(reason: "no thread left")) }
    }

    deinit { _ = mailbox.post(.shutDown(nil)) }

    /// No descriptor was left for epoll: nothing will ever run.
    private static func refuseAll(_ mailbox: Mailbox<PoolMessage>) {
        for message in mailbox.closeAndTakeAll() {
            switch message {
            case .run(_, let endpoint, _, let ticket):
                ticket.answer(.failure(SSHError(endpoint, .exhausted(reason: "no descriptor left"))))
            case .forward(_, let plan): plan.ready(.problem(.exhausted(reason: "no descriptor left")))
            case .shutDown(let farewell): farewell?.resume()
            case .cancel, .close, .resolved, .endForward: break
            }
        }
    }

    /// Runs one command and waits for its end.
    ///
    /// Connects first when there is no session; commands beyond the channels of one session wait in line. Cancelling
    /// the task closes the channel at once and throws `cancelled`. An error's `mayHaveRun` says whether the host has to
    /// be looked at before the command is run again.
    package func run(_ command: SSHCommand, on endpoint: SSHEndpoint) async throws(SSHError) -> SSHResult {
        let id = lastID.add(1, ordering: .relaxed).newValue
        let cancelled = Flag()
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ticket = Ticket(continuation, cancelled)
                if !mailbox.post(.run(id: id, endpoint, command, ticket)) {
                    ticket.answer(.failure(SSHError(endpoint, .shutDown)))
                }
            }
        } onCancel: {
            // The flag is for a cancel that overtakes its command.
            cancelled.set()
            _ = mailbox.post(.cancel(id: id))
        }
        return try answer.get()
    }

    /// Opens a port on 127.0.0.1 that leads through the bastion to `address` as the bastion knows it.
    ///
    /// - Throws: `bastion`, `forwardingRefused`, `shutDown`: one tunnel is tried before the port is given out. Later
    ///   on a connection that finds no way is closed.
    package func forward(
        to address: String, port: UInt16, via bastion: SSHEndpoint
    ) async throws(SSHError) -> SSHForward {
        let target = SSHEndpoint(address: address, port: port, user: "", via: bastion)
        let id = lastID.add(1, ordering: .relaxed).newValue
        let answer = await withCheckedContinuation { (continuation: CheckedContinuation<ForwardAnswer, Never>) in
            let plan = ForwardPlan(target: target, bastion: bastion) {
                continuation.resume(returning: $0)
            }
            if !mailbox.post(.forward(id: id, plan)) { plan.ready(.problem(.shutDown)) }
        }
        switch answer {
        case .port(let local):
            return SSHForward(port: local) { [mailbox] in _ = mailbox.post(.endForward(id: id)) }
        case .problem(let code):
            _ = mailbox.post(.endForward(id: id))
            throw SSHError(target, code)
        }
    }

    /// Ends the endpoint's session; commands under way on it fail with `cancelled`.
    package func close(_ endpoint: SSHEndpoint) { _ = mailbox.post(.close(endpoint)) }

    /// Ends all sessions and the thread; commands under way fail with `shutDown`. Safe to repeat.
    package func shutdown() async {
        await withCheckedContinuation { continuation in
            if !mailbox.post(.shutDown(continuation)) { continuation.resume() }
        }
    }

    /// Connections started, commands sent and bytes moved since the client was made.
    package var counters: SSHCounters { ledger.snapshot }
}
