// Every write to Docker is one of these rendered commands, for the CLI and the control plane alike (decision 3).
// Goldens in DockerEngineTests pin them.
package import FleetModel

/// A `docker` command as words; who sends it quotes it.
package struct DockerCommand: Hashable, Sendable {
    package let words: [String]

    init(_ words: [String]) { self.words = ["docker"] + words }
}

extension DockerCommand {
    /// Makes a Swarm whose control and data traffic use `address`, with the pool for its overlay networks.
    package static func initSwarm(address: String, addressPool: String, subnetBits: Int) -> DockerCommand {
        DockerCommand([
            "swarm", "init", "--advertise-addr", address, "--data-path-addr", address,
            "--default-addr-pool", addressPool, "--default-addr-pool-mask-length", String(subnetBits),
        ])
    }

    /// Sets and removes labels of a node, in order of their names.
    package static func labelNode(_ node: NodeID, set: [String: String], remove: [String]) -> DockerCommand {
        var words = ["node", "update"]
        for (name, value) in set.sorted(by: { $0.key < $1.key }) { words += ["--label-add", "\(name)=\(value)"] }
        for name in remove.sorted() { words += ["--label-rm", name] }
        return DockerCommand(words + [node.rawValue])
    }

    package static func promote(_ node: NodeID) -> DockerCommand {
        DockerCommand(["node", "promote", node.rawValue])
    }

    package static func demote(_ node: NodeID) -> DockerCommand { DockerCommand(["node", "demote", node.rawValue]) }

    /// Lets the node have no task: those that run there end, and start elsewhere.
    package static func drain(_ node: NodeID) -> DockerCommand {
        DockerCommand(["node", "update", "--availability", "drain", node.rawValue])
    }

    package static func activate(_ node: NodeID) -> DockerCommand {
        DockerCommand(["node", "update", "--availability", "active", node.rawValue])
    }

    /// Without `--force`: Docker itself refuses a node that is not down, and a manager.
    package static func remove(_ node: NodeID) -> DockerCommand { DockerCommand(["node", "rm", node.rawValue]) }
}
