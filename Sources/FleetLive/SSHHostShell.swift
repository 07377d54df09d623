// The reconciler's way to hosts, met by SSHTransport: an act becomes one exec of /bin/sh with the script on stdin.
package import FleetModel
package import FleetReconciler
import HostScripts
package import SSHTransport
import Synchronization

/// Runs acts over SSH. One for a run: it holds the run's nonce and the open sessions.
package final class SSHHostShell: HostShell {
    private let client: SSHClient
    private let access: AccessPolicy
    private let nonce: String
    private let probes = ProbeInput()
    /// This shell's own: others run commands over the same client at the same time.
    private let sent = Mutex<[HostID: Int]>([:])
    private let elevation: Elevation
    /// Hosts whose `sudo` refused the password: a second try could lock the account.
    private let refusing = Mutex<Set<HostID>>([])

    /// - Parameter sudoPassword: for accounts whose `sudo` asks for one.
    package init(client: SSHClient, access: AccessPolicy, nonce: String, sudoPassword: Secret? = nil) {
        (self.client, self.access, self.nonce) = (client, access, nonce)
        elevation = Elevation(access: access, nonce: nonce, password: sudoPassword)
    }

    package func run(_ act: RemoteAct, on host: HostPolicy) async throws(ShellFailure) -> ShellOutput {
        guard let script = HostScript.named(act.word) else {
            throw ShellFailure(Self.unknownScript(act.word, host.name), isOutcomeUnknown: false)
        }
        if refusing.withLock({ $0.contains(host.name) }) {
            throw ShellFailure(ActProblem(host: host.name, word: act.word).passwordRefused, isOutcomeUnknown: false)
        }
        let command = try command(act, script: script, host: host.name)
        do {
            let result = try await client.run(command, on: endpoint(of: host))
            count(host.name)
            let errors = String(decoding: result.standardError, as: UTF8.self)
            if elevation.isPasswordRefused(errors) { _ = refusing.withLock { $0.insert(host.name) } }
            return ShellOutput(
                standardOutput: String(decoding: result.standardOutput, as: UTF8.self),
                standardError: elevation.hidden(errors),
                exitStatus: result.exitStatus.map(Int.init), exitSignal: result.exitSignal)
        } catch {
            if error.mayHaveRun { count(host.name) }
            throw ShellFailure(error.problem(of: host.name), isOutcomeUnknown: error.mayHaveRun)
        }
    }

    package func execCounts(of hosts: [HostPolicy]) -> [HostID: Int] {
        let sent = sent.withLock { $0 }
        return Dictionary(hosts.map { ($0.name, sent[$0.name] ?? 0) }) { first, _ in first }
    }

    private func count(_ host: HostID) { sent.withLock { $0[host, default: 0] += 1 } }

    package func endpoint(of host: HostPolicy) -> SSHEndpoint { access.endpoint(of: host) }

    private func command(_ act: RemoteAct, script: String, host: HostID) throws(ShellFailure) -> SSHCommand {
        let text = act.standardInput(nonce: nonce, prelude: HostScript.prelude, script: script)
        // What else is packed would cost its host more than it saves, and what follows an upload's marker cannot be.
        let isPacked = act.word == "probe"
        let shell = isPacked ? ProbeInput.command : ["/bin/sh", "-s", "--"]
        do {
            let line = try ShellWord.line(elevation.words(shell + act.words))
            let upload = act.upload.map { source in
                SSHCommand.Upload(afterMarker: [UInt8](RemoteAct.readyMarker(nonce: nonce).utf8), source: source)
            }
            return SSHCommand(
                line, standardInput: isPacked ? probes.packed(text) : [UInt8](text.utf8), upload: upload,
                prompt: elevation.prompt,
                deadline: act.deadline)
        } catch {
            let problem = FleetProblem(
                .rejected, "nul-byte", subject: "host `\(host)`", "an argument of `\(act.word)` contains a NUL byte",
                hint: "look for it in the manifest")
            throw ShellFailure(problem, isOutcomeUnknown: false)
        }
    }

    private static func unknownScript(_ word: String, _ host: HostID) -> FleetProblem {
        FleetProblem(
            .broken, "no-script", subject: "host `\(host)`", "there is no script for the step `\(word)`",
            hint: "this is a defect of Muster; please report it")
    }
}

extension SSHError {
    /// The same as a problem of a named host: its name comes first, its address stays in the text.
    ///
    /// A bastion's trouble has the same words for every host behind it, so that reports tell it once (F12).
    package func problem(of host: HostID) -> FleetProblem {
        var words = message
        if case .bastion(let inner) = code { words = "its \(subject) failed: \(SSHError(subject: "", inner).message)" }
        return FleetProblem(
            isUnavailable ? .unavailable : .failed, kindOfCode, subject: "host `\(host)`", words,
            hint: isCuredByTrust ? "\(hint): `muster hosts trust \(host) --fingerprint SHA256:…`" : hint)
    }

    private var isCuredByTrust: Bool {
        switch code {
        case .hostKeyChanged, .hostKeyUnknown: true
        case .hostKeyRevoked, .nameNotResolved, .refused, .unreachable, .timedOut, .resetBeforeBanner, .handshakeFailed,
            .noCommonAlgorithm, .authenticationRefused, .keyUnreadable, .keyEncrypted, .keyUnsupported,
            .agentUnavailable, .knownHostsUnreadable, .channelRefused, .forwardingRefused, .bastion, .connectionLost,
            .outputLimitExceeded, .sourceUnreadable, .uploadFailed, .cancelled, .shutDown, .exhausted:
            false
        }
    }

    /// The stable word for scripts.
    private var kindOfCode: String {
        switch code {
        case .nameNotResolved: "name-not-resolved"
        case .refused: "connection-refused"
        case .unreachable: "unreachable"
        case .timedOut(let stage): "timed-out-\(stage.rawValue)"
        case .resetBeforeBanner: "reset-before-banner"
        case .handshakeFailed: "handshake-failed"
        case .noCommonAlgorithm: "no-common-algorithm"
        case .hostKeyChanged: "host-key-changed"
        case .hostKeyUnknown: "host-key-unknown"
        case .hostKeyRevoked: "host-key-revoked"
        case .authenticationRefused: "authentication-refused"
        case .keyUnreadable: "key-unreadable"
        case .keyEncrypted: "key-encrypted"
        case .keyUnsupported: "key-unsupported"
        case .agentUnavailable: "agent-unavailable"
        case .knownHostsUnreadable: "known-hosts-unreadable"
        case .channelRefused: "channel-refused"
        case .forwardingRefused: "forwarding-refused"
        case .bastion: "bastion-unreachable"
        case .connectionLost: "connection-lost"
        case .outputLimitExceeded: "output-limit-exceeded"
        case .sourceUnreadable: "source-unreadable"
        case .uploadFailed: "upload-failed"
        case .cancelled: "cancelled"
        case .shutDown: "shut-down"
        case .exhausted: "exhausted"
        }
    }
}
