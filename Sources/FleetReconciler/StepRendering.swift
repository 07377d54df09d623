// A step becomes the very command that runs (decision 3). `plan` shows it, `apply` sends it, goldens pin it.
import DockerEngine
package import FleetModel
import FoundationEssentials

/// Renders steps for one region.
package struct StepRendering: Sendable {
    let region: RegionID
    /// nil where no secret is at hand: for showing a plan, and for `down`.
    let secrets: RegionSecrets?

    package init(region: RegionID, secrets: RegionSecrets?) { (self.region, self.secrets) = (region, secrets) }

    /// How long a package source may take for an engine: 13 packages, 5.5 s when it is quiet, minutes over a thin line,
    /// and up to 5 minutes of waiting for the package manager's lock.
    private static let installDeadline = Duration.seconds(900)
    /// How long the tasks of a drained node may take to end; their stop grace period is 10 s unless somebody set it. At
    /// half of it a database that flushes its pages is reported as stuck; twice of it only keeps people waiting.
    private static let drainSeconds = 240
    /// An image of 60 MiB over a line of 1 MiB/s, with loading.
    private static let uploadDeadline = Duration.seconds(600)

    /// The act of `step`, nil for a hand off, which is no command on a host.
    ///
    /// - Parameters:
    ///   - nodes: ids of the nodes as far as they are known; a node that is not yet is shown by its host's name.
    ///   - token: the join token, read just before.
    ///   - managers: where to join, when more is known than at the time of planning; nil takes the step's.
    ///   - archive: path of the image, for the step that carries it.
    package func act(
        of step: Step, nodes: [HostID: NodeID], token: Secret? = nil, managers: [String]? = nil, archive: String? = nil
    ) -> RemoteAct? {
        let word = step.action.word
        switch step.action {
        case .installEngine(let version, let daemon, let keys):
            return RemoteAct(
                word, [region.rawValue, version ?? "-", daemon?.canonicalText ?? "-", keys.joined(separator: " ")],
                deadline: Self.installDeadline)
        case .authorizeRegionKey(let from, let home):
            let key = secrets?.regionPublicKey ?? "ssh-ed25519 (made by up)"
            return RemoteAct(word, [region.rawValue, home, key] + from)
        case .initSwarm(let cluster, let address, let pool, let bits):
            let command = DockerCommand.initSwarm(address: address, addressPool: pool, subnetBits: bits)
            return RemoteAct(word, [region.rawValue, cluster.rawValue] + command.words)
        case .resetSwarm(let cluster): return RemoteAct(word, [region.rawValue, cluster.rawValue])
        case .joinSwarm(let cluster, _, let address, _, let planned):
            return RemoteAct(
                word, [region.rawValue, cluster.rawValue, address] + (managers ?? planned), secret: token)
        case .promoteNode, .drainNode, .activateNode, .demoteNode, .removeNode, .labelNode:
            return nodeAct(of: step, node: node(of: step.subject, nodes))
        case .evictSwarm(let swarmID): return RemoteAct(word, [region.rawValue, swarmID])
        case .adoptSwarm(let cluster, let swarmID):
            return RemoteAct(word, [region.rawValue, cluster.rawValue, swarmID])
        case .loadImage(let reference):
            return RemoteAct(
                word, [region.rawValue, reference], upload: archive ?? "", deadline: Self.uploadDeadline)
        case .startControlPlane(let desired, let addresses):
            return startControlPlane(desired, addresses: addresses, home: node(of: desired.home, nodes))
        case .handOff: return nil
        case .removeControlPlane:
            return RemoteAct(word, [region.rawValue, ControlPlaneService.name(of: region)])
        case .leaveSwarm(let cluster, _, let isForced):
            return RemoteAct(word, [region.rawValue, cluster.rawValue, isForced ? "forced" : "as-worker"])
        case .restoreHost(let home, let deleteData, let daemon):
            return RemoteAct(
                word, [region.rawValue, home, deleteData ? "yes" : "no", daemon?.canonicalText ?? "-"],
                deadline: Self.installDeadline)
        }
    }

    /// Acts of a manager on one node of its Swarm: the rendered docker command is the whole of them, but for waiting.
    private func nodeAct(of step: Step, node: NodeID) -> RemoteAct? {
        let word = step.action.word
        switch step.action {
        case .promoteNode: return RemoteAct(word, [region.rawValue] + DockerCommand.promote(node).words)
        case .activateNode: return RemoteAct(word, [region.rawValue] + DockerCommand.activate(node).words)
        case .demoteNode(_, let id): return RemoteAct(word, [region.rawValue] + DockerCommand.demote(id).words)
        case .removeNode(_, let id): return RemoteAct(word, [region.rawValue] + DockerCommand.remove(id).words)
        case .drainNode:
            let seconds = String(Self.drainSeconds)
            return RemoteAct(
                word, [region.rawValue, seconds] + DockerCommand.drain(node).words,
                deadline: .seconds(Self.drainSeconds + 60))
        case .labelNode(_, let labels, let remove):
            return RemoteAct(
                word, [region.rawValue] + DockerCommand.labelNode(node, set: labels, remove: remove).words)
        case .installEngine, .authorizeRegionKey, .initSwarm, .resetSwarm, .joinSwarm, .evictSwarm, .adoptSwarm,
            .loadImage, .startControlPlane, .handOff, .removeControlPlane, .leaveSwarm, .restoreHost:
            return nil
        }
    }

    /// Reads the token with which a node of `role` joins, where the host at `address` can be reached from the manager.
    package static func tokenAct(_ role: NodeRole, for address: String) -> RemoteAct {
        RemoteAct("swarm-token", [role.rawValue, address])
    }

    /// What people are shown of a step: the words of its command, or what else it does.
    package func shown(_ step: Step, nodes: [HostID: NodeID]) -> String {
        if case .handOff(let desired, let addresses) = step.action {
            return "POST the inventory to https://\(addresses.first ?? step.host.rawValue):\(desired.port)/v1/hand-off"
        }
        return act(of: step, nodes: nodes)?.shown ?? ""
    }

    private func node(of host: HostID, _ nodes: [HostID: NodeID]) -> NodeID {
        nodes[host] ?? NodeID("<node of \(host)>")
    }

    private func startControlPlane(_ desired: DesiredControlPlane, addresses: [String], home: NodeID) -> RemoteAct {
        let service = ControlPlaneService(
            region: region, desired: desired, home: home, addresses: addresses,
            regionKey: secrets?.regionPublicKey ?? "<key>", handOffDigest: secrets?.handOffDigest ?? "<digest>",
            epoch: secrets?.epoch ?? 1)
        return RemoteAct(
            "start-control-plane", [region.rawValue, service.name] + service.createCommand.words,
            secret: secrets.map(secretLines), deadline: .seconds(240))
    }

    /// One line `NAME BASE64` for each Swarm secret.
    private func secretLines(_ secrets: RegionSecrets) -> Secret {
        let lines = ControlPlaneService.SecretKind.allCases.map { kind in
            let text =
                switch kind {
                case .regionKey: secrets.regionKey.exposed
                case .authorityKey: secrets.authorityKey.exposed
                case .authorityCertificate: secrets.authorityCertificate
                case .seedPolicy: secrets.seedPolicy
                }
            let name = ControlPlaneService.secretName(kind, region: region)
            return "\(name) \(Data(text.utf8).base64EncodedString())"
        }
        return Secret(lines.joined(separator: "\n"))
    }
}
