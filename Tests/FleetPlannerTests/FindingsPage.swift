// Every finding about hosts and regions as one line each, to be read as prose (I9).
import FleetModel
import FleetPlanner
import GoldenFiles
import Testing

@Suite("Findings page") struct FindingsPage {
    @Test("F13, F14, F15, F16, F19, F20, F22, F25, F36: every finding, once, as people read it")
    func page() throws {
        var lines: [String: String] = [:]
        for story in Self.stories {
            for entry in story.plan().report { lines[entry.problem.code] = "\(entry.kind.rawValue): \(entry.problem)" }
        }
        try Golden.expect(lines.sorted { $0.key < $1.key }.map { "[\($0.key)] \($0.value)\n" }.joined(), "findings")
        for line in lines.values { #expect(!line.contains("\n") && line.count < 320, "\(line)") }
    }

    private static var stories: [Story] { unfit + engines + foreign + regions + moved + waits + changing }

    /// Of an account that is not root, which is what some of them are about.
    private static func spoiled(asking sudo: AccessPolicy.Sudo, _ spoil: (inout HostFacts) -> Void) -> Story {
        var story = spoiled(spoil)
        story.policy.access = AccessPolicy(user: "ops", sudo: sudo)
        return story
    }

    private static func spoiled(_ spoil: (inout HostFacts) -> Void) -> Story {
        var story = Story()
        story.host("h5", spoil)
        return story
    }

    private static var unfit: [Story] {
        Unfit.allCases.map { spoiled(asking: .nopasswd, $0.spoil) } + [
            spoiled(asking: .none) { $0.identity.privilege = .sudoMissing },
            spoiled { $0.packages.lockHolder = "4711 unattended-upgr" },
            spoiled { $0.identity.addresses = ["10.0.0.5", "172.16.0.5"] },
        ]
    }

    private static var engines: [Story] {
        let changes: [(inout EngineFacts) -> Void] = [
            { $0.origin = "snap" }, { $0.isDaemonFileValid = false }, { $0.hasLiveRestore = true },
            { $0.storageDriver = "vfs" }, { $0.daemon = .object(["log-driver": .string("syslog")]) },
        ]
        return changes.map { change in
            var story = spoiled { facts in
                var engine = EngineFacts(version: "20.10.24", isRunning: true, engineID: "engine-h5")
                change(&engine)
                facts.engine = engine
            }
            story.policy.engine.daemon = ["log-driver": .string("local")]
            return story
        }
    }

    private static var foreign: [Story] {
        var swarm = Story()
        swarm.says("h5", ofSwarm: SwarmFacts(state: .active, swarmID: "abc", managerAddresses: ["198.18.9.9:2377"]))
        var unseen = Story()
        unseen.world.machines["h5"] = nil
        let root = spoiled(asking: .password) { $0.rootLogin = "no" }
        var bare = Story()
        bare.intents.evict = ["h4": "abc"]
        var rest = Story()
        rest.bringUp()
        rest.intents.adopt = ["h5": "abc"]
        return [swarm, unseen, root, bare, rest, spoiled { $0.made = MadeRecord(region: "us1") }]
    }

    private static var regions: [Story] {
        var dead = Story(hosts: 5)
        dead.kill("h4", "h5")
        return [
            spoiled { $0.identity.machineID = "machine-h1" }, spoiled { $0.clockSkew = 31 },
            spoiled { $0.routes = ["10.201.0.0/24"] }, spoiled { $0.kernel.hasIPVS = false },
            Story(hosts: 1, managers: 1), Story(hosts: 4, domains: ["a", "b"]), dead,
        ]
    }

    /// Regions at rest to which something happened.
    private static var moved: [Story] {
        var rest = Story(hosts: 5, fixed: ["h1", "h2", "h3"])
        rest.bringUp()
        var stories = Array(repeating: rest, count: 5)
        stories[0].kill("h1", "h2")
        stories[0].policy.budgets.failedHosts = .hosts(3)
        stories[1].policy.clusters.append(ClusterPolicy(name: "work", isControl: false, managers: 1))
        stories[1].policy.hosts[4].cluster = "work"
        stories[2].policy.hosts.removeLast()
        stories[3].policy.clusters[0].managers = 1
        stories[3].policy.hosts[1].role = .worker
        stories[3].policy.hosts[2].role = .worker
        let node = stories[4].world.machines["h5"]!.node!
        stories[4].world.swarms["swarm-h1-0"]?.nodes[node]?.availability = "drain"
        return stories
    }

    private static var waits: [Story] {
        var promotion = Story(fixed: ["h1", "h2", "h3"])
        promotion.kill("h2")
        var engine = Story(fixed: ["h1", "h2", "h3"])
        engine.bringUp()
        engine.kill("h2")
        engine.policy.engine.daemon = ["log-driver": .string("local")]
        let split = Story.splitOff()
        var asleep = Story()
        asleep.bringUp()
        var locked = asleep
        for host in asleep.policy.hosts { asleep.host(host.name) { $0.engine?.isRunning = false } }
        locked.says("h2", ofSwarm: SwarmFacts(state: .locked))
        return [promotion, engine, split, asleep, locked]
    }
}
