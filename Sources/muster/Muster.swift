// The command line: one file a verb, each of which parses, wires and prints. Errors are printed here, once.
import ArgumentParser
import FleetModel
import Glibc

/// The root command.
struct Muster: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "muster", abstract: "Brings up a region of bare Linux hosts, and runs it.",
        discussion: """
            muster init eu1 10.0.0.1-5     write a manifest, with which all begins
            muster check eu1.yaml          what stands in the way; changes nothing
            muster up eu1.yaml             bare hosts become a region that runs itself
            muster status                  the region, as its control plane sees it
            """,
        version: MusterVersion.text,
        subcommands: [
            InitCommand.self, CheckCommand.self, PlanCommand.self, ApplyCommand.self, UpCommand.self,
            StatusCommand.self,
            HostsCommand.self, EventsCommand.self, RunsCommand.self, DownCommand.self, OpenCommand.self,
            TokenCommand.self,
            ContextCommand.self, InventoryCommand.self, ManifestCommand.self, ImageCommand.self, ServeCommand.self,
            LabCommand.self, PlanTimingCommand.self,
        ])
}

/// The version of this tool.
enum MusterVersion {
    static let text = "0.1.0"
}

@main
enum Entry {
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Muster.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            exit(Failure.report(error))
        }
    }
}

/// Prints what ended the process and gives its exit code.
enum Failure {
    static func report(_ error: any Error) -> Int32 {
        switch error {
        case let problem as FleetProblem:
            tell([problem])
            return problem.exitCode
        case let problems as FleetProblems:
            tell(problems.all)
            return problems.exitCode
        case let code as ExitCode: return code.rawValue
        default: Muster.exit(withError: error)
        }
    }

    /// For people on standard error; where `--json` was asked for, for programs in one line of standard output.
    private static func tell(_ problems: [FleetProblem]) {
        for problem in problems { Console.error(problem) }
        // What comes after `--` is another command's.
        guard CommandLine.arguments.prefix(while: { $0 != "--" }).contains("--json") else { return }
        try? Console.jsonLine(ErrorDocument(problem: problems.first, problems: problems))
    }
}

/// What ended a command that was to print JSON.
private struct ErrorDocument: Encodable {
    var schema = 1
    /// The first of them.
    var problem: FleetProblem?
    var problems: [FleetProblem]
}
