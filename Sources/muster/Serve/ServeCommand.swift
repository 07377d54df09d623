// `muster serve`: the control plane itself; it is what the container runs.
import ArgumentParser
import ControlPlane
import FleetLive
import FleetModel
import Foundation
import Logging
import SSHTransport

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "The control plane itself; what the container runs.", shouldDisplay: false)

    @Option var region = ""
    @Option var port = 8443
    @Option(help: "Reference of the image that this process runs from.") var image = ""
    @Option(help: "The host that holds the volume.") var home = ""
    @Option var handOffDigest = ""
    @Option var epoch = 1
    @Option(help: "An address for the certificate; may be given several times.") var address: [String] = []
    @Option var dataFolder = "/var/lib/muster"
    @Option var secrets = "/run/secrets"
    @Option(help: "Seconds between two observations.") var interval = 60
    @Flag(help: "Ask the control plane in this container whether it lives, and exit.") var probe = false

    func run() async throws {
        if probe {
            // The image's health check has no arguments; the service tells it the port through the environment.
            let port = ProcessInfo.processInfo.environment["MUSTER_PORT"].flatMap { Int($0) } ?? port
            _ = try await ControlPlaneProbe.run(port: port, authorityCertificateFile: "\(secrets)/ca-cert")
            return
        }
        noNewPrivileges()
        let policy = try SeedPolicy.read("\(secrets)/policy")
        let configuration = ControlPlaneConfiguration(
            region: RegionID(region), port: port, dataFolder: dataFolder, authorityKeyFile: "\(secrets)/ca-key",
            authorityCertificateFile: "\(secrets)/ca-cert", regionKeyFile: "\(secrets)/region-key",
            handOffTokenSHA256: handOffDigest, addresses: address, observeInterval: .seconds(interval), epoch: epoch,
            policy: policy, version: MusterVersion.text)
        let operations = try SSHRegionOperations(
            files: ServiceFiles(configuration), image: image, dataFolder: dataFolder)
        var logger = Logger(label: "muster")
        logger.logLevel = .notice
        try await ControlPlaneServer(configuration: configuration, operations: operations, logger: logger).run()
    }
}

/// The policy that bring-up gave the service.
enum SeedPolicy {
    static func read(_ path: String) throws -> FleetPolicy {
        do {
            return try JSONDecoder().decode(FleetPolicy.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw FleetProblem(
                .rejected, "no-seed-policy", subject: "file `\(path)`", "cannot read the region's policy",
                cause: "\(error)", hint: "it is a Swarm secret that `muster up` makes")
        }
    }
}
