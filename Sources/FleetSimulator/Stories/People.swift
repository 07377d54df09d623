// What people do beside Muster: they cure what it names, and they have things of their own in its Swarms and on its
// hosts, which it must leave alone.
import FleetModel

extension SimulatedWorld {
    /// What people do when Muster refuses or sees drift, and says how it is cured; whether they did something.
    func cure(_ problem: FleetProblem) -> Bool {
        guard ["split-swarm", "leaving-split"].contains(problem.code), let name = problem.hostName,
            let host = hosts[name]
        else { return false }
        note("people: docker swarm leave --force on \(name)")
        host.membership = nil
        refreshSwarms()
        return true
    }

    /// What people read before a plan runs.
    func show(_ plan: Plan) {
        leftBehind.formUnion(plan.report.filter { $0.problem.code == "left-behind" }.compactMap(\.problem.hostName))
    }

    func forgetLeftBehind(_ names: [HostID]) { leftBehind.subtract(names) }

    func say(_ text: String) { note(text) }

    private static let peoplesHost: HostID = "theirs"

    /// A node without a label in the control cluster's Swarm, which is down, and a volume on a host.
    func makePeoplesOwn(_ policy: FleetPolicy) {
        guard let host = policy.hosts.last.flatMap({ hosts[$0.name] }), host.isEngineRunning else { return }
        host.volumes["theirs"] = ""
        host.peoplesVolumes.insert("theirs")
        guard let swarm = swarm(of: host) else { return }
        let node = NodeID(random.identifier(25))
        swarm[node] = SimulatedSwarm.Node(
            id: node, host: Self.peoplesHost, hostname: "theirs", address: "198.18.7.7", role: .worker)
        note("people: a node of their own in swarm \(swarm.id), and a volume on \(host.name)")
    }

    /// Whether a node of a Swarm is people's own.
    func isPeoples(_ node: SimulatedSwarm.Node) -> Bool { node.host == Self.peoplesHost }

    /// Volumes of people's that are gone.
    func lostVolumes() -> [String] {
        hostNames.compactMap { hosts[$0] }.flatMap { host in
            host.peoplesVolumes.filter { host.volumes[$0] == nil }.map { "volume \($0) of \(host.name) is gone" }
        }
    }
}
