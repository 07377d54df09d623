// join-swarm.sh and the engine's own joining, which goes on after the answer: a join may report a time-out and still
// succeed (F28), and one that finds no manager stays half done (F23).
import FleetModel

extension SimulatedWorld {
    func joinSwarm(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let (host, cluster) = (run.host, run.argument(1))
        guard let token = run.act.secret?.exposed else { throw .fails("no-token", "no token came on stdin") }
        switch stateOfEngine(host) {
        case .active?:
            guard host.madeHas("swarm", cluster) else {
                throw .fails("foreign-swarm", host.membership?.node?.rawValue ?? "")
            }
            return Self.unchanged
        case .inactive?: break
        case nil: throw .fails("engine-silent", "no engine answers")
        case let state?: throw .fails("half-joined", "\(state.rawValue) \(host.membership?.errorText ?? "")")
        }
        try await stroke(run, 1...5, "before the Swarm is written down")
        host.madeSet("swarm", cluster, region: run.region)
        try await stroke(run, 20...200, "before the join")
        guard stateOfEngine(host) == .inactive else { throw .fails("swarm-join", "already part of a swarm") }
        let join = Join(
            host: host.name, boot: host.boots, token: token, address: run.argument(2),
            managers: Array(run.act.arguments.dropFirst(3)))
        host.membership = SimulatedHost.Membership(swarm: "", node: nil, address: join.address, state: .pending)
        spawn { await $0.carryOut(join) }
        let isActive = try await poll(run, seconds: 120) {
            stateOfEngine(host) == .active || stateOfEngine(host) == .inactive
        }
        guard isActive, host.swarmState == .active else {
            throw .fails("swarm-join", "\(host.swarmState.rawValue): \(host.joinAnswer)")
        }
        return Self.changed
    }

    /// What the engine was asked for.
    struct Join: Sendable {
        let host: HostID
        let boot: Int
        let token: String
        let address: String
        let managers: [String]
    }

    /// The engine's joining: tries again until it is in, refused, told to leave, or gone.
    private func carryOut(_ join: Join) async {
        let host = hosts[join.host]!
        await time.wait(host.random.milliseconds(300...1500) * host.slowness)
        // An engine tries for hours; after half an hour nobody here waits for it.
        for _ in 0..<360 {
            guard isWanted(join) else { return }
            switch reach(join) {
            case .swarm(let swarm, let role): return await enter(join, swarm, role)
            case .refused(let text):
                host.joinAnswer = text
                host.membership = nil
                return
            case .silent(let text):
                host.joinAnswer = text
                host.membership?.errorText = text
            }
            await time.wait(.seconds(5))
        }
    }

    private enum Reached {
        case swarm(SimulatedSwarm, NodeRole)
        case refused(String)
        case silent(String)
    }

    /// Whether the engine still tries: it runs, and was not told to leave.
    private func isWanted(_ join: Join) -> Bool {
        guard let host = hosts[join.host], host.isEngineRunning, host.boots == join.boot else { return false }
        return host.membership?.state == .pending && host.membership?.node == nil
    }

    private func reach(_ join: Join) -> Reached {
        let timeout = Reached.silent(
            "Timeout was reached before node joined. The attempt to join the swarm will continue in the background.")
        guard let own = hosts[join.host], !own.isSwarmPortFiltered else { return timeout }
        for endpoint in join.managers {
            guard let manager = host(at: String(endpoint.prefix { $0 != ":" })), manager.isEngineRunning,
                network.connects(manager.name, join.host), !manager.isSwarmPortFiltered
            else { continue }
            guard let swarm = spoken(by: manager) else { continue }
            guard let role = swarm.role(of: join.token) else {
                return .refused("A valid join token is necessary to join this cluster")
            }
            return .swarm(swarm, role)
        }
        return timeout
    }

    /// The Swarm takes the node, and a moment later the node knows that it is in.
    private func enter(_ join: Join, _ swarm: SimulatedSwarm, _ role: NodeRole) async {
        guard let host = hosts[join.host] else { return }
        watchingQuorum(swarm, "join of \(join.host)") {
            addNode(host, to: swarm, role, address: join.address)
            effect("node joined", join.host.rawValue)
        }
        host.activeAt = time.uptime() + host.random.milliseconds(200...1500) * host.slowness
        // A join that reports a time-out first (F28).
        if host.random.chance(joinTimeoutPercent) { host.activeAt += .seconds(30) }
    }
}
