// Swarms that this region did not make and that people take over by name (F21): the planner sees them as made by it,
// and a step on each of their hosts writes that down first.
import FleetModel

/// What people's wish to adopt means for the hosts of one input.
struct Adoption {
    /// Hosts that are taken over, with the id by which each proves that its Swarm is the one that was named.
    let hosts: [HostID: String]
    /// The input's observation, with these hosts as if Muster had put them into their Swarm.
    let observation: FleetObservation

    init(_ input: PlannerInput) {
        guard !input.intents.adopt.isEmpty else {
            (hosts, observation) = ([:], input.observation)
            return
        }
        let named = input.policy.hosts.filter { host in
            guard let id = input.intents.adopt[host.name] else { return false }
            return input.observation.facts(of: host.name).map { Self.isForeign($0, named: id) } ?? false
        }
        hosts = Self.withNeighbours(named, input)
        observation = Self.asOurs(hosts, input)
    }

    /// Whether the host is in the Swarm with that id, or is the node with it, and this region has not made it so.
    static func isForeign(_ facts: HostFacts, named id: String) -> Bool {
        facts.swarm.state == .active && facts.made?.swarm.isEmpty != false && facts.swarm.isNamed(id)
    }

    /// A manager that is taken over brings the hosts of its cluster that are nodes of the same Swarm.
    private static func withNeighbours(_ named: [HostPolicy], _ input: PlannerInput) -> [HostID: String] {
        var found: [HostID: String] = [:]
        for host in named {
            found[host.name] = input.intents.adopt[host.name]
            let nodes = Set(input.observation.facts(of: host.name)?.swarm.cluster?.nodes.map(\.id) ?? [])
            for other in input.policy.hosts where other.cluster == host.cluster && found[other.name] == nil {
                guard let facts = input.observation.facts(of: other.name), let node = facts.swarm.nodeID,
                    nodes.contains(node), isForeign(facts, named: node.rawValue)
                else { continue }
                found[other.name] = node.rawValue
            }
        }
        return found
    }

    private static func asOurs(_ hosts: [HostID: String], _ input: PlannerInput) -> FleetObservation {
        var observation = input.observation
        for host in input.policy.hosts where hosts[host.name] != nil {
            guard var facts = observation.facts(of: host.name) else { continue }
            facts.made = facts.made ?? MadeRecord(region: input.policy.region)
            facts.made?.swarm = [host.cluster]
            observation.hosts[host.name] = .reachable(facts)
        }
        return observation
    }
}

extension SwarmFacts {
    /// Whether people mean this Swarm by `id`: its own id, or the id of the node that the host is in it.
    func isNamed(_ id: String) -> Bool { swarmID == id || nodeID?.rawValue == id }
}
