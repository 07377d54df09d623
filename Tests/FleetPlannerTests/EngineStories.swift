// Stories about the engine that is on a host already: stopped, with settings, of both init systems.
import FleetModel
import FleetPlanner
import Testing

@Suite("Engines") struct EngineStories {
    private static let engine = EngineFacts(version: "20.10.24", isRunning: true, engineID: "engine-h2")

    @Test("engine there but stopped → started, and counted as not ours")
    func stopped() throws {
        var story = Story(hosts: 3)
        story.host("h2") {
            $0.engine = Self.engine
            $0.engine?.isRunning = false
        }
        try story.tell("engine-stopped")
        #expect(story.world.machines["h2"]?.facts.made?.packages == [])
    }

    @Test("F20: daemon.json has keys of its own → they stay, the policy's are put in")
    func merged() throws {
        var story = Story(hosts: 1, managers: 1)
        story.policy.engine.daemon = ["log-driver": .string("local"), "max-concurrent-downloads": .integer(4)]
        story.host("h1") {
            $0.engine = Self.engine
            $0.engine?.daemon = .object(["dns": .array([.string("198.18.0.2")]), "log-driver": .string("local")])
        }
        try story.tell("daemon-merged")
        #expect(story.world.machines["h1"]?.facts.made?.daemonKeys == ["max-concurrent-downloads"])
    }

    @Test("F20: daemon.json says otherwise than the manifest → the host is left out, both values are named")
    func conflict() throws {
        var story = Story(hosts: 5)
        story.policy.engine.daemon = ["log-driver": .string("local")]
        story.host("h5") {
            $0.engine = Self.engine
            $0.engine?.daemon = .object(["log-driver": .string("syslog")])
        }
        try story.tell("daemon-conflict")
    }

    @Test("a key that Muster made may be changed by Muster")
    func ownKeyChanges() {
        var story = Story(hosts: 1, managers: 1)
        story.policy.engine.daemon = ["log-driver": .string("local")]
        story.bringUp()
        story.policy.engine.daemon = ["log-driver": .string("journald")]
        #expect(story.plan().steps.map(\.id) == ["install-engine/h1"])
        story.bringUp()
        #expect(story.plan().isEmpty)
    }

    @Test("I5: new engine settings on three managers → their engines restart one after another")
    func managersRestartInTurn() throws {
        var story = Story(hosts: 5, fixed: ["h1", "h2", "h3"])
        story.bringUp()
        story.policy.engine.daemon = ["log-driver": .string("local")]
        try story.tell("engine-settings-on-managers")
    }

    @Test(
        "F31, I5: new engine settings while one of three managers is dead → the living ones are not restarted, plan waits"
    )
    func noRestartWithoutMajority() throws {
        var story = Story(hosts: 5, fixed: ["h1", "h2", "h3"])
        story.bringUp()
        story.kill("h2")
        story.policy.engine.daemon = ["log-driver": .string("local")]
        try story.tell("engine-settings-without-majority")
    }

    @Test("I5: a manager is stopped while all need new settings → it is started first, then the others restart in turn")
    func startedBeforeRestarts() {
        var story = Story(hosts: 5, fixed: ["h1", "h2", "h3"])
        story.bringUp()
        story.policy.engine.daemon = ["log-driver": .string("local")]
        story.host("h3") { $0.engine?.isRunning = false }
        let plan = story.plan()
        #expect(Story.step("install-engine/h3", in: plan)?.after == [])
        #expect(Story.step("install-engine/h1", in: plan)?.after == ["install-engine/h3"])
        #expect(Story.step("install-engine/h2", in: plan)?.after == ["install-engine/h1"])
        #expect(Story.step("install-engine/h4", in: plan)?.after == [])
        story.carryOut(plan)
        #expect(story.plan().isEmpty)
    }

    @Test("F31, I5: dead managers that leave the manifest count until they are demoted → the others restart after that")
    func leavingManagersCount() {
        var story = Story(hosts: 6, managers: 5, fixed: ["h1", "h2", "h3", "h4", "h5"])
        story.bringUp()
        story.kill("h4", "h5")
        story.take("h4", "h5")
        story.policy.clusters[0].managers = 3
        story.policy.engine.daemon = ["log-driver": .string("local")]
        let plan = story.plan()
        #expect(plan.report.filter { $0.problem.code == "engine-waits" }.count == 3)
        #expect(plan.steps.filter { $0.action.word == "install-engine" }.map(\.subject) == ["h6"])
        #expect(plan.steps.filter { $0.action.word == "demote-node" }.count == 2)
        story.carryOut(plan)
        #expect(story.plan().steps.filter { $0.action.word == "install-engine" }.map(\.subject) == ["h1", "h2", "h3"])
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().isEmpty)
    }

    @Test("a manager's engine is stopped → it is started; nobody else becomes a manager meanwhile")
    func managerStopped() throws {
        var story = Story()
        story.bringUp()
        story.host("h3") { $0.engine?.isRunning = false }
        try story.tell("manager-engine-stopped")
        #expect(story.world.managers(of: "swarm-h1-0").count == 3)
    }

    @Test("power cut: all engines are stopped → they are started, no second Swarm is made, plan again: no change")
    func powerCut() throws {
        var story = Story()
        story.bringUp()
        for host in story.policy.hosts { story.host(host.name) { $0.engine?.isRunning = false } }
        try story.tell("power-cut")
        #expect(story.world.swarms.count == 1)
    }

    @Test("two of three managers' engines are stopped → started although nobody speaks for the Swarm")
    func majorityStopped() {
        var story = Story()
        story.bringUp()
        for host in ["h1", "h2"] as [HostID] { story.host(host) { $0.engine?.isRunning = false } }
        #expect(story.plan().steps.map(\.id) == ["install-engine/h1", "install-engine/h2"])
        story.bringUp()
        #expect(story.plan().isEmpty)
    }

    @Test("F39: a whole region boots after a power cut, engines are `pending` with their node ids → nothing is reset")
    func returning() throws {
        var story = Story()
        story.bringUp()
        let nodes = story.world.observation().hosts.keys.sorted().compactMap { host in
            story.world.observation().facts(of: host)?.swarm.nodeID.map { (host, $0) }
        }
        for (host, node) in nodes { story.says(host, ofSwarm: SwarmFacts(state: .pending, nodeID: node)) }
        let asleep = story.plan()
        #expect(asleep.steps == [])
        #expect(asleep.report.map(\.problem.code) == ["cluster-asleep"])
        for (host, _) in nodes.dropLast() { story.says(host, ofSwarm: nil) }
        #expect(story.plan().steps == [], "one that is late is neither reset nor joined again")
    }

    @Test("F32: a locked manager → left out with its cure, counted as a manager, nobody takes its place")
    func locked() {
        var story = Story()
        story.bringUp()
        story.says("h2", ofSwarm: SwarmFacts(state: .locked, errorText: "Swarm is encrypted"))
        let plan = story.plan()
        #expect(plan.report.map(\.problem.code) == ["swarm-locked"])
        #expect(plan.steps == [])
    }

    @Test("systemd and sysvinit → the same plan; something else → left out by name")
    func initSystems() throws {
        var story = Story()
        story.host("h2") { $0.operatingSystem.initSystem = .sysvinit }
        story.host("h5") { $0.operatingSystem.initSystem = .other }
        try story.tell("init-systems")
        var systemd = Story()
        systemd.kill("h5")
        var sysvinit = systemd
        for host in systemd.policy.hosts { sysvinit.host(host.name) { $0.operatingSystem.initSystem = .sysvinit } }
        #expect(systemd.plan().steps == sysvinit.plan().steps)
    }

    @Test(
        "F20: snap, podman, live-restore, vfs, broken daemon.json → each left out with its own words",
        arguments: [
            "foreign-engine", "live-restore", "storage-driver", "bad-daemon-file",
        ])
    func unfit(code: String) {
        var story = Story()
        story.host("h5") {
            $0.engine = Self.engine
            $0.engine?.origin = code == "foreign-engine" ? "snap" : "apt"
            $0.engine?.hasLiveRestore = code == "live-restore"
            $0.engine?.storageDriver = code == "storage-driver" ? "vfs" : "overlay2"
            $0.engine?.isDaemonFileValid = code != "bad-daemon-file"
        }
        let plan = story.plan()
        #expect(plan.report.filter { $0.kind == .quarantined }.map(\.problem.code) == [code])
        #expect(!plan.steps.contains { $0.host == "h5" || $0.subject == "h5" })
    }
}
