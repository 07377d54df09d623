// Stories of plans that must not run: foreign state, lost majorities, clones, clocks, address pools, budgets.
import FleetModel
import FleetPlanner
import Testing

@Suite("Refusals") struct RefusalStories {
    @Test("F21: host of a foreign Swarm → refused by name, nothing is written anywhere")
    func foreignSwarm() throws {
        var story = Story()
        story.says(
            "h4",
            ofSwarm: SwarmFacts(
                state: .active, nodeID: "theirs", nodeAddress: "198.18.1.4", isManager: true, swarmID: "their-swarm",
                managerAddresses: ["198.18.9.9:2377"], cluster: ClusterFacts()))
        try story.tell("foreign-swarm")
    }

    @Test("host that another region made → refused, naming the region")
    func otherRegion() throws {
        var story = Story()
        story.host("h4") { $0.made = MadeRecord(region: "us1", swarm: ["control"]) }
        try story.tell("other-region")
    }

    @Test("two Swarms of one cluster (the first manager died alone, and came back) → refused, both named")
    func twoSwarms() throws {
        var story = Story()
        for step in story.plan().steps.prefix(while: { $0.action.word != "join-swarm" }) { story.world.perform(step) }
        story.kill("h1")
        story.bringUp()
        story.revive("h1")
        try story.tell("two-swarms")
    }

    @Test("F29: two of three managers dead → refused, with the arithmetic")
    func lostQuorum() throws {
        var story = Story()
        story.bringUp()
        story.kill("h1", "h2")
        story.policy.budgets.failedHosts = .hosts(2)
        try story.tell("lost-quorum")
    }

    @Test("F34: the address pool overlaps a route of a host → refused")
    func poolOverlap() throws {
        var story = Story()
        story.host("h3") { $0.routes = ["default", "0.0.0.0/0", "10.201.7.0/24"] }
        try story.tell("pool-overlap")
    }

    @Test("F18: clones: same machine-id, same engine id, same name → refused, naming both")
    func clones() throws {
        var story = Story()
        story.host("h2") { $0.identity.machineID = "machine-h1" }
        story.host("h4") { $0.identity.hostname = "h3" }
        for host in ["h4", "h5"] as [HostID] {
            story.host(host) { $0.engine = EngineFacts(version: "20.10.24", isRunning: true, engineID: "cloned") }
        }
        try story.tell("clones")
    }

    @Test("F17: a manager's clock is off → refused; a worker's → a note")
    func clockSkew() throws {
        var story = Story(fixed: ["h1", "h2", "h3"])
        story.host("h2") { $0.clockSkew = 31 }
        story.host("h5") { $0.clockSkew = -90 }
        story.host("h4") { $0.clockSkew = 30 }
        try story.tell("clock-skew")
    }

    @Test("F17: a host that might become a manager by count is off → refused, because it might")
    func clockSkewByCount() {
        var story = Story()
        story.host("h5") { $0.clockSkew = 3600 }
        #expect(story.plan().refusals.map(\.problem.code) == ["clock-skew"])
    }

    @Test("F12: all hosts dead → refused, no steps, every host named")
    func allDead() throws {
        var story = Story(hosts: 12)
        for host in story.policy.hosts { story.kill(host.name) }
        try story.tell("all-dead")
    }

    @Test("more hosts out than the budget allows → refused; one less → plan")
    func budgetExceeded() throws {
        var story = Story(hosts: 10)
        story.kill("h8", "h9", "h10")
        try story.tell("budget-exceeded")
        story.revive("h8")
        #expect(story.plan().refusals.isEmpty)
    }

    @Test("F30: few domains or one manager → noted, never refused")
    func fewDomains() {
        let one = Story(hosts: 3, managers: 1).plan()
        #expect(one.report.map(\.problem.code) == ["one-manager"])
        let two = Story(hosts: 4, domains: ["a", "b"]).plan()
        #expect(two.report.map(\.problem.code) == ["few-domains"])
        #expect(!two.isEmpty)
    }

    @Test("I4: every host finding that leaves a host out leaves out that host only", arguments: Unfit.allCases)
    func unfitHost(_ unfit: Unfit) {
        var story = Story()
        story.host("h5", unfit.spoil)
        let plan = story.plan()
        #expect(plan.report.filter { $0.kind == .quarantined }.map(\.problem.code) == [unfit.rawValue])
        #expect(plan.refusals.isEmpty)
        #expect(!plan.steps.contains { $0.host == "h5" || $0.subject == "h5" })
        #expect(plan.steps.contains { $0.host == "h4" })
    }

    @Test("F14: the package manager's lock is named where an engine is due, and only there")
    func packageLock() {
        var story = Story()
        story.host("h2") { $0.packages.lockHolder = "4711 unattended-upgr" }
        #expect(story.plan().report.map(\.problem.code) == ["package-lock"])
        #expect(story.plan().steps.contains { $0.id == "install-engine/h2" })
        story.bringUp()
        #expect(story.plan().report == [])
    }

    @Test("F14: packages are half-configured while somebody holds the lock → waits; once it is free → left out")
    func lockedAndHalfConfigured() {
        var story = Story()
        story.host("h2") {
            $0.packages.lockHolder = "4711 apt-get"
            $0.packages.halfConfigured = ["docker.io"]
        }
        #expect(story.plan().report.map(\.problem.code) == ["package-lock"])
        story.host("h2") { $0.packages.lockHolder = nil }
        #expect(story.plan().report.map(\.problem.code) == ["half-configured"])
    }

    @Test("F39: a power cut left packages half-configured that Muster was installing → the next run finishes them")
    func ownHalfConfigured() {
        var story = Story()
        let region = story.policy.region
        story.host("h2") {
            $0.packages.halfConfigured = ["docker.io"]
            $0.made = MadeRecord(region: region, packages: ["containerd", "docker.io"])
        }
        #expect(story.plan().report == [])
        #expect(story.plan().steps.contains { $0.id == "install-engine/h2" })
    }
}

/// One way for a host to be unfit each, by the code of its finding.
enum Unfit: String, CaseIterable {
    case sudoWantsPassword = "sudo-wants-password"
    case sudoMissing = "sudo-missing"
    case notInSudoers = "not-in-sudoers"
    case unknownSystem = "unknown-system"
    case unknownInit = "unknown-init"
    case kernel = "kernel-feature-missing"
    case readOnly = "read-only"
    case diskFull = "disk-full"
    case inodesFull = "inodes-full"
    case memorySmall = "memory-small"
    case halfConfigured = "half-configured"
    case noSource = "no-package-source"
    case portTaken = "port-taken"

    var spoil: (inout HostFacts) -> Void {
        switch self {
        case .sudoWantsPassword: { $0.identity.privilege = .sudoWantsPassword }
        case .sudoMissing: { $0.identity.privilege = .sudoMissing }
        case .notInSudoers: { $0.identity.privilege = .notInSudoers }
        case .unknownSystem: { $0.operatingSystem.id = "alpine" }
        case .unknownInit: { $0.operatingSystem.initSystem = .other }
        case .kernel: { $0.kernel.hasVXLAN = false }
        case .readOnly: { $0.capacity.isRootWritable = false }
        case .diskFull: { $0.capacity.diskFreeMiB = 1023 }
        case .inodesFull: { $0.capacity.inodesFreePercent = 4 }
        case .memorySmall: { $0.capacity.memoryMiB = 255 }
        case .halfConfigured: { $0.packages.halfConfigured = ["grub-pc"] }
        case .noSource: { $0.packages.sources = 0 }
        case .portTaken: { $0.listeners = ["2377": ""] }
        }
    }
}
