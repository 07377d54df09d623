// The simulator against the real thing: the same acts, in the same order, on two lab hosts and on two simulated ones.
// Both must say the same, and probes must see the same. What may differ is listed in docs/simulator.md.
import FleetModel
import FleetReconciler
import FleetSimulator
import HostScripts
import Lab
import Testing

extension LiveRegionTests {
    @Suite struct SameWorlds {
        @Test("real scripts on lab hosts and simulated ones say the same and leave the same facts")
        func same() async throws {
            try await withLab(2) { lab in
                let pair = await WorldPair(lab)
                for act in WorldPair.acts { try await pair.expectSame(act) }
            }
        }
    }
}

/// One act of the comparison: the host that it runs on, and what it is, given what the two hosts told last.
private struct PairedAct {
    let host: Int
    let act: (Told) -> RemoteAct
}

/// What the two hosts of one side told last.
private struct Told {
    var facts: [Int: HostFacts] = [:]
    /// Node ids as they were, also of a host that has left.
    var nodes: [Int: NodeID] = [:]
    var token: Secret?

    mutating func take(_ facts: HostFacts?, of host: Int) {
        self.facts[host] = facts
        if let node = facts?.swarm.nodeID { nodes[host] = node }
    }
}

/// Two lab hosts, and two simulated ones of the same names and addresses.
private final class WorldPair {
    private static let nonce = "muster-same"
    private let lab: LabRegion
    private let time = VirtualTime()
    private let hands: SimulatedHands
    private var real = Told()
    private var simulated = Told()

    init(_ lab: LabRegion) async {
        self.lab = lab
        let world = SimulatedWorld(seed: 1, time: time)
        hands = SimulatedHands(world, nonce: Self.nonce)
        for host in 1...2 {
            await world.addHost(HostID("h\(host)"), address: lab.address(of: host), system: .sysvinit)
        }
    }

    // MARK: - Running

    func expectSame(_ paired: PairedAct) async throws {
        let left = try await run(paired.act(real), on: paired.host)
        let right = await runSimulated(paired.act(simulated), on: paired.host)
        let what = paired.act(real).words.prefix(5).joined(separator: " ")
        #expect(said(left) == said(right), "h\(paired.host): \(what)")
        if let token = left.first("token") { real.token = Secret(token) }
        if let token = right.first("token") { simulated.token = Secret(token) }
        try await compareFacts(after: what)
    }

    /// The word of each frame, with the code where it failed.
    private func said(_ output: FramedOutput) -> [String] {
        output.lines.map { line in
            line.word == "fail" ? "fail \(line.rest.prefix { $0 != " " })" : line.word
        }
    }

    private func run(_ act: RemoteAct, on host: Int) async throws -> FramedOutput {
        let script = try #require(HostScript.named(act.word))
        let text = act.standardInput(nonce: Self.nonce, prelude: HostScript.prelude, script: script)
        let words = act.words.map { "'\($0.replacing("'", with: "'\\''"))'" }.joined(separator: " ")
        let result = try await lab.ssh(
            host, "exec /bin/sh -s -- \(words)", input: Array(text.utf8), deadline: .seconds(300))
        return FramedOutput(result.output, nonce: Self.nonce)
    }

    private func runSimulated(_ act: RemoteAct, on host: Int) async -> FramedOutput {
        let (hands, name) = (hands, HostID("h\(host)"))
        let output = time.run { await hands.run(act, on: name) }
        return FramedOutput(output ?? "", nonce: Self.nonce)
    }

    // MARK: - Facts

    /// Virtual time has run on to where nothing changes any more; real engines get there within half a minute.
    private func compareFacts(after what: String) async throws {
        let probe = RemoteAct("probe")
        for host in 1...2 {
            simulated.take(ProbeReader(await runSimulated(probe, on: host)).facts(observerClock: 0), of: host)
            let wanted = try words(#require(simulated.facts[host]))
            var found: [String] = []
            for round in 0..<15 {
                if round > 0 { try await Task.sleep(for: .seconds(2)) }
                real.take(ProbeReader(try await run(probe, on: host)).facts(observerClock: 0), of: host)
                found = try words(#require(real.facts[host]))
                if found == wanted { break }
            }
            #expect(found == wanted, "h\(host) after \(what)")
        }
    }

    /// What the planner decides on, without ids, versions and sizes.
    private func words(_ facts: HostFacts) -> [String] {
        let swarm = facts.swarm
        let made = facts.made.map { made in
            "\(made.region) engine \(made.packages.contains("docker.io")) \(made.daemonKeys) \(made.swarm) "
                + "\(made.regionKeyFrom) \(made.images) \(made.files)"
        }
        let nodes = swarm.cluster?.nodes.map { node in
            "\(node.hostname) \(node.address) \(node.role) \(node.state) \(node.availability) leads \(node.isLeader) "
                + "\(node.reachability ?? "-") \(node.labels.sorted { $0.key < $1.key })"
        }
        return [
            "\(facts.identity.hostname) \(facts.identity.privilege) \(facts.operatingSystem.id)",
            "init \(facts.operatingSystem.initSystem) lock \(facts.packages.lockHolder ?? "-")",
            "engine \(facts.engine?.isRunning.description ?? "none") \(facts.engine?.storageDriver ?? "-") "
                + "\(facts.engine?.daemon?.canonicalText ?? "-") \(facts.engine?.origin ?? "-")",
            "swarm \(swarm.state) node \(swarm.nodeID != nil) at \(swarm.nodeAddress) manager \(swarm.isManager) "
                + "id \(swarm.swarmID != nil) error \(swarm.errorText != nil)",
            "managers \(swarm.managerAddresses)", "made \(made ?? "nothing")",
            "nodes \(nodes?.sorted() ?? [])",
            "secrets \(swarm.cluster?.secrets ?? []) configs \(swarm.cluster?.configs ?? [])",
        ]
    }
}

extension WorldPair {
    private static let (region, cluster) = ("eu1", "control")

    private static func on(_ host: Int, _ word: String, _ arguments: String...) -> PairedAct {
        PairedAct(host: host) { _ in RemoteAct(word, arguments, deadline: .seconds(300)) }
    }

    /// An act about the node of `subject`, run by the manager.
    private static func onNode(of subject: Int, _ word: String, _ arguments: String...) -> PairedAct {
        PairedAct(host: 1) { told in
            RemoteAct(word, arguments + [told.nodes[subject]?.rawValue ?? "no-such-node"], deadline: .seconds(300))
        }
    }

    private static func join(_ host: Int) -> PairedAct {
        PairedAct(host: host) { told in
            RemoteAct(
                "join-swarm", [region, cluster, own(told, host), "\(own(told, 1)):2377"], secret: told.token,
                deadline: .seconds(300))
        }
    }

    private static func own(_ told: Told, _ host: Int) -> String {
        told.facts[host]?.identity.addresses.first { $0.hasPrefix("198.18.") } ?? "198.18.1.\(host + 1)"
    }

    private static func make(_ host: Int) -> PairedAct {
        PairedAct(host: host) { told in
            let address = own(told, host)
            let command = ["docker", "swarm", "init", "--advertise-addr", address, "--data-path-addr", address]
            return RemoteAct("init-swarm", [region, cluster] + command)
        }
    }

    /// A life of two hosts, each act twice where it must be idempotent, with the refusals between.
    static var acts: [PairedAct] {
        let daemon = #"{"log-driver":"local"}"#
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVudXNlZA"
        return [
            leave(1), on(1, "restore-host", region, "/root", "no", "-"),
            on(1, "install-engine", region, "-", daemon, "log-driver"),
            on(1, "install-engine", region, "-", daemon, "log-driver"), on(2, "install-engine", region, "-", "-", ""),
            on(1, "swarm-token", "worker", "198.18.1.3"), make(1), make(1), make(2),
            on(2, "leave-swarm", "us1", cluster, "forced"),
            on(2, "leave-swarm", region, "other", "forced"), leave(2), leave(2), join(2),
            on(1, "swarm-token", "worker", "198.18.1.3"), join(2), join(2),
            onNode(of: 2, "label-node", region, "docker", "node", "update", "--label-add", "a=b c"),
            onNode(of: 3, "label-node", region, "docker", "node", "update", "--label-add", "a=b c"),
            on(2, "swarm-token", "manager", "198.18.1.2"),
            onNode(of: 2, "promote-node", region, "docker", "node", "promote"),
            on(1, "authorize-region-key", region, "/root", key, "198.18.1.2"),
            on(1, "authorize-region-key", region, "/root", key, "198.18.1.2"),
            on(1, "authorize-region-key", region, "/root", key, "198.18.1.2", "198.18.1.3"),
            on(1, "record-witness", region, "muster-eu1-1-1"), on(1, "record-witness", region, "muster-eu1-1-1"),
            on(1, "record-witness", region, "muster-eu1-1-2"),
            on(1, "restore-host", region, "/root", "no", "-"), on(1, "evict-swarm", region, "no-such-swarm"),
            on(1, "remove-control-plane", region, "muster-eu1"), on(1, "remove-control-plane", region, "muster-eu1"),
        ] + shrinking + [
            leave(1), on(2, "restore-host", region, "/root", "no", "-"),
            on(1, "restore-host", region, "/root", "no", "-"), on(1, "restore-host", region, "/root", "no", "-"),
        ]
    }

    /// The second host goes as people would have it go.
    private static var shrinking: [PairedAct] {
        let demote = onNode(of: 2, "demote-node", region, "docker", "node", "demote")
        let drain = onNode(of: 2, "drain-node", region, "60", "docker", "node", "update", "--availability", "drain")
        let activate = onNode(of: 2, "activate-node", region, "docker", "node", "update", "--availability", "active")
        let remove = onNode(of: 2, "remove-node", region, "docker", "node", "rm")
        return [demote, demote, drain, drain, activate, activate, drain, leave(2, "as-worker"), remove, remove]
    }

    private static func leave(_ host: Int, _ how: String = "forced") -> PairedAct {
        on(host, "leave-swarm", region, cluster, how)
    }
}
