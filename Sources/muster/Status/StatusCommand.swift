// `muster status`: what the control plane knows of its region; what is wrong comes with since when.
import ArgumentParser
import ControlPlane
import FleetModel

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "The region as its control plane sees it: clusters, hosts, what is wrong.",
        discussion: "Example: muster status --region eu1\nExit code 1 when a host is lost or a cluster has no quorum.")

    @OptionGroup var options: RegionOptions
    @Flag(help: "Print the whole document as JSON.") var json = false

    func run() async throws {
        let remote = try options.remote()
        let status = try await remote.calling { try await $0.status() }
        if json {
            try Console.json(status)
        } else {
            StatusText(status: status, ownImage: try? ImageFile.reference()).print()
        }
        if status.hosts.contains(where: \.isLost) || status.clusters.contains(where: \.isBroken) {
            throw ExitCode(1)
        }
    }
}
