// Stories of bring-up: bare hosts, dead hosts, hosts that have something on them already.
import FleetModel
import FleetPlanner
import Testing

@Suite("Bring-up") struct BringUpStories {
    @Test("five bare hosts → engines, a Swarm of three managers over three domains, the control plane, hand off")
    func fiveBareHosts() throws {
        var story = Story()
        try story.tell("five-bare-hosts")
        #expect(Set(managerDomains(story)) == ["a", "b", "c"])
    }

    @Test("one bare host → a Swarm of one, and a note that its loss stops the cluster")
    func oneBareHost() throws {
        var story = Story(hosts: 1, managers: 1)
        try story.tell("one-bare-host")
    }

    @Test("F08: dead worker → the others come up, the report names it")
    func deadWorker() throws {
        var story = Story(fixed: ["h1", "h2", "h3"])
        story.kill("h5")
        try story.tell("dead-worker")
        #expect(!story.plan().steps.contains { $0.host == "h5" })
    }

    @Test("F30: dead manager, roles fixed → the surplus manager joins as a worker and waits for the named host")
    func deadFixedManager() throws {
        var story = Story(fixed: ["h1", "h2", "h3"])
        story.kill("h2")
        try story.tell("dead-manager-fixed-roles")
        #expect(managerDomains(story).count == 1)
        #expect(
            story.plan().report.contains { $0.problem.code == "promotion-waits" && $0.problem.message.contains("h2") })
    }

    @Test("dead manager, only a count given → another living host takes its place at once")
    func deadCountedManager() throws {
        var story = Story()
        story.kill("h1")
        try story.tell("dead-manager-count-only")
        #expect(managerDomains(story).count == 3)
    }

    @Test("the dead manager came back → it joins and the waiting one is promoted: three managers")
    func deadManagerCameBack() throws {
        var story = Story(fixed: ["h1", "h2", "h3"])
        story.kill("h2")
        story.bringUp()
        story.revive("h2")
        try story.tell("dead-manager-came-back")
        #expect(managerDomains(story).count == 3)
    }

    @Test("everything is there already → no steps, the parent stays the target")
    func alreadyDone() throws {
        var story = Story()
        story.bringUp()
        try story.tell("already-done")
        #expect(story.plan().isEmpty)
    }

    @Test("a worker added to the manifest → it alone is brought up")
    func scaleUp() throws {
        var story = Story()
        story.bringUp()
        story.policy.hosts.append(HostPolicy(name: "h6", address: "198.18.1.6", domain: "c", cluster: "control"))
        story.world.addBareHost("h6", address: "198.18.1.6")
        try story.tell("scale-up")
    }

    @Test("F23: half-joined host → leaves what it joined half, then joins")
    func halfJoined() throws {
        var story = Story()
        story.bringUp()
        story.world.perform(
            Step(
                id: "leave-swarm/h5", action: .leaveSwarm(cluster: "control", isLast: false, isForced: true),
                host: "h5", reason: ""))
        story.says("h5", ofSwarm: SwarmFacts(state: .pending, errorText: "rpc error: deadline exceeded"))
        story.host("h5") { $0.made?.swarm = ["control"] }
        try story.tell("half-joined")
    }

    @Test("two clusters in one region → each its own Swarm, one control plane")
    func twoClusters() throws {
        var story = Story(hosts: 6)
        story.splitInTwoClusters(managers: 1)
        try story.tell("two-clusters")
        #expect(story.world.swarms.count == 2)
    }

    @Test("a deploy user that is not root → the key goes to that user's home")
    func deployUser() throws {
        var story = Story(hosts: 1, managers: 1)
        story.policy.access.user = "deploy"
        let step = try #require(story.plan().steps.first { $0.action.word == "authorize-region-key" })
        #expect(step.action == .authorizeRegionKey(from: ["198.18.1.1"], home: "/home/deploy"))
    }

    @Test("F37: another folder let its key in and started a control plane, handed nothing over → made anew")
    func begunByAnotherFolder() throws {
        var story = Story(hosts: 3)
        story.world.regionKey = "ssh-ed25519 AAAAana"
        for step in story.plan().steps where step.action.word != "hand-off" { story.world.perform(step) }
        story.parent = nil
        #expect(story.plan().steps.map(\.action.word) == ["hand-off"], "her own folder goes on")
        story.world.regionKey = "ssh-ed25519 AAAAbob"
        let plan = story.plan()
        let words = ["authorize-region-key", "authorize-region-key", "authorize-region-key"]
        #expect(plan.steps.map(\.action.word) == words + ["start-control-plane", "hand-off"])
        #expect(plan.steps[0].reason == "it lets another folder's key in")
        #expect(plan.steps[3].reason == "the control plane there waits for another folder's hand off")
        story.carryOut(plan)
        #expect(story.plan().isEmpty && story.world.violations.isEmpty)
    }

    private func managerDomains(_ story: Story) -> [DomainID] {
        story.world.swarms.keys.flatMap { story.world.managers(of: $0) }
            .compactMap { story.policy.host(HostID($0.hostname))?.domain }
    }
}
