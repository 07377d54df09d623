// Programs of this machine where the hosts are reachable: in the lab's network, with everything else as it is here.
import Glibc

extension LabRegion {
    /// Runs a program in the lab's network to its end.
    ///
    /// - Parameters:
    ///   - command: program and arguments; no shell is involved.
    ///   - environment: instead of ours.
    /// - Returns: how it ended; a status other than 0 is not an error here.
    /// - Throws: *unavailable* when the deadline passes; the program and its group are killed then, and also when the
    ///   task is cancelled.
    package func run(
        _ command: [String], input: [UInt8] = [], environment: [String: String]? = nil,
        deadline: Duration = .seconds(60)
    ) async throws(LabError) -> LabResult {
        guard network.exists else { throw network.noLab }
        let arguments = ["nsenter", "--net=\(network.path)", "--"] + command
        return try await Subprocess(
            arguments: arguments, environment: environment, input: input, deadline: deadline
        ).run()
    }

    /// Runs a command in a host over OpenSSH, its host key strictly checked.
    package func ssh(
        _ host: Int, _ command: String, user: String = "root", input: [UInt8] = [],
        deadline: Duration = .seconds(60)
    ) async throws(LabError) -> LabResult {
        try await run(sshCommand(host, user: user) + [command], input: input, deadline: deadline)
    }

    /// The `ssh` command line for a host, as far as the remote command. OpenSSH's own choice of key exchange,
    /// sntrup761, is safe from quantum computers and costs 170 ms a login, which a lab has no use for.
    package func sshCommand(_ host: Int, user: String = "root", isBatch: Bool = true) -> [String] {
        [
            "ssh", "-F", "none", "-i", clientKeyPath, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes",
            "-o", "UserKnownHostsFile=\(knownHostsPath)", "-o", "GlobalKnownHostsFile=/dev/null",
            "-o", "KexAlgorithms=curve25519-sha256", "-o", "BatchMode=\(isBatch ? "yes" : "no")", "-l", user,
            address(of: host),
        ]
    }

    /// Becomes a program in the lab's network: same pid, folder, environment and standard streams. Comes back only to
    /// throw.
    package func become(_ command: [String]) throws(LabError) -> Never {
        guard let program = command.first else {
            throw LabError(.rejected, subject, "no command to run", hint: "say it after `--`")
        }
        try Preflight.checkRoot()
        try network.enter()
        signal(SIGPIPE, SIG_DFL)
        // Swift's own threads run with all signals blocked, and a program inherits that: Ctrl-C would not reach it.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        let code = withCStrings(command) { arguments in
            execvp(arguments[0]!, arguments)
            return errno
        }
        throw LabError(
            .failed, "command `\(program)`", "cannot start it: \(errorText(code))", hint: "check that it is installed")
    }
}
