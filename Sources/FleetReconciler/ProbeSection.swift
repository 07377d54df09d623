// What a probe may be asked for. Planning reads all but the last two; a second check reads what its step can have
// changed, so that bringing a host up does not read its disks and its Swarm a dozen times.
package import FleetModel

/// One part of a host's facts, as bootstrap/host/probe.sh names it.
package enum ProbeSection: Hashable, Sendable {
    /// Identity, system, capacity, kernel, network, package manager. Read on its own it tells nothing of an engine.
    case host
    /// /etc/muster: what was made, and the lease.
    case made
    /// Images that are written down and gone; one docker call where any is.
    case images
    /// The engine, its daemon.json, the host's own view of its Swarm; one docker call.
    case engine
    /// All nodes, as a manager sees them; two docker calls.
    case nodes
    case services
    /// Services that have a task on the host. Needs `engine`.
    case tasks
    /// Muster's configs and secrets: the witnesses are among them, by which a region says who owns it.
    case objects
    /// Whether sshd lets root in: asked where the control plane will have to log in as root.
    case rootLogin
    /// One node: a Swarm of 1000 is not read again for every label.
    case node(NodeID)

    package static let forPlanning: Set<ProbeSection> = [
        .host, .made, .images, .engine, .nodes, .services, .tasks, .objects,
    ]

    /// The probe's argument.
    package var word: String {
        switch self {
        case .host: "host"
        case .made: "made"
        case .images: "images"
        case .engine: "engine"
        case .nodes: "nodes"
        case .services: "services"
        case .tasks: "tasks"
        case .objects: "objects"
        case .rootLogin: "root-login"
        case .node(let id): "node=\(id)"
        }
    }
}

extension RemoteAct {
    /// What the deadline of a probe must cover: five docker commands at 20 s each where an engine hangs.
    private static let probeDeadline = Duration.seconds(120)

    /// Reads `sections`; those of planning need no naming.
    package static func probe(_ sections: Set<ProbeSection> = ProbeSection.forPlanning) -> RemoteAct {
        let words = sections == ProbeSection.forPlanning ? [] : sections.map(\.word).sorted()
        return RemoteAct("probe", words, deadline: probeDeadline)
    }
}
