// Which hosts are meant: every condition holds, a forgotten one is never everywhere, and all mistakes are said at once.
import FleetModel
import Testing

@Suite("Host selection") struct HostSelectionTests {
    private let policy = FleetPolicy(
        region: "eu1", domains: ["a", "b"],
        clusters: [
            ClusterPolicy(name: "control", isControl: true, managers: 1),
            ClusterPolicy(name: "shop", isControl: false, managers: 1),
        ],
        hosts: [
            HostPolicy(
                name: "eu1-01", address: "10.0.0.1", domain: "a", cluster: "control", role: .manager,
                labels: ["disk": "nvme", "note": "k=v"]),
            HostPolicy(name: "eu1-02", address: "10.0.0.2", domain: "b", cluster: "control"),
            HostPolicy(name: "shop-01", address: "10.0.0.3", domain: "a", cluster: "shop", labels: ["disk": "hdd"]),
        ])

    private func names(_ selection: HostSelection, roles: [HostID: NodeRole] = [:]) throws -> [HostID] {
        try selection.hosts(of: policy, roles: roles).map(\.name)
    }

    private func problems(_ selection: HostSelection) -> [String] {
        do {
            _ = try selection.hosts(of: policy)
            return []
        } catch { return error.all.map(\.message) }
    }

    @Test("names, patterns, clusters, domains, labels: all that is given must hold, in the manifest's order")
    func choices() throws {
        #expect(try names(HostSelection(isAll: true)).count == 3)
        #expect(try names(HostSelection(names: ["shop-01", "eu1-0?"])) == ["eu1-01", "eu1-02", "shop-01"])
        #expect(try names(HostSelection(names: ["*-01"], domains: ["a"])) == ["eu1-01", "shop-01"])
        #expect(try names(HostSelection(clusters: ["control", "shop"], labels: ["disk"])) == ["eu1-01", "shop-01"])
        #expect(try names(HostSelection(labels: ["disk=nvme", "note=k=v"])) == ["eu1-01"])
    }

    @Test("roles: the region's own before the manifest's; one that nobody knows is a problem, not a guess")
    func roles() throws {
        let roles: [HostID: NodeRole] = ["eu1-01": .worker, "eu1-02": .manager, "shop-01": .manager]
        #expect(try names(HostSelection(role: .manager), roles: roles) == ["eu1-02", "shop-01"])
        #expect(try names(HostSelection(names: ["eu1-01"], role: .manager)) == ["eu1-01"])
        #expect(problems(HostSelection(role: .worker))[0].hasPrefix("the role of host `eu1-02` is not known here"))
    }

    @Test("nothing chosen, all and a choice, unknown names: refused, all at once")
    func refusals() {
        #expect(problems(HostSelection()) == ["it is not said which hosts are meant"])
        #expect(problems(HostSelection(names: ["x"], isAll: true)) == ["`--all` and a choice exclude each other"])
        #expect(
            problems(HostSelection(names: ["x*", "eu1-01"], clusters: ["shopp"], domains: ["c"])) == [
                "there is no host `x*` in region `eu1`", "there is no cluster `shopp`", "there is no domain `c`",
            ])
        #expect(problems(HostSelection(labels: ["disk=tape"])) == ["no host is all that was asked for"])
    }

    @Test(
        "patterns: `*` any letters, `?` one, all else itself",
        arguments: [
            ("*", "", true), ("a*c", "abbc", true), ("a*c", "abbd", false), ("?", "", false), ("a?c", "abc", true),
            ("a*b*c", "a-b-b-c", true), ("**", "x", true), ("[ab]", "a", false), ("a.c", "abc", false),
        ])
    func globs(pattern: String, text: String, isMatch: Bool) { #expect(Glob.matches(pattern, text) == isMatch) }
}
