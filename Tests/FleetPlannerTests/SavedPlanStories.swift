// Stories about plans that are saved and applied later (I3, F41), and about those that people must agree to (F44).
import FleetModel
import FleetPlanner
import Testing

@Suite("Saved plans") struct SavedPlanStories {
    @Test("readings that drift do not make a plan stale: memory, disk, clock, load, tasks, locks, boot")
    func drifting() {
        var story = Story(fixed: ["h1", "h2", "h3"]).atRest()
        story.give("h6")
        let plan = story.plan()
        for name in story.world.machines.keys {
            story.world.machines[name]?.tasks = ["web"]
            story.host(name) {
                $0.capacity.memoryAvailableMiB -= 1000
                $0.capacity.diskFreeMiB -= 5000
                $0.capacity.inodesFreePercent -= 3
                ($0.clock, $0.clockSkew) = ($0.clock + 3600, 2)
                $0.identity.bootID = "another"
                $0.packages.lockHolder = "4711 unattended-upgr"
                $0.routes.append("192.0.2.0/24")
            }
        }
        #expect(plan.differences(from: story.world.observation()) == [])
    }

    @Test(
        "what a step rests on makes it stale, with the difference",
        arguments: [
            "engine: was `absent`, is `20.10.24 running overlay2`", "machine-id: was `machine-h6`, is `other`",
            "system: was `debian 12`, is `debian 13`", "writable: was `yes`, is `no`", "made-by: was `none`, is `us1`",
            "swarm: was `inactive`, is `active`", "reachable: was `yes`, is `no`",
        ])
    func stale(difference: String) {
        var story = Story(fixed: ["h1", "h2", "h3"]).atRest()
        story.give("h6")
        let plan = story.plan()
        switch difference.prefix(while: { $0 != ":" }) {
        case "engine": story.host("h6") { $0.engine = EngineFacts(version: "20.10.24", isRunning: true) }
        case "machine-id": story.host("h6") { $0.identity.machineID = "other" }
        case "system": story.host("h6") { $0.operatingSystem.versionID = "13" }
        case "writable": story.host("h6") { $0.capacity.isRootWritable = false }
        case "made-by": story.host("h6") { $0.made = MadeRecord(region: "us1") }
        case "swarm": story.world.machines["h6"]?.saysOfSwarm = SwarmFacts(state: .active)
        default: story.kill("h6")
        }
        let found = plan.differences(from: story.world.observation())
        #expect(found.map(\.message) == ["is not as the plan found it: \(difference)"])
        #expect(found.first?.subject == "host `h6`" && found.first?.kind == .refused)
    }

    @Test("a manager that acts for others counts by its membership, not by its engine's settings or system")
    func actor() {
        var story = Story(fixed: ["h1", "h2", "h3"]).atRest()
        story.give("h6")
        let plan = story.plan()
        story.host("h1") {
            $0.engine?.version = "20.10.25"
            $0.operatingSystem.versionID = "13"
        }
        #expect(plan.differences(from: story.world.observation()) == [])
        story.world.swarms["swarm-h1-0"]?.nodes["node-01"]?.role = .worker
        #expect(
            plan.differences(from: story.world.observation()).first?.message.contains("role: was `manager`") == true)
    }

    // MARK: - Approval

    @Test("F44: one host of eleven needs no approval, two do; the number is that of the hosts that go")
    func many() {
        let rest = Story(hosts: 11, fixed: ["h1", "h2", "h3"]).atRest()
        var one = rest
        one.take("h11")
        #expect(one.plan().approval == nil)
        var two = rest
        two.take("h10", "h11")
        #expect(two.plan().approval == PlanApproval(removedHosts: 2, hosts: 11, managers: []))
    }

    @Test("F44: any manager that loses its role does, whether it goes or stays")
    func managers() {
        var removed = Story(hosts: 4).atRest()
        removed.take("h2")
        #expect(removed.plan().approval == PlanApproval(removedHosts: 1, hosts: 4, managers: ["h2"]))
        var demoted = Story().atRest()
        demoted.policy.clusters[0].managers = 1
        #expect(demoted.plan().approval == PlanApproval(removedHosts: 0, hosts: 5, managers: ["h2", "h3"]))
        #expect(Story().plan().approval == nil && Story().atRest().plan().approval == nil)
    }
}
