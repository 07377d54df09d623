// How the output of many hosts reads: lines with the host's name as they come on a terminal, one block a host when it
// is done elsewhere, one JSON object a host for programs. Nothing is kept of a host that has been printed.
import FleetLive
import FleetModel
import Foundation
import SSHTransport

/// Gathers and prints what hosts say; safe to call from anywhere.
final class ExecReport: @unchecked Sendable {
    // Why unchecked: all state is touched under `lock` only.
    private let lock = NSLock()
    private let commands: [RemoteCommand]
    private let keep: Int
    private let isJSON: Bool
    private let isLive: Bool
    private let width: Int
    private let count: Int
    private let start = ContinuousClock.now
    private var outputs: [HostID: HostOutput] = [:]
    private var failures: [(host: HostID, reason: String)] = []
    private var longest = Duration.zero

    init(hosts: [HostPolicy], commands: [RemoteCommand], keep: Int, isJSON: Bool) {
        (self.commands, self.keep, self.isJSON) = (commands, keep, isJSON)
        isLive = Console.isTerminal && !isJSON
        width = hosts.map { $0.name.rawValue.count }.max() ?? 0
        count = hosts.count
    }

    /// What takes the output of a command on a host.
    @Sendable func listener(_ host: HostPolicy, _ number: Int) -> SSHCommand.Listener {
        lock.withLock {
            if outputs[host.name] == nil { outputs[host.name] = HostOutput(limit: keep, isSplit: isJSON) }
            if commands.count > 1, !isJSON { title(commands[number].title, host.name) }
        }
        return { [self] isError, bytes in
            lock.withLock { isLive ? live(host.name, isError, bytes) : gather(host.name, isError, bytes) }
        }
    }

    func ended(_ run: HostRun) throws {
        try lock.withLock {
            let output = outputs.removeValue(forKey: run.host.name) ?? HostOutput(limit: keep, isSplit: isJSON)
            if !run.isSuccess { failures.append((run.host.name, reason(run))) }
            if isJSON { return try Console.jsonLine(ExecLine(run, commands, output)) }
            if isLive { rest(of: output, run) } else { block(output, run) }
        }
    }

    /// Prints what came of it all; gives the exit code.
    func finish() throws -> Int32 {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if isJSON {
            try Console.jsonLine(ExecSummary(count: count, failures: failures.count, seconds: seconds))
        } else {
            summarize()
        }
        return failures.isEmpty ? 0 : failures.count == count ? 1 : 4
    }

    // MARK: - Live lines

    private func live(_ host: HostID, _ isError: Bool, _ bytes: UnsafeRawBufferPointer) {
        for line in outputs[host]?.lines(isError, bytes) ?? [] { print(line, of: host, isError: isError) }
    }

    private func print(_ line: String, of host: HostID, isError: Bool) {
        let name = host.rawValue.padded(to: width)
        Console.line((isError ? Style.yellow(name) : Style.blue(name)) + " │ " + Self.harmless(line))
    }

    /// What a host prints shall not move the cursor of the operator's terminal.
    private static func harmless(_ line: String) -> String {
        let isControl: (Unicode.Scalar) -> Bool = { $0.properties.generalCategory == .control && $0 != "\t" }
        guard line.unicodeScalars.contains(where: isControl) else { return line }
        return String(String.UnicodeScalarView(line.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }

    private func rest(of output: HostOutput, _ run: HostRun) {
        for (isError, line) in output.unfinished { print(line, of: run.host.name, isError: isError) }
        if run.isSuccess { return }
        let name = run.host.name.rawValue.padded(to: width)
        Console.line(Style.red(name) + " │ " + Style.red(reason(run)))
    }

    private func title(_ title: String, _ host: HostID) {
        if isLive { return print(Style.dim("$ " + title), of: host, isError: false) }
        var text = "$ \(title)\n"
        text.withUTF8 { outputs[host]?.append(false, UnsafeRawBufferPointer($0)) }
    }

    // MARK: - Blocks

    private func gather(_ host: HostID, _ isError: Bool, _ bytes: UnsafeRawBufferPointer) {
        outputs[host]?.append(isError, bytes)
    }

    private func block(_ output: HostOutput, _ run: HostRun) {
        var text = "== \(run.host.name): \(run.isSuccess ? "ok" : reason(run)), \(run.duration.shown)\n"
        text += output.standardOutput.text
        Console.write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO)
    }

    // MARK: - The end

    /// Enough to see a pattern in; the blocks and lines above have all.
    private static let mostNamed = 20

    private func summarize() {
        let elapsed = (ContinuousClock.now - start).shown
        let failed = failures.isEmpty ? "" : ", \(failures.count) failed"
        Console.aside("\(count) host\(count == 1 ? "" : "s") in \(elapsed): \(count - failures.count) ok\(failed)")
        guard count > 1 else { return }
        for (host, reason) in failures.sorted(by: { $0.host < $1.host }).prefix(Self.mostNamed) {
            Console.aside("  \(host.rawValue.padded(to: width))  \(reason)")
        }
        if failures.count > Self.mostNamed { Console.aside("  and \(failures.count - Self.mostNamed) more") }
    }

    private func reason(_ run: HostRun) -> String {
        let at = commands.count > 1 ? "`\(commands[run.endings.count - 1].title)`: " : ""
        switch run.endings.last {
        case .exit(127) where commands.count == 1 && commands[0].title.contains(where: \.isWhitespace):
            return "exit 127, there is no such command; for a line of shell write `-- sh -c '…'`"
        case .exit(let status): return "\(at)exit \(status)"
        case .signal(let name): return "\(at)ended by signal \(name)"
        case .failed(let problem): return "\(at)\(problem.message)" + (problem.hint.map { "; \($0)" } ?? "")
        case nil: return "nothing was run"
        }
    }
}
