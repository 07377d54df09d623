// `muster runs`: what the control plane executes and has executed; follow one, or end it before its time.
import ArgumentParser
import ControlPlane
import FleetModel

struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Runs of the control plane: list, follow, cancel.",
        subcommands: [List.self, Follow.self, Cancel.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "One line a run, the newest first.",
            discussion: "Example: muster runs --limit 5")

        @OptionGroup var options: RegionOptions
        @Option(help: "How many at most.") var limit = 20
        @Flag(help: "Print as JSON.") var json = false

        func run() async throws {
            let runs = try await options.remote().calling(refreshing: false) { try await $0.runs(limit: limit) }
            if json { return try Console.json(runs) }
            var table = TextTable(header: ["RUN", "STATE", "BEGAN", "BY", "PLAN", "WRITES"])
            for run in runs {
                let writes = run.outcome.map { String($0.remoteWrites) } ?? ""
                table.rows.append([
                    run.id.rawValue, run.state.rawValue, "\(run.startedAt)", run.actor, run.plan.rawValue, writes,
                ])
            }
            table.print()
        }
    }

    struct Follow: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "follow", abstract: "Show a run until it has ended, from its beginning.",
            discussion: """
                Example: muster runs follow r-3
                Ctrl-C leaves it going on. The exit code is the run's own.
                """)

        @OptionGroup var options: RegionOptions
        @Argument(help: "The run. (default: the newest)") var id: String?
        @Flag(help: "Print the result as JSON.") var json = false

        func run() async throws {
            let remote = try options.remote()
            let result = try await remote.calling(refreshing: false) { client in
                let run = try await RunsCommand.run(id, client)
                let (plan, region) = (try await client.plan(run.plan), try await client.region())
                return try await RemoteRun(remote: remote, policy: region.policy, isJSON: json)
                    .follow(run, plan, [:], client, isOld: true)
            }
            if json { try Console.json(result.document) }
            if result.code != 0 { throw ExitCode(result.code) }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cancel", abstract: "Tell a run to stop: what is in hand is ended, nothing new is begun.",
            discussion: "Example: muster runs cancel r-3; muster runs follow r-3")

        @OptionGroup var options: RegionOptions
        @Argument(help: "The run. (default: the newest)") var id: String?

        func run() async throws {
            let run = try await options.remote().calling { client in
                try await client.cancel(RunsCommand.run(id, client).id)
            }
            Console.line("run `\(run.id)` is told to stop: what is in hand is ended, nothing new is begun")
        }
    }

    /// The one that is named, or the newest.
    private static func run(_ id: String?, _ client: ControlPlaneClient) async throws -> Run {
        if let id { return try await client.run(RunID(id)) }
        if let newest = try await client.runs(limit: 1).first { return newest }
        throw FleetProblem(
            .rejected, "no-runs", subject: "control plane", "it has executed nothing yet",
            hint: "`muster up` begins a run when there is something to do")
    }
}
