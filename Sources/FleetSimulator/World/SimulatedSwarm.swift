// One Docker Swarm as its managers agree on it: nodes, tokens, services. Who is alive and who leads is for the world to
// say, which knows power and network.
import FleetModel

/// The state that the managers of one Swarm hold. Lives inside the world's actor.
final class SimulatedSwarm {
    struct Node {
        let id: NodeID
        let host: HostID
        var hostname: String
        var address: String
        var role: NodeRole
        var availability = "active"
        var labels: [String: String] = [:]
        /// Since when its managers hear nothing of it; nil while they do.
        var silentSince: Duration?
    }

    struct Service {
        let name: String
        let image: String
        /// The node that its only task must run on.
        let home: NodeID
        let made: Duration
        /// The public key of the region in its label: that of the folder that made it.
        let regionKey: String
    }

    let id: String
    private(set) var nodes: [NodeID: Node] = [:]
    /// Managers that vote: those of the Raft group, alive or not.
    var voters: Set<NodeID> = []
    var leader: NodeID?
    /// When the managers will have agreed on a new leader; nil while nobody looks for one.
    var electionEnds: Duration?
    var services: [String: Service] = [:]
    /// Names of secrets and configs with the region whose label they carry.
    var secrets: [String: String] = [:]
    var configs: [String: String] = [:]
    /// Names of secrets with the public key in their label.
    var secretKeys: [String: String] = [:]
    private var tokenSerial = 1

    init(id: String) { self.id = id }

    subscript(node: NodeID) -> Node? {
        get { nodes[node] }
        set { nodes[node] = newValue }
    }

    var majority: Int { voters.count / 2 + 1 }

    /// Nodes in a fixed order.
    var sortedNodes: [Node] { nodes.values.sorted { $0.id < $1.id } }

    /// The join token of a role. Every token of every world begins so, which the scan for secrets knows.
    func token(_ role: NodeRole) -> String { "\(Self.tokenPrefix)\(id)-\(role.rawValue)-\(tokenSerial)" }

    static let tokenPrefix = "SWMTKN-1-secret-"

    /// The role that `token` lets in; nil when it is none of this Swarm, or an old one.
    func role(of text: String) -> NodeRole? { NodeRole.allCases.first { token($0) == text } }

    func rotateTokens() { tokenSerial += 1 }
}
