// Stories of the way back: what Muster made goes, managers last, and nothing else goes (I10).
import FleetModel
import FleetPlanner
import GoldenFiles
import Testing

@Suite("Teardown") struct TeardownStories {
    @Test("five hosts at rest → control plane, workers, managers, hosts; nothing that Muster made is left")
    func fiveHosts() throws {
        var story = Story()
        story.bringUp()
        try tearDown(&story, "teardown")
        #expect(story.world.machines.values.allSatisfy { $0.facts.made == nil && $0.facts.engine == nil })
    }

    @Test("dead worker and dead manager → named; what they hold stays on them, the others are bare")
    func deadHosts() throws {
        var story = Story()
        story.bringUp()
        story.kill("h2", "h5")
        try tearDown(&story, "teardown-dead-hosts")
        #expect(Set(story.world.machines.filter { $0.value.facts.made != nil }.keys) == ["h2", "h5"])
    }

    @Test("two clusters → each with its last manager last")
    func twoClusters() throws {
        var story = Story(hosts: 6)
        story.splitInTwoClusters(managers: 3)
        story.bringUp()
        try tearDown(&story, "teardown-two-clusters")
        #expect(story.world.machines.values.allSatisfy { $0.node == nil })
    }

    @Test("majority lost → what answers is torn down all the same")
    func lostQuorum() throws {
        var story = Story()
        story.bringUp()
        story.kill("h1", "h2")
        try tearDown(&story, "teardown-lost-quorum")
    }

    @Test("decision 8: an engine that was there before stays")
    func engineStays() {
        var story = Story()
        story.host("h4") { $0.engine = EngineFacts(version: "20.10.24", isRunning: true, engineID: "theirs") }
        story.bringUp()
        story.carryOut(story.teardown())
        #expect(story.world.machines["h4"]?.facts.engine != nil)
        #expect(story.world.machines["h3"]?.facts.engine == nil)
    }

    @Test("decision 8: hosts that this region did not make are not touched")
    func notOurs() {
        var story = Story()
        story.host("h1") { $0.made = MadeRecord(region: "us1", packages: ["docker.io"]) }
        #expect(story.teardown(deleteData: true).steps == [])
    }

    @Test("torn down, then up again → as from bare hosts")
    func upAgain() {
        var story = Story()
        let first = story.plan()
        story.bringUp()
        story.carryOut(story.teardown())
        #expect(
            story.plan().steps.filter { $0.action.word != "hand-off" }
                == first.steps.filter { $0.action.word != "hand-off" })
    }

    private func tearDown(_ story: inout Story, _ golden: String) throws {
        let plan = story.teardown()
        try Golden.expect(PlanText(plan, observation: story.world.observation()).text, golden)
        story.carryOut(plan)
        #expect(story.world.violations == [])
        #expect(story.teardown().steps == [], "tear down again: nothing to do")
    }
}
