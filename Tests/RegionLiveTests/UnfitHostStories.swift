// Twenty-two hosts, and nearly each has a fault of its own: `check` names every one of them at once, `up` leaves the
// unfit out, and those that only look odd are as good as any.
import FleetModel
import HostScripts
import Lab
import Testing

extension LiveRegionTests {
    @Suite struct UnfitHosts {
        @Test(
            "F01, F04, F08, F10, F11, F13, F14, F15, F17, F18, F19, F21, F25: each host its own; all named at once"
        )
        func whole() async throws {
            try await withRegion(4, engine: true, upTo: 22) { region in
                let story = UnfitHostStory(region: region)
                try await story.breakHosts()
                try await story.check()
                try await story.trust()
                try await story.foreignSwarm()
                try await story.overBudget()
                try await story.withinBudget()
                try await story.filteredPort()
                try await story.down()
            }
        }
    }
}

/// The chapters of the story of unfit hosts.
struct UnfitHostStory {
    let region: LiveRegion

    private struct Broken {
        let host: Int
        let fault: LabFault
        let value: String?
        /// What `check` says of it; nil where it has nothing to say.
        let code: String?

        init(_ host: Int, _ fault: LabFault, _ value: String? = nil, says code: String?) {
            (self.host, self.fault, self.value, self.code) = (host, fault, value, code)
        }
    }

    private static let broken = [
        Broken(1, .noisyShell, says: nil), Broken(2, .noisyShell, "odd", says: nil),
        Broken(3, .os, "derived", says: nil), Broken(4, .foreignSwarm, says: "foreign-swarm"),
        Broken(5, .fullDisk, says: "disk-full"), Broken(6, .occupiedPort, says: "port-taken"),
        Broken(7, .changedKey, says: "host-key-changed"), Broken(8, .sudo, says: "sudo-wants-password"),
        Broken(9, .sudo, "denied", says: "sudo-wants-password"), Broken(10, .sudo, "missing", says: "sudo-missing"),
        Broken(11, .sudo, "tty", says: "sudo-wants-terminal"), Broken(12, .os, says: "unknown-system"),
        Broken(13, .halfConfigured, says: "half-configured"), Broken(14, .packageSource, says: "no-package-source"),
        Broken(15, .readOnly, says: "read-only"), Broken(16, .fullInodes, "2", says: "inodes-full"),
        Broken(17, .lockedOut, says: "authentication-refused"), Broken(18, .clone, "h3", says: "duplicate-identity"),
        Broken(19, .skewedClock, "600", says: "clock-skew"), Broken(20, .frozen, says: "timed-out-handshake"),
        Broken(22, .heldLock, says: "package-lock"),
    ]

    func breakHosts() async throws {
        for broken in Self.broken { try await region.lab.addFault(broken.fault, broken.value, to: broken.host) }
        try await region.lab.kill(21)
    }

    private func manifest(_ name: String, _ hosts: [Int], failedHosts: String = "20%") throws -> String {
        try region.manifest(
            name, access: ["user": "ops", "sudo": "nopasswd"], hosts: hosts, failedHosts: failedHosts)
    }

    /// All at once, each by name; nothing about those that only look odd.
    func check() async throws {
        let manifest = try manifest("all", Array(1...22))
        let found = try await region.muster("check", manifest, "--json", exits: 1).json()["findings"]
        var codes: [String: Set<String>] = [:]
        for kind in ["refused", "quarantined", "waits"] {
            for problem in found.entries(kind) {
                codes[problem["subject"].text ?? "", default: []].insert(problem["code"].text ?? "")
            }
        }
        // Without power: whether its neighbours say so first or the deadline is over depends on the kernel's ARP table.
        let dark = codes.removeValue(forKey: "host `h21`") ?? []
        #expect(dark == ["unreachable"] || dark == ["timed-out-connection"])
        var expected = ["region `lab`": Set(["budget-exceeded"])]
        for broken in Self.broken { expected["host `h\(broken.host)`"] = broken.code.map { [$0] } }
        #expect(codes == expected)
    }

    /// F04: the key that h7 has now is trusted by the fingerprint that its console shows, and by no other.
    func trust() async throws {
        let manifest = try manifest("trust", [3, 7, 22])
        let shown = { (host: Int) in
            let file = "\(region.lab.state)/hosts/h\(host)/upper/etc/ssh/ssh_host_ed25519_key.pub"
            return try await region.lab.run(["ssh-keygen", "-lf", file]).output.split(separator: " ")[1]
        }
        for (host, code) in [(6, Int32(2)), (7, 0)] {
            let print = String(try await shown(host))
            try await region.muster("hosts", "trust", "h7", "--fingerprint", print, manifest, exits: code)
        }
        try await region.muster("check", manifest, exits: 0)
    }

    /// F21: named with its Swarm's id; neither it nor its neighbour is touched.
    func foreignSwarm() async throws {
        let manifest = try manifest("foreign", [3, 4, 22])
        let id = try await region.said(4, "docker info -f '{{.Swarm.Cluster.ID}}'")
        let before = try await (region.traces(of: 3), region.traces(of: 22))
        for words in [["up", manifest], ["up", manifest, "--json"]] {
            let refused = try await region.muster(words)
            #expect(refused.status == 2)
            #expect(refused.output.contains("host `h4`") && refused.output.contains(id), "\(refused.output)")
        }
        try await expectSame(before.0, region.traces(of: 3), "h3")
        try await expectSame(before.1, region.traces(of: 22), "h22")
        #expect(try await region.said(4, "docker info -f '{{.Swarm.Cluster.ID}}'") == id)
        try await region.lab.clearFault(.foreignSwarm, from: 4)
    }

    /// The hosts of the bring-up: three with engines that only look odd, one whose network is to blame, three unfit, one
    /// whose lock is held.
    private static let chosen = [1, 2, 3, 4, 5, 6, 8, 22]

    func overBudget() async throws {
        let before = try await region.traces(of: 3)
        let refused = try await region.muster("up", manifest("over", Self.chosen), "--json", exits: 2).json()
        #expect(refused["report"].entries("refused").map { $0["code"].text } == ["budget-exceeded"])
        #expect(Set(refused["report"].entries("quarantined").map { $0["subject"].text }) == unfit(5, 6, 8))
        try await expectSame(before, region.traces(of: 3), "h3")
    }

    /// One healed, two left out, and the lock is released while apt waits for it. F19: large packets to h4 are
    /// lost without a word, which the manager finds before it gives a token.
    func withinBudget() async throws {
        try await region.lab.clearFault(.occupiedPort, from: 6)
        try await region.lab.addFault(.swallowedPackets, to: 4)
        let manifest = try manifest("within", Self.chosen, failedHosts: "40%")
        let release = Task {
            let waits = try await eventually(within: .seconds(60)) {
                try await region.lab.ssh(22, "pgrep -x apt-get").status == 0
            }
            try await region.lab.clearFault(.heldLock, from: 22)
            return waits
        }
        let document = try await region.muster("up", manifest, "--json", exits: 4).json()
        #expect(try await release.value, "apt never waited for the lock")
        #expect(Set(document["report"].entries("quarantined").map { $0["subject"].text }) == unfit(5, 8))
        #expect(document["failures"].members.mapValues { $0["code"].text } == ["h4": "mtu-small"])
        #expect(try await region.said(4, "docker info -f '{{.Swarm.LocalNodeState}}'") == "inactive")
        let nodes = try await region.nodes(from: 3)
        #expect(nodes.map(\.name).sorted() == ["h1", "h2", "h22", "h3", "h6"])
        #expect(nodes.allSatisfy { $0.state == "Ready" })
    }

    /// F19: a port that its manager cannot reach keeps it out, with nothing joined half; open, it joins. So does h4, now
    /// that nothing of it is lost.
    func filteredPort() async throws {
        try await region.lab.clearFault(.swallowedPackets, from: 4)
        try await region.lab.clearFaults(from: 8)
        try await region.lab.addFault(.filteredPort, "7946", to: 8)
        let manifest = try manifest("within", Self.chosen, failedHosts: "40%")
        let kept = try await region.muster("up", manifest, "--json", exits: 4).json()["failures"]["h8"]
        #expect(kept["code"].text == "port-filtered" && kept["cause"].text?.contains("7946/tcp") == true, "\(kept)")
        #expect(try await region.said(8, "docker info -f '{{.Swarm.LocalNodeState}}'") == "inactive")
        try await region.lab.clearFault(.filteredPort, from: 8)
        try await askedAgainAndAgain()
        try await region.muster("up", manifest, exits: 4)
        let ready = try await region.nodes(from: 3).filter { $0.state == "Ready" }.map(\.name)
        #expect(ready.sorted() == ["h1", "h2", "h22", "h3", "h4", "h6", "h8"])
    }

    /// A kernel answers each who asks once a second, after a first six: as often as this, and nothing is filtered.
    private func askedAgainAndAgain() async throws {
        let script = try #require(HostScript.named("swarm-token"))
        let asking = """
            for turn in 1 2 3 4 5; do sh -s swarm-token 1 worker \(region.lab.address(of: 8)) <<'END' || exit
            say() { :; }; fail() { echo "$*"; exit 1; }
            \(script)
            END
            done
            """
        #expect(try await region.said(3, asking) == "")
    }

    private func unfit(_ hosts: Int...) -> Set<String?> { Set(hosts.map { "host `h\($0)`" }) }

    func down() async throws {
        for host in Self.chosen { try await region.lab.clearFaults(from: host) }
        let manifest = try manifest("down", Self.chosen)
        try await region.muster("down", manifest, "--confirm", "lab", exits: 0)
        #expect(try await region.said(3, "docker info -f '{{.Swarm.LocalNodeState}}'") == "inactive")
    }
}
