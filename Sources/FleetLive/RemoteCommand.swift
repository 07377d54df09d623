// What people run on hosts themselves: an argument vector, a script, or lines of a shell, each as one exec. The only
// remote commands that are not an act (design.md, decision 3).
package import FleetModel
package import SSHTransport

/// One exec of `muster hosts exec`.
package struct RemoteCommand: Sendable {
    /// As people wrote it.
    package let title: String
    private let line: String
    private let standardInput: [UInt8]
    private let prompt: SSHCommand.Prompt?

    /// A script is read whole before it is sent to each of many hosts; a megabyte of shell is not a script any more.
    package static let maximumScript = 1 << 20

    /// The words as they are: no shell looks into them.
    ///
    /// - Parameter root: the way to root, for commands that are to be root's.
    package init(words: [String], root: Elevation?) throws(FleetProblem) {
        let command = root.map { $0.words(words) } ?? words
        (title, line, standardInput) = (words.joined(separator: " "), try Self.quoted(command), [])
        prompt = root?.prompt
    }

    /// One line for a POSIX shell, whatever the account's own shell is.
    package init(shellLine: String, root: Elevation?) throws(FleetProblem) {
        let command = ["/bin/sh", "-c", shellLine]
        (title, line, standardInput) = (
            shellLine, try Self.quoted(root.map { $0.words(command) } ?? ["exec"] + command), []
        )
        prompt = root?.prompt
    }

    /// A script for a POSIX shell, sent on standard input; `name` is what people call it.
    package init(script: [UInt8], name: String, arguments: [String], root: Elevation?) throws(FleetProblem) {
        let command = ["/bin/sh", "-s", "--"] + arguments
        (title, line, standardInput) = (
            name, try Self.quoted(root.map { $0.words(command) } ?? ["exec"] + command), script
        )
        prompt = root?.prompt
    }

    private static func quoted(_ words: [String]) throws(FleetProblem) -> String {
        do { return try ShellWord.line(words) } catch {
            throw FleetProblem(
                .rejected, "nul-byte", subject: "command", "it contains a NUL byte", hint: "leave it away")
        }
    }

    func command(deadline: Duration, listener: @escaping SSHCommand.Listener) -> SSHCommand {
        SSHCommand(line, standardInput: standardInput, prompt: prompt, deadline: deadline, listener: listener)
    }
}

/// How the commands ended on one host.
package struct HostRun: Sendable {
    package enum Ending: Sendable, Equatable {
        case exit(Int32)
        /// Without `SIG`.
        case signal(String)
        case failed(FleetProblem)
    }

    package let host: HostPolicy
    /// One for each command that was begun: the first that does not end well is the last.
    package let endings: [Ending]
    package let duration: Duration

    package var isSuccess: Bool { endings.allSatisfy { $0 == .exit(0) } }
}

/// Runs the same commands on many hosts, a bounded number of them at once, in no order and with no barrier: each host
/// gets its commands one after the other on one session, which is closed when it is done.
package struct CommandFanOut: Sendable {
    /// Gives what takes the output of a command (by number) on a host.
    package typealias Listening = @Sendable (HostPolicy, Int) -> SSHCommand.Listener

    private let client: SSHClient
    private let access: AccessPolicy
    private let commands: [RemoteCommand]
    private let window: Int
    private let deadline: Duration

    /// - Parameters:
    ///   - window: how many hosts are at work at once, and how many sessions are held.
    ///   - deadline: of each command, from its start on the host.
    package init(
        client: SSHClient, access: AccessPolicy, commands: [RemoteCommand], window: Int, deadline: Duration
    ) {
        (self.client, self.access, self.commands) = (client, access, commands)
        (self.window, self.deadline) = (window, deadline)
    }

    /// - Parameter ended: is told of each host as it ends, one at a time.
    package func run(
        on hosts: [HostPolicy], listening: @escaping Listening, ended: (HostRun) async throws -> Void
    ) async rethrows {
        try await withThrowingTaskGroup(of: HostRun.self) { group in
            var waiting = hosts[...]
            for host in waiting.prefix(window) { group.addTask { await run(on: host, listening) } }
            waiting = waiting.dropFirst(window)
            while let run = await group.nextResult() {
                if let host = waiting.popFirst() { group.addTask { await self.run(on: host, listening) } }
                try await ended(try run.get())
            }
        }
    }

    private func run(on host: HostPolicy, _ listening: Listening) async -> HostRun {
        let start = ContinuousClock.now
        let endpoint = access.endpoint(of: host)
        var endings: [HostRun.Ending] = []
        for (number, command) in commands.enumerated() {
            let ending = await ending(of: command, on: host, endpoint, listening(host, number))
            endings.append(ending)
            if ending != .exit(0) { break }
        }
        client.close(endpoint)
        return HostRun(host: host, endings: endings, duration: ContinuousClock.now - start)
    }

    private func ending(
        of command: RemoteCommand, on host: HostPolicy, _ endpoint: SSHEndpoint,
        _ listener: @escaping SSHCommand.Listener
    ) async -> HostRun.Ending {
        do {
            let result = try await client.run(command.command(deadline: deadline, listener: listener), on: endpoint)
            if let signal = result.exitSignal { return .signal(signal) }
            return .exit(result.exitStatus ?? 0)
        } catch {
            return .failed(error.problem(of: host.name))
        }
    }
}

extension AccessPolicy {
    /// The sshd of a host, the account on it, the key that it must have, and the bastion in front of it.
    package func endpoint(of host: HostPolicy) -> SSHEndpoint {
        SSHEndpoint(
            address: host.address, port: UInt16(clamping: port), user: user, pinnedKeys: Self.pins(host.hostKey),
            via: bastionEndpoint)
    }

    /// Where the bastion's own sshd is; nil when hosts are reached directly.
    package var bastionEndpoint: SSHEndpoint? {
        bastion.map {
            SSHEndpoint(
                address: $0.address, port: UInt16(clamping: $0.port), user: $0.user, pinnedKeys: Self.pins($0.hostKey))
        }
    }

    private static func pins(_ hostKey: String?) -> [SSHFingerprint] {
        hostKey.flatMap { SSHFingerprint($0) }.map { [$0] } ?? []
    }
}
