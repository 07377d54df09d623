// `muster context export` and `add`: a second machine, or a colleague, comes to a region that is up. What travels is
// public: addresses and the authority's certificate; the token comes on standard input, and is tried before it is kept.
import ArgumentParser
import ControlPlane
import FleetLive
import FleetModel
import Foundation
import Glibc

/// What another machine needs to know of a region's control plane. It holds no secret.
private struct ExportedContext: Codable {
    var schema = 1
    var region: RegionID
    var addresses: [String]
    var port: Int
    var epoch: Int
    /// The certificate of the region's authority, as PEM.
    var authority: String
    /// Without the path of a key, which is each machine's own.
    var bastion: BastionPolicy?
}

extension ContextCommand {
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Print what another machine needs to reach a region; no secret.",
            discussion: """
                Example: muster context export --region eu1 > eu1.context
                Give the file, and a token of `muster token create`, to whoever is to use the region: each by a way \
                of its own.
                """)

        @OptionGroup var options: RegionOptions

        func run() throws {
            let remote = try options.remote()
            guard let authority = remote.folder.text(.authorityCertificate) else {
                throw FleetProblem(
                    .rejected, "context-incomplete", subject: "folder `\(remote.folder.path)`",
                    "the authority's certificate is missing", hint: "restore the folder from a backup")
            }
            let context = remote.context
            var bastion = context.bastion
            bastion?.keyFile = nil
            try Console.json(
                ExportedContext(
                    region: context.region, addresses: context.addresses, port: context.port, epoch: context.epoch,
                    authority: authority, bastion: bastion))
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Use a region that another machine brought up.",
            discussion: """
                Example: muster context add eu1.context < token
                The token is read from standard input, or asked for on a terminal; the control plane is asked \
                whether it takes it before anything is kept.
                """)

        @Argument(help: "What `muster context export` printed.", completion: .file()) var file: String
        @Option(help: "Your key for the region's bastion, where it has one.", completion: .file())
        var bastionKey: String?

        func run() async throws {
            let exported = try Self.read(file)
            let environment = ProcessInfo.processInfo.environment
            if RegionFolder.all(environment: environment).contains(exported.region) {
                throw Self.known(exported.region)
            }
            let bastion = try bastion(exported)
            let asked = bastion.map { [$0.address] } ?? exported.addresses
            try LabGuard.check(asked, subject: "region `\(exported.region)`")
            let token = try Self.token()
            let hosts = try await ControlPlaneClient.with(
                addresses: exported.addresses, port: exported.port, authorityPEM: exported.authority, token: token,
                way: try bastion.map { try BastionWay($0) }
            ) { try await $0.hosts().count }
            let folder = try RegionFolder(region: exported.region, environment: environment)
            try folder.write(exported.authority, to: .authorityCertificate)
            try folder.write(token.exposed, to: .adminToken)
            try RegionContext(
                region: exported.region, addresses: exported.addresses, port: exported.port, isHandedOff: true,
                epoch: exported.epoch, bastion: bastion
            ).save(folder)
            Console.line("region `\(exported.region)`: \(hosts) hosts; try `muster status --region \(exported.region)`")
        }

        /// The region's bastion with this machine's key for it.
        private func bastion(_ exported: ExportedContext) throws -> BastionPolicy? {
            guard var bastion = exported.bastion else { return nil }
            guard let bastionKey else {
                throw FleetProblem(
                    .rejected, "no-bastion-key", subject: "region `\(exported.region)`",
                    "it is behind bastion `\(bastion.address)`, account `\(bastion.user)`",
                    hint: "name your key for it with `--bastion-key FILE`")
            }
            bastion.keyFile = URL(fileURLWithPath: bastionKey).path
            return bastion
        }

        private static func read(_ path: String) throws -> ExportedContext {
            let bytes = try InputFile.bytes(path)
            guard let exported = try? JSONDecoder().decode(ExportedContext.self, from: Data(bytes)),
                exported.region.isName
            else {
                throw InputFile.problem(path, "it is no context", "take it from `muster context export`")
            }
            return exported
        }

        private static func token() throws -> Secret {
            let isAsked = isatty(STDIN_FILENO) == 1
            let line = isAsked ? getpass("token: ").map { String(cString: $0) } : readLine()
            let token = (line ?? "").trimmingCharacters(in: .whitespaces)
            guard token.hasPrefix(TokenText.prefix) else {
                throw FleetProblem(
                    .rejected, "no-token", subject: "standard input", "there is no token on it",
                    hint: "make one with `muster token create NAME --role ROLE` where the region is known")
            }
            return Secret(token)
        }

        private static func known(_ region: RegionID) -> FleetProblem {
            FleetProblem(
                .rejected, "context-exists", subject: "region `\(region)`", "this machine knows it already",
                hint: "see `muster context show --region \(region)`")
        }
    }
}

extension RegionID {
    /// Whether it can be the name of a folder: a file from elsewhere does not choose a path.
    fileprivate var isName: Bool {
        !rawValue.isEmpty && rawValue.utf8.count <= 32
            && rawValue.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }
}
