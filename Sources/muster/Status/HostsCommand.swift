// `muster hosts`: the hosts of a region, one line each or one in full.
import ArgumentParser
import ControlPlane
import FleetModel
import FleetLive

struct HostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts", abstract: "The hosts of a region.",
        subcommands: [
            List.self, Show.self, ExecCommand.self, TrustCommand.self, Drain.self, Activate.self, Rejoin.self,
            Evict.self, Adopt.self, Forget.self, Remove.self,
        ],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "One line a host.", discussion: "Example: muster hosts list --json")

        @OptionGroup var options: RegionOptions
        @Flag(help: "Print as JSON.") var json = false

        func run() async throws {
            let hosts = try await options.remote().calling { try await $0.hosts() }
            if json { return try Console.json(hosts) }
            var table = TextTable(header: [
                "HOST", "ADDRESS", "DOMAIN", "CLUSTER", "ROLE", "LIFE", "STATE", "SINCE", "ENGINE",
            ])
            let now = SystemClock().now()
            for host in hosts { table.rows.append(HostLine(host: host, now: now).cells) }
            table.print()
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Everything that is known of one host, as JSON.",
            discussion: "Example: muster hosts show eu1-01")

        @OptionGroup var options: RegionOptions
        @Argument(help: "The host's name.") var host: String

        func run() async throws {
            try Console.json(try await options.remote().calling { try await $0.host(HostID(host)) })
        }
    }
}
