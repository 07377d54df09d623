// One act on one host, from the command to the frames of its answer: under the run's lease, with secrets hidden, noted
// for the host's log, and a script's own failure turned into a problem.
import FleetModel

/// Runs the acts of one run.
struct HostActs: Sendable {
    let shell: any HostShell
    let nonce: String
    let log: @Sendable (HostID, String) -> Void

    /// - Parameter subject: whom the act is about, for errors; nil takes the host.
    func output(
        of act: RemoteAct, on host: HostPolicy, subject: HostID? = nil
    ) async throws(ShellFailure) -> FramedOutput {
        let problem = ActProblem(host: subject ?? host.name, word: act.word)
        let output: ShellOutput
        do {
            output = try await shell.run(act, on: host).hiding(act.secret)
        } catch {
            log(host.name, ActLog.text(of: act, failure: error))
            throw error
        }
        log(host.name, ActLog.text(of: act, output: output, nonce: nonce))
        let framed = FramedOutput(output.standardOutput, nonce: nonce)
        if let failure = framed.first("fail") {
            let code = failure.prefix { $0 != " " }
            let text = failure.dropFirst(code.count + 1)
            throw ShellFailure(problem.failed(code: String(code), text: String(text)), isOutcomeUnknown: false)
        }
        if output.exitStatus != 0 { throw ShellFailure(problem.incomplete(output), isOutcomeUnknown: false) }
        return framed
    }
}
