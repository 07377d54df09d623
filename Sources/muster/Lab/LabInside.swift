// `muster lab ssh` and `exec`: both become another program in the lab's network.
import ArgumentParser
import Lab

struct LabSSH: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ssh", abstract: "Log in to a host, or run a command in it; its host key is verified.",
        discussion: "Examples: muster lab ssh 1; muster lab ssh --user ops 2 sudo id")

    @OptionGroup var options: LabOptions
    @Option(help: "root, or ops, who may use sudo without a password.") var user = "root"
    @Argument(help: "The host, by number or name.") var host: LabHostArgument
    @Argument(parsing: .captureForPassthrough, help: "The command, as ssh takes it.") var command: [String] = []

    func run() async throws {
        try await reportingLabErrors {
            let lab = try options.lab()
            try lab.checkKnown([host.index])
            try lab.become(lab.sshCommand(host.index, user: user, isBatch: false) + command)
        }
    }
}

struct LabExec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a program of this machine where the hosts are reachable.",
        discussion: "Same folder, files, environment and exit code. Example: muster lab exec -- curl http://198.18.0.1/"
    )

    @OptionGroup var options: LabOptions
    @Argument(parsing: .postTerminator, help: "The program and its arguments.") var command: [String]

    func run() async throws {
        try await reportingLabErrors { try options.lab().become(command) }
    }
}
