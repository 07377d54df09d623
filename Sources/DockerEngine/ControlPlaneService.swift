// The control plane as an ordinary Swarm service: no capability, read-only root, one volume, one host port, and no
// need of a VIP or of the routing mesh, which kernels without ip_vs cannot have.
package import FleetModel

/// Names and limits of the control plane's service.
package struct ControlPlaneService: Hashable, Sendable {
    package let region: RegionID
    package let desired: DesiredControlPlane
    /// Docker's id of the node that holds the volume.
    package let home: NodeID
    /// Addresses that go into its certificate.
    package let addresses: [String]
    /// The region's public key, `ssh-ed25519 AAAA…`: says whose hand off it waits for.
    package let regionKey: String
    /// SHA-256 of the token that may hand an inventory over; the token itself never leaves the operator's machine.
    package let handOffDigest: String
    /// The epoch in which it is made: an older inventory is not taken.
    package let epoch: Int

    package init(
        region: RegionID, desired: DesiredControlPlane, home: NodeID, addresses: [String], regionKey: String,
        handOffDigest: String, epoch: Int
    ) {
        (self.region, self.desired, self.home) = (region, desired, home)
        (self.addresses, self.regionKey) = (addresses, regionKey)
        (self.handOffDigest, self.epoch) = (handOffDigest, epoch)
    }

    package static func name(of region: RegionID) -> String { "muster-\(region)" }
    package var name: String { Self.name(of: region) }
    package var volume: String { "muster-\(region)" }

    /// The Swarm secrets that it mounts, by what they hold.
    package enum SecretKind: String, CaseIterable, Sendable {
        case regionKey = "region-key"
        case authorityKey = "ca-key"
        case authorityCertificate = "ca-cert"
        /// The policy at the time of bring-up: how hosts are reached while the volume is still empty.
        case seedPolicy = "policy"
    }

    package static func secretName(_ kind: SecretKind, region: RegionID) -> String {
        "muster-\(region)-\(kind.rawValue)"
    }
}

extension ControlPlaneService {
    /// The user in the image: nobody's number in distroless images, without a name on the hosts.
    package static let user = "65532"

    /// One core and 512 MiB: what the SLO sheet allows at 1000 hosts. At half of it an observation of 1000 hosts
    /// swaps; twice of it would be taken from a small manager's workloads.
    private static let limits = ["--limit-cpu", "1.0", "--limit-memory", "512M", "--reserve-memory", "64M"]

    /// `docker service create …` with everything that the service may do.
    package var createCommand: DockerCommand {
        var words = [
            "service", "create", "--quiet", "--detach", "--name", name, "--label", "\(MusterLabel.region)=\(region)",
            "--label", "\(MusterLabel.regionKey)=\(regionKey)",
            "--replicas", "1", "--constraint", "node.id==\(home)", "--constraint", "node.role==manager",
            "--update-order", "stop-first", "--restart-condition", "any", "--restart-delay", "2s",
            "--stop-grace-period", "20s",
        ]
        words += Self.limits
        words += [
            "--user", "\(Self.user):\(Self.user)", "--read-only", "--cap-drop", "ALL",
            "--mount", "type=tmpfs,destination=/tmp,tmpfs-mode=1777",
            "--mount",
            "type=volume,source=\(volume),destination=/var/lib/muster,volume-label=\(MusterLabel.region)=\(region)",
        ]
        for kind in SecretKind.allCases {
            let source = Self.secretName(kind, region: region)
            words += [
                "--secret", "source=\(source),target=\(kind.rawValue),uid=\(Self.user),gid=\(Self.user),mode=0400",
            ]
        }
        words += [
            "--env", "MUSTER_PORT=\(desired.port)", "--endpoint-mode", "dnsrr",
            "--publish", "mode=host,target=\(desired.port),published=\(desired.port)",
            "--no-resolve-image", desired.image,
        ]
        return DockerCommand(words + serveWords)
    }

    /// What the container runs after its entry point.
    private var serveWords: [String] {
        var words = ["serve", "--region", region.rawValue, "--port", String(desired.port), "--image", desired.image]
        words += [
            "--home", desired.home.rawValue, "--hand-off-digest", handOffDigest,
            "--epoch", String(epoch),
        ]
        for address in addresses { words += ["--address", address] }
        return words
    }
}
