// `muster token`: who may ask the control plane for what.
import ArgumentParser
import ControlPlane
import FleetModel
import InventoryStore

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "API tokens: make, list, revoke.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make a token and print it, once.",
            discussion: "Example: muster token create ci --role viewer")

        @OptionGroup var options: RegionOptions
        @Argument(help: "A name for the audit log.") var name: String
        @Option(help: "viewer, operator or admin.") var role: APIRole = .viewer

        func run() async throws {
            let token = try await options.remote().calling {
                try await $0.makeToken(TokenWanted(name: name, role: role))
            }
            Console.line(token.secret.exposed)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "All tokens, revoked ones too.",
            discussion: "Example: muster token list --region eu1")

        @OptionGroup var options: RegionOptions
        @Flag(help: "Print as JSON.") var json = false

        func run() async throws {
            let tokens = try await options.remote().calling { try await $0.tokens() }
            if json { return try Console.json(tokens) }
            var table = TextTable(header: ["NAME", "ROLE", "MADE", "REVOKED"])
            for token in tokens {
                table.rows.append([
                    token.name, token.role.rawValue, "\(token.createdAt)", token.revokedAt.map { "\($0)" } ?? "no",
                ])
            }
            table.print()
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Make a token worthless, from now on.",
            discussion: "Example: muster token revoke ci")

        @OptionGroup var options: RegionOptions
        @Argument(help: "The token's name.") var name: String

        func run() async throws {
            try await options.remote().calling { try await $0.revokeToken(name) }
            Console.line("token `\(name)` is revoked")
        }
    }
}

extension APIRole: ExpressibleByArgument {}
