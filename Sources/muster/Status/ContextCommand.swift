// `muster context`: which regions this machine knows, and how it reaches their control planes.
import ArgumentParser
import FleetLive
import FleetModel
import Foundation

struct ContextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context", abstract: "Regions that this machine knows.",
        subcommands: [List.self, Show.self, Export.self, Add.self],
        defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "One line a region.", discussion: "Example: muster context list")

        func run() throws {
            let environment = ProcessInfo.processInfo.environment
            var table = TextTable(header: ["REGION", "CONTROL PLANE", "FOLDER"])
            for region in RegionFolder.all(environment: environment) {
                let folder = try RegionFolder(region: region, environment: environment)
                let context = try RegionContext.load(folder)
                let addresses = context.map { context in context.addresses.map { "\($0):\(context.port)" } } ?? []
                table.rows.append([region.rawValue, addresses.joined(separator: ", "), folder.path])
            }
            table.print()
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Addresses, authority and files of one region; never its token.",
            discussion: "Example: muster context show --region eu1")

        @OptionGroup var options: RegionOptions

        func run() throws {
            let remote = try options.remote()
            Console.line("region      \(remote.context.region)")
            Console.line("addresses   \(remote.context.addresses.joined(separator: ", ")) port \(remote.context.port)")
            Console.line("authority   \(remote.folder.path(of: .authorityCertificate))")
            Console.line("token       \(remote.folder.path(of: .adminToken)) (\(Secret.dots))")
            Console.line("sealed copy \(remote.folder.path(of: .sealedCopy))")
        }
    }
}
