// What is not as the blueprint says and what no step mends: it is said, never deleted (F22).
import FleetModel

/// The drift of one situation against its blueprint.
struct Drift {
    let situation: Situation
    let clusters: [ClusterSteps]

    func entries() -> [ReportEntry] {
        clusters.flatMap { ghosts(of: $0) + lostNodes(of: $0.cluster) + rooms(of: $0.cluster) } + unreached
            + certificates + engines
    }

    /// Nodes in our Swarm that no host of the manifest is, and that nothing proves to be one's past.
    private func ghosts(of steps: ClusterSteps) -> [ReportEntry] {
        steps.ghosts.found.compactMap { node, finding in
            let what =
                "node `\(node.hostname)` (`\(node.id)`, \(node.address)) is in the Swarm of cluster "
                + "`\(steps.cluster.name)` and"
            switch finding {
            case .past: return nil
            case .forgotten(let host):
                guard node.state != "down" else { return nil }
                return .region(
                    .waits, "forgotten-node", situation.policy.region,
                    "\(what) in no manifest, but carries this region's label for host `\(host)`: it is to leave",
                    hint: "`muster up` looks at it and removes it with what was made there")
            case .double(let host):
                return .host(
                    .drift, "double-node", host,
                    "\(what) carries this host's label too, and is not down",
                    hint: "if it is a clone, stop it; once it is down its entry is removed")
            case .atAddress(let host):
                return .host(
                    .drift, "ghost-node", host,
                    "\(what) is down at this host's address; that it is the host's past is not proven",
                    hint: "if it is, remove it with `docker node rm \(node.id)`")
            case .unknown:
                return .region(
                    .drift, "unknown-node", situation.policy.region, "\(what) in no manifest",
                    hint: "add it to the manifest, or remove it with `docker node rm`")
            }
        }
    }

    private func rooms(of cluster: ClusterPolicy) -> [ReportEntry] {
        guard let view = situation.swarms[cluster.name] else { return [] }
        return NetworkRoom(cluster: cluster, region: situation.policy.region, facts: view.facts).entries
    }

    /// Hosts that answer, whose node the Swarm calls down, or knows at another address, or gives no work.
    private func lostNodes(of cluster: ClusterPolicy) -> [ReportEntry] {
        let intents = situation.input.intents
        return situation.members(of: cluster.name).flatMap { host -> [ReportEntry] in
            guard let facts = situation.facts(of: host.name), facts.swarm.state == .active,
                let node = situation.node(of: host), situation.presentCluster(of: host.name) == cluster.name
            else { return [] }
            var found: [ReportEntry] = []
            let isMeant = intents.draining.contains(host.name) || intents.activating.contains(host.name)
            if node.state != "ready" || node.availability != "active" && !isMeant && !situation.wasLeaving(host.name) {
                found.append(notReady(host, node))
            }
            let own = facts.identity.addresses + [host.address]
            if facts.identity.addresses.isEmpty == false, !own.contains(node.address) {
                found.append(
                    .host(
                        .drift, "address-changed", host.name,
                        "its Swarm knows it at `\(node.address)`, and it is at `\(host.address)` now",
                        hint: "let it join anew with `muster hosts rejoin \(host.name)`"))
            }
            return found
        }
    }

    private func notReady(_ host: HostPolicy, _ node: NodeFacts) -> ReportEntry {
        .host(
            .drift, "node-not-ready", host.name,
            "answers, but its Swarm has its node as `\(node.state)` and `\(node.availability)`",
            hint: node.state == "ready"
                ? "let it work again with `muster hosts activate \(host.name)`"
                : "look at the engine's log on the host: `journalctl -u docker`, or /var/log/docker.log")
    }

    /// Nodes that hear no manager: on their way back, or with a certificate that has ended (F33).
    private var unreached: [ReportEntry] {
        situation.policy.hosts.compactMap { host in
            guard situation.isReturning(host), situation.node(of: host) != nil,
                !situation.input.intents.rejoin.contains(host.name), let swarm = situation.facts(of: host.name)?.swarm
            else { return nil }
            return .host(
                .drift, "swarm-unreached", host.name,
                "is a node of its Swarm, and its engine hears no manager (\(swarm.state.rawValue)): "
                    + (swarm.errorText ?? "it does not say why"),
                hint: "if that lasts, let it join anew with `muster hosts rejoin \(host.name)`")
        }
    }

    /// Engines renew their certificate at 80 % of its life at the latest: less than this means that they cannot (F33).
    private static let leastPercentOfLife = 15

    private var certificates: [ReportEntry] {
        situation.policy.hosts.compactMap { host in
            guard let facts = situation.facts(of: host.name), let certificate = facts.swarm.certificate,
                facts.swarm.state != .inactive
            else { return nil }
            let life = certificate.ends.seconds(since: certificate.starts)
            let left = certificate.ends.secondsSinceEpoch - facts.clock
            guard life > 0, left * 100 < life * Self.leastPercentOfLife else { return nil }
            let end = left > 0 ? "ends" : "ended"
            return .host(
                .drift, "certificate-ends", host.name,
                "its node's certificate \(end) at \(certificate.ends), and its engine has not renewed it",
                hint:
                    "look at its clock and its way to the managers; `muster hosts rejoin \(host.name)` gives it a new one"
            )
        }
    }

    /// An engine of another version than the manifest asks for: it is named, and stays as it is.
    private var engines: [ReportEntry] {
        guard let wanted = situation.policy.engine.version else { return [] }
        return situation.policy.hosts.compactMap { host in
            guard let engine = situation.facts(of: host.name)?.engine, !engine.version.isEmpty,
                !AptPattern(wanted).matches(engine.version)
            else { return nil }
            return .host(
                .drift, "engine-version", host.name,
                "its engine is `\(engine.version)`, the manifest asks for `\(wanted)`; engines are not changed in place yet",
                hint: "take the host out and in again to get the other version, or change `engine.version`")
        }
    }
}

/// A version as apt takes it: `*` stands for anything.
struct AptPattern {
    let parts: [Substring]

    init(_ pattern: String) { parts = pattern.split(separator: "*", omittingEmptySubsequences: false) }

    func matches(_ version: String) -> Bool {
        guard let first = parts.first, let last = parts.last, version.hasPrefix(first) else { return false }
        guard parts.count > 1 else { return version == first }
        var rest = version.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
