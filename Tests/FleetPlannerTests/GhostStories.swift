// Stories about nodes that no host is, and about Swarms of others (F21–F24, F33, F36).
import FleetModel
import FleetPlanner
import Testing

@Suite("Ghosts") struct GhostStories {
    private static let swarm = "swarm-h1-0"

    private func atRest() -> Story { Story(fixed: ["h1", "h2", "h3"]).atRest() }

    private func ghost(_ story: inout Story, _ change: (inout NodeFacts) -> Void) {
        var node = NodeFacts(id: "node-99", hostname: "h5", address: "198.18.1.5", role: .worker, state: "down")
        change(&node)
        story.world.swarms[Self.swarm]?.nodes["node-99"] = node
    }

    @Test("F24: the same host twice, one entry down with our label → that one is removed, the other stays")
    func twice() {
        var story = atRest()
        let labels = MusterLabel.node(host: "h5", desired: story.parent!.hosts["h5"]!, region: "eu1")
        ghost(&story) { $0.labels = labels }
        #expect(story.plan().steps.map(\.id) == ["remove-node/node-99"])
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().steps == [])
    }

    @Test("F24: an entry without label, down, of the host's name and address → removed; of another name → named only")
    func unlabelled() {
        var story = atRest()
        ghost(&story) { _ in }
        #expect(story.plan().steps.map(\.id) == ["remove-node/node-99"])
        ghost(&story) { $0.hostname = "old" }
        #expect(story.plan().steps == [])
        #expect(story.plan().report.map(\.problem.code) == ["ghost-node"])
    }

    @Test("F24: nothing is removed while the host cannot say which of them it is")
    func silent() {
        var story = atRest()
        ghost(&story) { _ in }
        story.kill("h5")
        #expect(story.plan().steps == [])
    }

    @Test("a dead manager's entry at the address of a host with another name is named, and counted")
    func managerGhost() {
        var story = atRest()
        ghost(&story) { ($0.hostname, $0.role) = ("old", .manager) }
        let plan = story.plan()
        #expect(plan.steps == [] && plan.report.map(\.problem.code) == ["ghost-node"])
    }

    @Test("F22: a node of strangers is drift and stays; one with our label and no host leaves, once it was looked at")
    func unknown() {
        var story = atRest()
        ghost(&story) { ($0.hostname, $0.address) = ("x", "198.18.7.7") }
        #expect(story.plan().report.map(\.problem.code) == ["unknown-node"] && story.plan().steps == [])
        ghost(&story) {
            ($0.hostname, $0.address) = ("h9", "198.18.7.7")
            $0.labels = [MusterLabel.region: "eu1", MusterLabel.host: "h9", MusterLabel.domain: "a"]
        }
        #expect(story.plan().steps.map(\.id) == ["remove-node/node-99"])
    }

    @Test("F22: a living node with our label and no host is entered as leaving, and removed with what was made there")
    func forgotten() {
        var story = atRest()
        let before = story.parent
        story.take("h5")
        // The inventory that knew it was lost.
        story.parent = story.plan().blueprint
        story.parent = story.parent.map {
            Blueprint(
                region: $0.region, generation: $0.generation, parent: $0.parent, clusters: $0.clusters, hosts: $0.hosts,
                controlPlane: $0.controlPlane)
        }
        #expect(before?.hosts["h5"] != nil && story.plan().leaving == [])
        let first = story.plan()
        #expect(first.steps == [] && first.report.map(\.problem.code) == ["forgotten-node"])
        #expect(first.blueprint.leaving["h5"]?.address == "198.18.1.5")
        inOneRun(story, first)
        story.carryOut(first)
        #expect(story.plan().steps.map(\.action.word) == ["drain-node", "leave-swarm", "remove-node", "restore-host"])
        story.bringUp()
        #expect(story.plan().steps == [] && story.world.violations == [])
    }

    /// What `up` does: looks at what the first plan found, and carries out the plan that follows.
    private func inOneRun(_ before: Story, _ first: Plan) {
        var story = before
        let found = first.forgotten(after: story.parent)
        #expect(found.leaving.map(\.address) == ["198.18.1.5"])
        let plan = RegionPlanner.plan(story.input.finding(found, seen: story.world.observation()))
        #expect(plan.steps.map(\.action.word) == ["drain-node", "leave-swarm", "remove-node", "restore-host"])
        #expect(plan.leaving.map(\.name) == ["h5"] && plan.blueprint.leaving == found)
        #expect(!plan.report.contains { $0.problem.code == "forgotten-node" })
        story.carryOut(plan)
        #expect(story.world.violations == [] && story.plan().steps == [] && story.plan().leaving == [])
    }

    @Test("F23: half-joined, and its first try left an entry → the entry goes too")
    func halfJoinedGhost() {
        var story = atRest()
        story.says("h5", ofSwarm: SwarmFacts(state: .error, errorText: "context deadline exceeded"))
        story.world.machines["h5"]?.node = nil
        story.world.machines["h5"]?.swarm = nil
        let plan = story.plan()
        #expect(
            Set(plan.steps.map(\.id)) == ["reset-swarm/h5", "join-swarm/h5", "label-node/h5", "remove-node/node-05"])
        story.bringUp()
        #expect(story.plan().steps == [])
    }

    @Test("F33: a node that cannot reach its managers is left out with its cure; rejoin resets it")
    func unreached() {
        var story = atRest()
        story.says(
            "h5", ofSwarm: SwarmFacts(state: .error, nodeID: "node-05", errorText: "certificate has expired"))
        #expect(story.plan().report.map(\.problem.code) == ["swarm-unreached"] && story.plan().steps == [])
        story.intents.rejoin = ["h5"]
        #expect(story.plan().steps.map(\.action.word).prefix(1) == ["reset-swarm"])
        story.bringUp()
        story.intents = FleetIntents()
        #expect(story.plan().steps == [] && story.world.violations == [])
    }

    @Test("F33: a certificate that should have been renewed is an alarm; one in the middle of its life is none")
    func certificate() {
        var story = atRest()
        let day = 86_400
        func certificate(_ end: Int) -> CertificateFacts {
            CertificateFacts(
                starts: Timestamp(secondsSinceEpoch: (end - 90) * day), ends: Timestamp(secondsSinceEpoch: end * day))
        }
        story.host("h5") { $0.clock = 1000 * day }
        for (end, codes) in [(1060, [String]()), (1014, []), (1013, ["certificate-ends"]), (999, ["certificate-ends"])]
        {
            story.world.machines["h5"]?.certificate = certificate(end)
            #expect(story.plan().report.map(\.problem.code) == codes, "\(end)")
        }
    }

    @Test("F36: an address that is not the host's own, and one that its Swarm does not know any more, are named")
    func addresses() {
        var bare = Story()
        bare.host("h5") { $0.identity.addresses = ["10.0.0.5"] }
        #expect(bare.plan().report.map(\.problem.code) == ["address-translated"])
        var moved = atRest()
        moved.policy["h5"]?.address = "198.18.1.55"
        moved.host("h5") { $0.identity.addresses = ["198.18.1.55"] }
        #expect(moved.plan().report.map(\.problem.code) == ["address-changed"])
    }

    // MARK: - Swarms of others

    @Test("F21: evict by the Swarm's id → left, then joined; by another id → refused")
    func evict() throws {
        var story = Story()
        story.says(
            "h4", ofSwarm: SwarmFacts(state: .active, nodeID: "theirs", isManager: true, swarmID: "their-swarm"))
        story.intents.evict = ["h4": "another"]
        #expect(story.plan().refusals.map(\.problem.code) == ["other-swarm"])
        story.intents.evict = ["h4": "their-swarm"]
        let plan = story.plan()
        let join = try #require(Story.step("join-swarm/h4", in: plan))
        #expect(join.after.contains("evict-swarm/h4"))
        story.carryOut(plan)
        #expect(story.world.violations == [] && story.plan().steps == [])
    }

    @Test("evict and adopt of a host that is in no foreign Swarm → nothing is done, and it is said why")
    func nothingToEvict() {
        var story = atRest()
        story.intents = FleetIntents(evict: ["h4": Self.swarm], adopt: ["h5": Self.swarm])
        #expect(story.plan().steps == [] && story.plan().report.map(\.problem.code) == ["own-swarm", "own-swarm"])
        var bare = Story()
        bare.intents = FleetIntents(evict: ["h4": "theirs"])
        #expect(bare.plan().report.map(\.problem.code) == ["no-foreign-swarm"])
        #expect(bare.plan().steps.contains { $0.id == "join-swarm/h4" })
    }

    @Test("F21: adopt a Swarm by its id → written down on its hosts, labelled, brought to what the manifest says")
    func adopt() throws {
        var story = atRest()
        story.world.makeForeign()
        story.parent = nil
        #expect(story.plan().refusals.count == 5)
        story.intents.adopt = ["h1": Self.swarm]
        let plan = story.plan()
        #expect(plan.refusals == [] && plan.steps.filter { $0.action.word == "adopt-swarm" }.count == 5)
        #expect(!plan.steps.contains { $0.action.word == "init-swarm" || $0.action.word == "join-swarm" })
        story.carryOut(plan)
        story.intents = FleetIntents()
        #expect(story.world.violations == [] && story.plan().steps == [])
    }
}
