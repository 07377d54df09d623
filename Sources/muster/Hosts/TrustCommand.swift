// `muster hosts trust`: pins the key of a host that was installed anew, or that nothing vouches for, after people have
// compared it. The host must present exactly that key now (F04).
import ArgumentParser
import FleetLive
import FleetModel
import Foundation
import SSHTransport

struct TrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Trust a host's key that you have compared on its console.",
        discussion: """
            Example: muster hosts trust eu1-02 --fingerprint SHA256:47DEQpj8… eu1.yaml

            On the host's console, `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints the fingerprint. The key \
            is pinned for this machine, before any known_hosts file; a `hostKey:` in the manifest is changed there. \
            After the hand off the next `muster up` tells the control plane.
            Exit code 2: the host presents another key, and nothing was changed.
            """)

    @Argument(help: "The host's name in the manifest.", completion: .custom(HostCompletion.names)) var host: String
    @Option(help: "The key's fingerprint: `SHA256:` and 43 letters.") var fingerprint: String
    @Argument(help: "Path of the region's manifest.", completion: .file(extensions: ["yaml", "yml"]))
    var manifest: String

    func run() async throws {
        guard let expected = SSHFingerprint(fingerprint) else { throw Self.noFingerprint(fingerprint) }
        let policy = try ManifestFile.policy(at: manifest)
        guard let host = policy.host(HostID(host)) else { throw Self.unknown(host, policy.region) }
        if let pinned = host.hostKey, pinned != expected.description { throw inManifest(host.name, pinned) }
        try LabGuard.check(policy, hosts: [host])
        try await prove(expected, of: host, policy.access)
        let folder = try RegionFolder(region: policy.region, environment: ProcessInfo.processInfo.environment)
        var pins = try OperatorPins(folder: folder.path)
        pins.set(
            expected.description, address: host.address, port: policy.access.port, at: SystemClock().now())
        try pins.save(to: folder)
        Console.line("host `\(host.name)`: trusted with key `\(expected)`, which it presents, from this machine")
    }

    /// The host is asked now: a key is trusted only where it was seen. Whether it lets this operator in is another
    /// matter.
    private func prove(_ expected: SSHFingerprint, of host: HostPolicy, _ access: AccessPolicy) async throws {
        let (client, _) = try OperatorClient.make(access)
        var endpoint = access.endpoint(of: host)
        endpoint.pinnedKeys = [expected]
        do throws(SSHError) {
            _ = try await client.run(SSHCommand("true", deadline: .seconds(20)), on: endpoint)
            await client.shutdown()
        } catch {
            await client.shutdown()
            switch error.code {
            case .authenticationRefused: return
            case .hostKeyChanged(_, let offered): throw Self.presents(offered.description, host.name)
            case _: throw error.problem(of: host.name)
            }
        }
    }

    private static func noFingerprint(_ text: String) -> FleetProblem {
        FleetProblem(
            .rejected, "fingerprint", subject: "option `--fingerprint`", "`\(text)` is no fingerprint",
            hint: "write `SHA256:` and 43 letters, as `ssh-keygen -lf` prints it")
    }

    private static func unknown(_ host: String, _ region: RegionID) -> FleetProblem {
        FleetProblem(
            .rejected, "unknown-host", subject: "host `\(host)`", "region `\(region)` has no such host",
            hint: "see `hosts` in the manifest")
    }

    private func inManifest(_ host: HostID, _ pinned: String) -> FleetProblem {
        FleetProblem(
            .rejected, "pinned-in-manifest", subject: "host `\(host)`",
            "`\(manifest)` pins another key for it: `hostKey: \(pinned)`", hint: "change it there, where all see it")
    }

    private static func presents(_ offered: String, _ host: HostID) -> FleetProblem {
        FleetProblem(
            .refused, "host-key-differs", subject: "host `\(host)`",
            "it presents `\(offered)`, which is not the key to be trusted; nothing was changed",
            hint: "compare again on the host's console; if they differ there too, someone may stand in between")
    }
}
