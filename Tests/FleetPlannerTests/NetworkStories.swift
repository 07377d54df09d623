// Overlay networks that run out of addresses (F34): told with the sum, before and after tasks hang.
import FleetModel
import FleetPlanner
import Testing

@Suite("Networks") struct NetworkStories {
    /// Five nodes at rest, with one service of `tasks` tasks in a network of that name.
    private func report(_ subnet: String, tasks: Int, in name: String = "shop") -> [ReportEntry] {
        var story = Story(fixed: ["h1", "h2", "h3"]).atRest()
        let network = NetworkFacts(id: "n1", name: name, subnet: subnet)
        let spec = ServiceSpec(networks: ["n1"], virtualNetworks: ["n1"])
        story.world.swarms["swarm-h1-0"]?.networks = [network]
        story.world.swarms["swarm-h1-0"]?.services.append(
            ServiceFacts(name: "web", image: "image", runningTasks: 1, desiredTasks: tasks, spec: spec))
        return story.plan().report
    }

    @Test(
        "F34: a subnet that is too small is named with the sum, one that is nearly full too, any other is not",
        arguments: [
            ("10.0.5.0/29", 8, ["network-full"]), ("10.0.5.0/29", 1, []), ("10.0.5.0/28", 7, ["network-tight"]),
            ("10.0.5.0/28", 8, ["network-full"]), ("10.0.5.0/24", 200, []), ("10.0.5.0/24", 250, ["network-full"]),
        ])
    func room(subnet: String, tasks: Int, codes: [String]) {
        #expect(report(subnet, tasks: tasks).map(\.problem.code) == codes)
    }

    @Test("F34: the sum is told; every node has an address in `ingress`, whether it has tasks or not")
    func sum() throws {
        let text = try #require(report("10.0.5.0/29", tasks: 8).first).problem.description
        #expect(text.contains("has 5 addresses (`10.0.5.0/29`): 8 tasks, 1 virtual addresses and 5 nodes want 14"))
        #expect(report("10.0.5.0/29", tasks: 1).isEmpty)
        #expect(report("10.0.5.0/29", tasks: 1, in: "ingress").map(\.problem.code) == ["network-full"])
    }
}
