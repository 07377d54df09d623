// The nouns and their small rules: names, networks, secrets, budgets, problems, preconditions.
import FleetModel
import FoundationEssentials
import Testing

@Suite("Nouns") struct NounTests {
    @Test("names read as plain strings in JSON, as values and as keys")
    func identifiers() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let value: [HostID: [NodeID]] = ["h1": ["n1"], "h2": []]
        let data = try encoder.encode(value)
        #expect(String(decoding: data, as: UTF8.self) == #"{"h1":["n1"],"h2":[]}"#)
        #expect(try JSONDecoder().decode([HostID: [NodeID]].self, from: data) == value)
    }

    @Test(
        "F34: networks overlap when one holds the other's base",
        arguments: [
            ("10.201.0.0/16", "10.201.7.0/24", true), ("10.201.0.0/16", "10.202.0.0/16", false),
            ("0.0.0.0/0", "10.0.0.0/8", true), ("10.0.0.1", "10.0.0.1/32", true), ("10.0.0.1", "10.0.0.2", false),
            ("198.18.0.0/15", "198.19.255.255", true),
        ])
    func overlap(left: String, right: String, expected: Bool) throws {
        let (one, other) = (try #require(IPv4Network(left)), try #require(IPv4Network(right)))
        #expect(one.overlaps(other) == expected)
        #expect(other.overlaps(one) == expected)
    }

    @Test(
        "what is no IPv4 network is none",
        arguments: [
            "", "default", "10.0.0", "10.0.0.256", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::1/128", "10.0.0.0/",
        ])
    func noNetwork(text: String) { #expect(IPv4Network(text) == nil) }

    @Test("F49: a secret shows dots however it is printed")
    func secret() {
        let secret = Secret("hunter2-hunter2")
        var dumped = ""
        dump(["key": secret], to: &dumped)
        let shown = ["\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])", dumped]
        for text in shown { #expect(!text.contains("hunter2")) }
        #expect(String(describing: Optional(secret)).contains(Secret.dots))
    }

    @Test(
        "the budget: a share allows at least one, zero allows none",
        arguments: [
            (BudgetPolicy.Limit.percent(20), 5, 1), (.percent(20), 3, 1), (.percent(20), 10, 2), (.percent(0), 10, 0),
            (.hosts(3), 100, 3), (.percent(100), 7, 7),
        ])
    func budget(limit: BudgetPolicy.Limit, count: Int, allowed: Int) {
        #expect(BudgetPolicy(failedHosts: limit).allowedFailures(of: count) == allowed)
    }

    @Test("I9: a problem is one line, whatever its cause looks like")
    func problem() {
        let problem = FleetProblem(
            .failed, "swarm-join", subject: "host `h1`", "cannot join", cause: "first\r\nsecond\nthird",
            hint: "try again")
        #expect(problem.description == "host `h1`: cannot join: first / second / third; try again")
        #expect(FleetProblem(.failed, "x", subject: "s", "m", cause: "").description == "s: m")
    }

    @Test("the kinds of trouble have the exit codes of design.md §4")
    func exitCodes() {
        let codes = FleetProblem.Kind.allCases.map { FleetProblem($0, "x", subject: "s", "m").exitCode }
        #expect(codes == [64, 2, 69, 70, 1, 0])
        let two = FleetProblems([
            FleetProblem(.refused, "x", subject: "s", "m"), FleetProblem(.rejected, "x", subject: "s", "m"),
        ])
        #expect(two.exitCode == 64)
        #expect(two.description.split(separator: "\n").count == 2)
    }

    @Test("F41, I3: what moved since a plan was saved is told name by name")
    func precondition() {
        let before = Precondition(facts: ["swarm": "inactive", "engine": "absent", "hostname": "h1"])
        let now = Precondition(facts: ["swarm": "active", "hostname": "h1", "node": "n1"])
        // Absent is what a fact is that nobody named: `engine` has not moved.
        #expect(before.differences(from: now) == ["node: was `absent`, is `n1`", "swarm: was `inactive`, is `active`"])
        #expect(before.differences(from: before) == [])
    }

    @Test("hosts that the target has and the manifest has not: with their address and pinned key, by name")
    func leaving() {
        func desired(_ address: String) -> DesiredHost {
            DesiredHost(address: address, domain: "a", cluster: "control", role: .worker, hostKey: "SHA256:x")
        }
        let parent = Blueprint(
            region: "eu1", generation: 2, parent: 1, clusters: [:],
            hosts: ["h1": desired("198.18.1.1"), "h3": desired("198.18.1.3")], leaving: ["h2": desired("198.18.1.2")],
            controlPlane: nil)
        var policy = FleetPolicy(
            region: "eu1", domains: ["a"], clusters: [],
            hosts: [HostPolicy(name: "h1", address: "198.18.1.1", domain: "a", cluster: "control")])
        #expect(policy.leaving(after: nil) == [])
        #expect(policy.leaving(after: parent).map(\.name) == ["h2", "h3"])
        #expect(policy.leaving(after: parent).map(\.hostKey) == ["SHA256:x", "SHA256:x"])
        policy.hosts.append(HostPolicy(name: "h2", address: "198.18.1.2", domain: "a", cluster: "control"))
        #expect(policy.leaving(after: parent).map(\.name) == ["h3"], "a host that came back into the manifest stays")
    }

    @Test("a blueprint of a version that knew no leaving hosts reads as one without them")
    func oldBlueprint() throws {
        let text = #"{"region":"eu1","generation":1,"parent":0,"clusters":{},"hosts":{}}"#
        let blueprint = try JSONDecoder().decode(Blueprint.self, from: Data(text.utf8))
        #expect(blueprint.leaving == [:] && blueprint.generation == 1)
        #expect(try JSONDecoder().decode(Blueprint.self, from: JSONEncoder().encode(blueprint)) == blueprint)
    }

    @Test("F12: what a bastion did to the hosts behind it is told once, other troubles one by one")
    func bastionIsToldOnce() {
        func entry(_ host: String, _ code: String) -> ReportEntry {
            ReportEntry(
                .quarantined,
                FleetProblem(.unavailable, code, subject: "host `\(host)`", "its bastion `b` failed: refused"))
        }
        let hosts = (1...7).map { "h\($0)" }
        let entries =
            [entry("x", "unreachable")] + hosts.map { entry($0, "bastion-unreachable") } + [entry("y", "unreachable")]
        #expect(
            entries.asTold.map(\.problem.description) == [
                "host `x`: its bastion `b` failed: refused",
                "host `h1`, host `h2`, host `h3`, host `h4`, host `h5` and 2 more: its bastion `b` failed: refused",
                "host `y`: its bastion `b` failed: refused",
            ])
    }

    @Test("F13: Debian, Ubuntu and what is like them take apt; others do not")
    func systems() {
        func usesApt(_ id: String, _ like: [String]) -> Bool {
            OperatingSystem(id: id, versionID: "1", idLike: like, prettyName: id, initSystem: .systemd).usesApt
        }
        #expect(usesApt("debian", []) && usesApt("ubuntu", ["debian"]) && usesApt("linuxmint", ["ubuntu", "debian"]))
        #expect(!usesApt("rocky", ["rhel", "centos", "fedora"]) && !usesApt("", []))
    }

    @Test("a node's labels: people's own, and Muster's over them")
    func labels() {
        let host = DesiredHost(
            address: "198.18.1.1", domain: "a", cluster: "control", role: .worker,
            labels: ["disk": "ssd", "io.muster.domain": "forged"])
        #expect(
            MusterLabel.node(host: "h1", desired: host, region: "eu1") == [
                "disk": "ssd", "io.muster.domain": "a", "io.muster.host": "h1", "io.muster.region": "eu1",
                "io.muster.labels": "disk,io.muster.domain",
            ])
    }
}
