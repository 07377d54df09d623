// Rendering and reading are each other's inverse, for any valid policy: seeded random ones, hostile texts included.

import FleetModel
import Testing

@testable import RegionManifest

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Random valid policies.
struct PolicyMaker {
    var random: SeededGenerator

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    mutating func chance() -> Bool { Bool.random(using: &random) }
    mutating func pick<Item>(_ items: [Item]) -> Item { items.randomElement(using: &random)! }

    /// Texts that break naive quoting.
    mutating func text() -> String {
        let parts = [
            "a", "$", "${X}", "$$", "\"", "\\", "'", ": ", " #", "{", "}", "[", ",", "é", "😀", "~", "*", "%", "|", "0",
        ]
        return (0..<number(0...8)).map { _ in pick(parts) }.joined()
    }

    mutating func name(_ index: Int) -> String { pick(["", "a", "no", "null", "0", "x-y", "true"]) + "\(index)" }

    mutating func json(depth: Int) -> JSONValue {
        switch number(0...(depth > 2 ? 4 : 6)) {
        case 0: .null
        case 1: .bool(chance())
        case 2: .integer(pick([0, -1, 7, Int.max, Int.min, number(-1000...1000)]))
        case 3: .double(pick([0.5, -1.25, 1e300, 1e-7, 100.0]))
        case 4: .string(text())
        case 5: .array((0..<number(0...3)).map { _ in json(depth: depth + 1) })
        case _: .object(members(depth: depth + 1))
        }
    }

    mutating func members(depth: Int) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        for index in 0..<number(0...3) { members[text() + "\(index)"] = json(depth: depth) }
        return members
    }

    mutating func host(_ index: Int, _ domains: [DomainID], _ cluster: ClusterID) -> HostPolicy {
        HostPolicy(
            name: HostID(name(index)), address: chance() ? "192.168.0.\(index)" : "h\(index).example.org",
            domain: pick(domains), cluster: cluster,
            labels: chance() ? ["key/a.b-\(index)": text(), "no": text()] : [:],
            hostKey: chance() ? "SHA256:" + String(repeating: pick(["a", "+", "/"]), count: 43) : nil,
            reserve: chance() ? Reserve(cpuMillicores: number(0...9), memoryMiB: number(0...9)) : Reserve())
    }

    mutating func policy() -> FleetPolicy {
        let domains = (0..<number(1...4)).map { DomainID(name($0)) }
        var (clusters, hosts) = ([ClusterPolicy](), [HostPolicy]())
        let control = number(0...2)
        for index in 0..<3 {
            let cluster = ClusterPolicy(
                name: ClusterID(name(index)), isControl: index == control, managers: pick([1, 3, 5, 7]))
            clusters.append(cluster)
            for _ in 0..<(cluster.managers + number(0...3)) {
                hosts.append(host(hosts.count + 1, domains, cluster.name))
            }
            if chance() { hosts[hosts.count - 1].role = .manager }
        }
        return FleetPolicy(
            region: RegionID(name(1)), access: access(), domains: domains, clusters: clusters, hosts: hosts,
            engine: EnginePolicy(version: chance() ? "5:20.10.*" : nil, daemon: members(depth: 0)),
            network: NetworkPolicy(addressPool: pick(["10.201.0.0/16", "172.20.0.0/14"]), subnetBits: number(16...29)),
            controlPlane: ControlPlanePolicy(
                port: number(8000...9000), allowFrom: chance() ? ["10.0.0.0/8", "0.0.0.0/0"] : []),
            budgets: BudgetPolicy(failedHosts: chance() ? .hosts(number(0...9)) : .percent(number(0...100))))
    }

    mutating func access() -> AccessPolicy {
        AccessPolicy(
            user: pick(["root", "ops", "_x-1"]), port: number(1...7999), keyFile: chance() ? "/" + text() : nil,
            knownHosts: chance() ? "/k" + text() : nil, sudo: pick(AccessPolicy.Sudo.allCases),
            bastion: chance() ? bastion() : nil)
    }

    mutating func bastion() -> BastionPolicy {
        BastionPolicy(
            address: pick(["192.0.2.1", "jump.example.org"]), port: number(1...7999), user: pick(["jump", "root"]),
            keyFile: chance() ? "/" + text() : nil,
            hostKey: chance() ? "SHA256:" + String(repeating: "b", count: 43) : nil)
    }
}

@Suite struct RenderTests {
    @Test("a random policy is rendered and read again → the same policy", arguments: 0..<8)
    func roundTrip(batch: Int) throws {
        for seed in (batch * 50)..<(batch * 50 + 50) {
            var maker = PolicyMaker(random: SeededGenerator(state: UInt64(seed)))
            let policy = maker.policy()
            let text = Manifest.yaml(for: policy)
            do throws(FleetProblems) {
                let read = try Manifest.policy(fromYAML: text, file: "/x/eu1.yaml", environment: [:])
                #expect(read == policy, "seed \(seed)")
            } catch {
                Issue.record("seed \(seed): \(error)\n\(text)")
            }
        }
    }

    @Test("rendering gives the same bytes every time, one line for a host")
    func stable() {
        var maker = PolicyMaker(random: SeededGenerator(state: 7))
        let policy = maker.policy()
        #expect(Manifest.yaml(for: policy) == Manifest.yaml(for: policy))
        let hostLines = Manifest.yaml(for: policy).split(separator: "\n").count { $0.contains(", cluster: ") }
        #expect(hostLines == policy.hosts.count)
    }
}
