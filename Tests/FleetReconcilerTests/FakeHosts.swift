// Hosts in memory behind the `HostShell` port: they answer acts as the scripts of bootstrap/host do, text for text, and
// fail where a test asks them to. Executor tests run whole bring-ups on them.
import FleetModel
import FleetReconciler
import Synchronization

/// What may befall one act.
enum Fault {
    /// The connection breaks before the host has run it.
    case lostBefore
    /// It ran, and the connection broke before its answer came.
    case lostAfter
    /// The script says `fail CODE TEXT`.
    case fails(code: String, text: String)
    /// The host runs it, and dies.
    case diesAfter
    /// The host does not answer until the gate opens.
    case hangs(Gate)
    /// The program ends without a word.
    case silent(status: Int, errors: String)
}

/// Hosts of one region, by name.
final class FakeHosts: HostShell {
    struct State {
        var hosts: [HostID: FakeHost]
        var faults: [String: [Fault]] = [:]
        /// Acts received, `word/host`, probes left out.
        var acts: [String] = []
        /// Changes made, `word/host`.
        var effects: [String] = []
        var counts: [HostID: Int] = [:]
        /// Everything that went out as an argument.
        var arguments: [String] = []
        var services: Set<String> = []
        /// Probes received, `host: sections`.
        var probes: [String] = []
    }

    static let nonce = "n0nce"
    static let workerToken = "SWMTKN-1-secretworker-aaaa"
    static let managerToken = "SWMTKN-1-secretmanager-bbbb"

    let state: Mutex<State>

    init(_ policy: FleetPolicy) {
        let hosts = policy.hosts.map { ($0.name, FakeHost(name: $0.name, address: $0.address)) }
        state = Mutex(State(hosts: Dictionary(uniqueKeysWithValues: hosts)))
    }

    func on(_ act: String, _ faults: Fault...) { state.withLock { $0.faults[act, default: []] += faults } }
    func kill(_ host: HostID) { state.withLock { $0.hosts[host]?.isUp = false } }
    var acts: [String] { state.withLock(\.acts) }
    var effects: [String] { state.withLock(\.effects) }

    func execCounts(of hosts: [HostPolicy]) -> [HostID: Int] { state.withLock(\.counts) }

    func run(_ act: RemoteAct, on host: HostPolicy) async throws(ShellFailure) -> ShellOutput {
        let fault = state.withLock { state -> Fault? in
            state.counts[host.name, default: 0] += 1
            state.arguments += act.words
            guard act.word != "probe" else {
                state.probes.append("\(host.name): \(act.arguments.joined(separator: " "))")
                return nil
            }
            let name = "\(act.word)/\(host.name)"
            state.acts.append(name)
            guard state.faults[name]?.isEmpty == false else { return nil }
            return state.faults[name]?.removeFirst()
        }
        if case .hangs(let gate)? = fault { await gate.wait() }
        guard state.withLock({ $0.hosts[host.name]?.isUp == true }) else {
            throw Self.lost(host.name, isUnknown: false)
        }
        switch fault {
        case .lostBefore?: throw Self.lost(host.name, isUnknown: true)
        case .fails(let code, let text)?: return Self.output(["fail \(code) \(text)"], status: 1)
        case .silent(let status, let errors)?:
            return ShellOutput(standardOutput: "", standardError: errors, exitStatus: status)
        case .lostAfter?, .diesAfter?, .hangs?, nil: break
        }
        let output = state.withLock { $0.answer(act, host.name) }
        if case .diesAfter? = fault { kill(host.name) }
        switch fault {
        case .lostAfter?, .diesAfter?: throw Self.lost(host.name, isUnknown: true)
        case .lostBefore?, .fails?, .hangs?, .silent?, nil: return output
        }
    }

    private static func lost(_ host: HostID, isUnknown: Bool) -> ShellFailure {
        let (code, message) =
            isUnknown
            ? ("connection-lost", "the connection was lost in the middle") : ("connect-timeout", "does not answer")
        return ShellFailure(
            FleetProblem(.unavailable, code, subject: "host `\(host)`", message, hint: "check that it is up"),
            isOutcomeUnknown: isUnknown)
    }

    static func output(_ lines: [String], status: Int = 0) -> ShellOutput {
        ShellOutput(
            standardOutput: "Welcome!\n" + lines.map { "\(nonce) \($0)\n" }.joined(), exitStatus: status)
    }
}

/// Opens once; whoever waits goes on.
final class Gate: Sendable {
    private let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    func open() { continuation.finish() }
    func wait() async { for await _ in stream {} }
}
