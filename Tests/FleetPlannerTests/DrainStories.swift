// Stories about work that is moved away (F35): what cannot move is refused by name, what is down for a moment is told.
import FleetModel
import FleetPlanner
import Testing

@Suite("Drains") struct DrainStories {
    private static let swarm = "swarm-h1-0"

    /// Five hosts at rest, where `services` run one task each on h5.
    private func story(_ services: ServiceFacts...) -> Story {
        var story = Story(fixed: ["h1", "h2", "h3"]).atRest()
        story.world.swarms[Self.swarm]?.services += services
        story.world.machines["h5"]?.tasks = services.map(\.name)
        return story
    }

    private func service(_ name: String, tasks: Int = 1, _ spec: ServiceSpec) -> ServiceFacts {
        ServiceFacts(name: name, image: "image", runningTasks: tasks, desiredTasks: tasks, spec: spec)
    }

    @Test("people drain a host → one step; its downtime and its global services are told first")
    func drain() throws {
        var story = story(service("web", ServiceSpec()), service("agent", tasks: 5, ServiceSpec(isGlobal: true)))
        story.intents.draining = ["h5"]
        try story.tell("drain")
        #expect(story.world.swarms[Self.swarm]?.nodes["node-05"]?.availability == "drain")
    }

    @Test("activate: the host works again; a drain that nobody asked Muster for is drift, and stays")
    func activate() {
        var story = story()
        story.intents.draining = ["h5"]
        story.bringUp()
        story.intents = FleetIntents()
        #expect(story.plan().steps == [])
        #expect(story.plan().report.map(\.problem.code) == ["node-not-ready"])
        story.intents.activating = ["h5"]
        #expect(story.plan().steps.map(\.id) == ["activate-node/h5"])
        story.bringUp()
        #expect(story.plan().steps == [] && story.plan().report == [])
    }

    @Test(
        "what cannot run elsewhere is refused by name, for a drain as for a removal",
        arguments: [
            ("drain-volume", ServiceSpec(volumes: ["data"])),
            ("drain-pinned", ServiceSpec(constraints: ["node.id==node-05"])),
            ("drain-pinned", ServiceSpec(constraints: ["node.hostname == h5"])),
            ("drain-pinned", ServiceSpec(constraints: ["node.labels.io.muster.host==h5"])),
            ("drain-no-room", ServiceSpec(reservedMemoryMiB: 9000)),
            ("drain-no-room", ServiceSpec(reservedMillicores: 4001)),
        ])
    func refused(code: String, spec: ServiceSpec) {
        var drained = story(service("db", spec))
        drained.intents.draining = ["h5"]
        var taken = story(service("db", spec))
        taken.take("h5")
        for story in [drained, taken] {
            #expect(story.plan().refusals.map(\.problem.code) == [code])
            #expect(story.plan().refusals.first?.problem.message.contains("`db`") == true)
            #expect(story.plan().steps == [])
        }
    }

    @Test(
        "what can run elsewhere is not refused",
        arguments: [
            ServiceSpec(constraints: ["node.role==worker"]), ServiceSpec(constraints: ["node.id!=node-05"]),
            ServiceSpec(constraints: ["node.labels.io.muster.domain==a"]), ServiceSpec(reservedMemoryMiB: 8000),
            ServiceSpec(constraints: ["engine.labels.x==y"]), ServiceSpec(isGlobal: true, volumes: ["cache"]),
        ])
    func mayMove(spec: ServiceSpec) {
        var story = story(service("web", tasks: 2, spec))
        story.intents.draining = ["h5"]
        #expect(story.plan().refusals == [])
        #expect(story.plan().steps.map(\.id) == ["drain-node/h5"])
    }

    @Test("two hosts leave at once: their reservations together must find room")
    func together() {
        var story = story(service("a", tasks: 2, ServiceSpec(reservedMemoryMiB: 5000)))
        for host in ["h4", "h5"] as [HostID] { story.world.machines[host]?.tasks = ["a"] }
        for host in ["h1", "h2"] as [HostID] { story.host(host) { $0.capacity.memoryMiB = 4000 } }
        story.intents.draining = ["h5"]
        #expect(story.plan().refusals == [])
        story.intents.draining = ["h4", "h5"]
        #expect(story.plan().refusals.map(\.problem.code) == ["drain-no-room"])
    }

    @Test("a newcomer of the same plan is room, too")
    func newcomer() {
        var story = story(service("a", ServiceSpec(reservedMemoryMiB: 5000)))
        for host in ["h1", "h2", "h3", "h4"] as [HostID] { story.host(host) { $0.capacity.memoryMiB = 4000 } }
        story.take("h5")
        #expect(story.plan().refusals.map(\.problem.code) == ["drain-no-room"])
        story.give("h6")
        #expect(story.plan().refusals == [])
    }
}
