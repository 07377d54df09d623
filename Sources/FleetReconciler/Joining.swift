// A host joins its Swarm through a manager that answers, with a token read just before. One that was rotated in between
// is read once more (F26); a manager that was lost is left aside (F27).
import FleetModel

/// One host's joining.
struct Joining: Sendable {
    let run: StepRun
    let cluster: ClusterID
    let role: NodeRole
    let planned: HostID

    /// Once, and once more with another token or through another manager.
    private static let mostAttempts = 2
    /// What a manager says of the way between it and the host.
    private static let filtered: Set<String> = ["port-filtered", "mtu-small", "manager-unreachable"]

    func join(_ host: HostPolicy) async throws(ShellFailure) -> Bool {
        var last: ShellFailure?
        for _ in 1...Self.mostAttempts {
            let (manager, token) = try await freshToken(for: host.address)
            do {
                return try await run.send(act(through: manager, token), to: host)
            } catch {
                guard ["token-rejected", "manager-unreachable"].contains(error.problem.code),
                    run.executor.stop.reason == nil
                else { throw error }
                // Whoever gave the token may be cut off from this host alone: the others are asked first now.
                if error.problem.code == "manager-unreachable" { run.context.known.noteSilence(of: manager.name) }
                last = error
            }
        }
        throw last ?? ShellFailure(run.problem.unverified("it was not tried"), isOutcomeUnknown: false)
    }

    /// All present managers are named, the one that gave the token first: the engine tries them in turn.
    private func act(through manager: HostPolicy, _ token: Secret) -> RemoteAct? {
        let others = managers.filter { $0.name != manager.name && $0.name != run.step.subject }
        let addresses = ([manager] + others).map { "\($0.address):2377" }
        return run.rendering.act(of: run.step, nodes: [:], token: token, managers: addresses)
    }

    private var managers: [HostPolicy] { run.context.managers(of: cluster, planned: planned) }

    /// The join token, held in memory only, from the first manager that can tell it.
    private func freshToken(for address: String) async throws(ShellFailure) -> (manager: HostPolicy, token: Secret) {
        let patience = Patience(clock: run.executor.clock)
        var last = ShellFailure(run.problem.unverified("no manager is in the manifest"), isOutcomeUnknown: false)
        repeat {
            for manager in managers where manager.name != run.step.subject {
                do {
                    let output = try await run.executor.acts.output(
                        of: StepRendering.tokenAct(role, for: address), on: manager, subject: run.step.subject)
                    if let token = output.first("token") { return (manager, Secret(token)) }
                } catch {
                    // Reading a token changes nothing, so nothing is unknown.
                    last = ShellFailure(error.problem, isOutcomeUnknown: false)
                    if error.isSilence { run.context.known.noteSilence(of: manager.name) }
                    if run.executor.stop.reason != nil { throw last }
                }
            }
            // Another manager may be reached; waiting opens no port.
            if Self.filtered.contains(last.problem.code) { throw last }
        } while await patience.wait(for: last.problem, candidates: managers.count)
        throw last
    }
}
