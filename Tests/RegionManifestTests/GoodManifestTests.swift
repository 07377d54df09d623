// What a right manifest reads to: the shipped examples, defaults, variables and paths.

import FleetModel
import Foundation
import Testing

@testable import RegionManifest

@Suite struct GoodManifestTests {
    static let regions =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/bootstrap/regions"

    static let small = """
        muster: 1
        region: eu1
        domains: [a]
        clusters: [{name: control, control: true, managers: 1}]
        hosts: [{name: h1, address: 10.0.0.1, domain: a, cluster: control}]

        """

    @Test("the lab's manifest: five hosts in three domains, keys in the lab's folder")
    func lab() throws {
        let policy = try Manifest.policy(at: Self.regions + "/lab.yaml", environment: ["MUSTER_LAB": "/run/lab"])
        #expect(policy.region == "lab" && policy.domains == ["a", "b", "c"])
        #expect(policy.hosts.map(\.name) == ["h1", "h2", "h3", "h4", "h5"])
        #expect(policy.hosts.map(\.address) == (2...6).map { "198.18.1.\($0)" })
        #expect(policy.controlCluster == ClusterPolicy(name: "control", isControl: true, managers: 3))
        #expect(policy.access.keyFile == "/run/lab/id_ed25519" && policy.access.knownHosts == "/run/lab/known_hosts")
    }

    @Test("the lab's manifest without its variable → one problem at each place that names it")
    func labWithoutVariable() {
        #expect {
            try Manifest.policy(at: Self.regions + "/lab.yaml", environment: [:])
        } throws: { error in
            (error as? FleetProblems)?.all.map(\.code) == ["manifest-variable", "manifest-variable"]
        }
    }

    @Test("the example of a real region reads, with everything that it shows")
    func example() throws {
        let policy = try Manifest.policy(at: Self.regions + "/eu1.yaml", environment: ["HOME": "/home/ops"])
        #expect(policy.hosts.count == 9 && policy.clusters.count == 3)
        let host = try #require(policy.host("eu1-14"))
        #expect(host.role == .worker && host.labels == ["disk": "nvme", "rack": "17"])
        #expect(host.reserve == Reserve(cpuMillicores: 500, memoryMiB: 512) && host.hostKey?.count == 50)
        #expect(policy.access.keyFile == "/home/ops/.ssh/id_ed25519")
        #expect(policy.access.knownHosts == Self.regions + "/known_hosts")
        #expect(policy.engine.version == "20.10.*")
        let options = JSONValue.object(["max-size": .string("10m"), "max-file": .string("3")])
        #expect(policy.engine.daemon == ["log-driver": .string("json-file"), "log-opts": options])
    }

    @Test("the example of docs/manifest.md reads, and its errors are those that the tool prints")
    func documentation() throws {
        let page = try String(contentsOfFile: Self.regions + "/../../docs/manifest.md", encoding: .utf8)
        let blocks = page.components(separatedBy: "```")
        let example = try #require(blocks.first { $0.hasPrefix("yaml\n") }).dropFirst(5)
        let policy = try Manifest.policy(fromYAML: String(example), file: "eu1.yaml", environment: ["MUSTER_KEY": "/k"])
        #expect(policy.hosts.count == 3)
        let wrong = example.replacing("managers: 3", with: "manager: 3").replacing("domain: a", with: "domain: d")
            .replacing("198.18.1.3", with: "\"${EU1_02}\"").replacing("${MUSTER_KEY}", with: "/k")
        let errors = try #require(blocks.first { $0.hasPrefix("text\n") }).dropFirst(5)
        #expect(BadManifestTests.problems(String(wrong)).map { "\($0)\n" }.joined() == errors)
    }

    @Test("only what must be said is said → everything else is FleetModel's default")
    func defaults() throws {
        let expected = FleetPolicy(
            region: "eu1", domains: ["a"],
            clusters: [ClusterPolicy(name: "control", isControl: true, managers: 1)],
            hosts: [HostPolicy(name: "h1", address: "10.0.0.1", domain: "a", cluster: "control")])
        #expect(try Manifest.policy(fromYAML: Self.small, file: "eu1.yaml", environment: [:]) == expected)
        let empty = Self.small + "access:\nengine: {}\nnetwork: ~\ncontrolPlane: null\nbudgets: {failedHosts: }\n"
        #expect(try Manifest.policy(fromYAML: empty, file: "eu1.yaml", environment: [:]) == expected)
    }

    @Test("words that YAML takes for truths and numbers stay texts where texts are wanted")
    func textsStayTexts() throws {
        let text = """
            muster: 1
            region: no
            domains: [yes, 0644, 1]
            clusters: [{name: on, control: True, managers: 1}]
            hosts: [{name: "1", address: 10.0.0.1, domain: 0644, cluster: on, labels: {version: 1.20, on: off}}]
            engine: {version: 20.10, daemon: {debug: true, mtu: 1450, ratio: 1.5, mode: 0644, none: null, text: "1"}}
            budgets: {failedHosts: 2}
            """
        let policy = try Manifest.policy(fromYAML: text, file: "eu1.yaml", environment: [:])
        #expect(policy.region == "no" && policy.domains == ["yes", "0644", "1"])
        #expect(policy.hosts[0].labels == ["version": "1.20", "on": "off"])
        #expect(policy.engine.version == "20.10" && policy.budgets.failedHosts == .hosts(2))
        let daemon: [String: JSONValue] = [
            "debug": .bool(true), "mtu": .integer(1450), "ratio": .double(1.5), "mode": .string("0644"),
            "none": .null, "text": .string("1"),
        ]
        #expect(policy.engine.daemon == daemon)
    }

    @Test(
        "paths start at the manifest's folder, at the home folder, or at the root",
        arguments: [
            ("regions/eu1.yaml", "./k", "regions/k"), ("regions/eu1.yaml", "../k", "regions/../k"),
            ("eu1.yaml", "keys/k", "keys/k"), ("/etc/eu1.yaml", "k", "/etc/k"), ("a/eu1.yaml", "/k", "/k"),
            ("a/eu1.yaml", "~/k", "/home/ops/k"), ("a/eu1.yaml", "${LAB}/k", "/lab/k"), ("a/eu1.yaml", "a$$b", "a/a$b"),
        ])
    func paths(file: String, written: String, path: String) throws {
        let text = Self.small + "access: {keyFile: \"\(written)\"}\n"
        let environment = ["HOME": "/home/ops", "LAB": "/lab"]
        #expect(try Manifest.policy(fromYAML: text, file: file, environment: environment).access.keyFile == path)
    }

    @Test("what a variable holds is a text of its own: no YAML, no second variable")
    func variablesAreTexts() throws {
        let text = Self.small.replacing("cluster: control}", with: "cluster: control, labels: {a: \"${X}\"}}")
        let policy = try Manifest.policy(
            fromYAML: text, file: "eu1.yaml", environment: ["X": "}, {name: ${Y}, $(reboot) # '\""])
        #expect(policy.hosts.count == 1 && policy.hosts[0].labels["a"] == "}, {name: ${Y}, $(reboot) # '\"")
    }

    @Test("Windows' line ends and a byte order mark do no harm")
    func lineEnds() throws {
        let text = "\u{FEFF}" + Self.small.replacingOccurrences(of: "\n", with: "\r\n")
        #expect(try Manifest.policy(fromYAML: text, file: "eu1.yaml", environment: [:]).region == "eu1")
    }
}
