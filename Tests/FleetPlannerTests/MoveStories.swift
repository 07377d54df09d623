// Stories of hosts that change their Swarm while engines are stopped, managers are silent, or people drain them: no host
// is ever in two Swarms, and no Swarm is left without its managers.
import FleetModel
import FleetPlanner
import Testing

@Suite("Moves") struct MoveStories {
    /// h1 to h3 are cluster `control`, h4 to h6 `work`; h1 and h4 are their managers.
    private static var two: Story {
        var story = Story(hosts: 6)
        story.splitInTwoClusters(managers: 1)
        story.policy.clusters[0].managers = 1
        story.policy.budgets.failedHosts = .hosts(3)
        return story.atRest()
    }

    @Test("a host moves and people want it idle → drained where it leaves and where it comes to, by two steps")
    func drainedOnTheMove() throws {
        var story = Self.two
        story.policy["h3"]?.cluster = "work"
        story.intents.draining = ["h3"]
        let plan = story.plan()
        #expect(
            plan.steps.filter { $0.action.word == "drain-node" }.map(\.id) == ["drain-node/h3", "drain-node/h3/work"])
        story.carryOut(plan)
        #expect(story.world.violations == [] && story.plan().steps == [])
        let swarm = try #require(story.world.machines["h4"]?.swarm)
        #expect(story.world.swarms[swarm]?.nodes.values.first { $0.hostname == "h3" }?.availability == "drain")
    }

    @Test("a host is to make a Swarm and cannot leave its own, for which nobody speaks → it waits, and is told of")
    func movesUnheard() {
        var story = Self.two
        story.kill("h1", "h4", "h5", "h6")
        story.policy.budgets.failedHosts = .hosts(4)
        story.policy["h3"]?.cluster = "work"
        let plan = story.plan()
        #expect(plan.refusals.map(\.problem.code) == ["no-quorum"])
        story.policy["h2"]?.cluster = "work"
        let moving = story.plan()
        #expect(moving.refusals.isEmpty && moving.steps == [])
        let waiting = moving.report.filter { $0.problem.code == "move-waits" }
        #expect(waiting.map(\.problem.subject) == ["host `h2`", "host `h3`"])
        story.revive("h1", "h4", "h5", "h6")
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().steps == [])
        #expect(story.world.machines["h3"]?.facts.made?.swarm == ["work"])
    }

    @Test("F31: the only manager leaves while its engine is stopped → it is started first, then another takes over")
    func asleepManagerLeaves() throws {
        var story = Self.two
        story.host("h4") { $0.engine?.isRunning = false }
        story.take("h4")
        let swarm = try #require(story.world.machines["h4"]?.swarm)
        let plan = story.plan()
        #expect(plan.steps.map(\.id) == ["install-engine/h4"])
        #expect(plan.report.contains { $0.problem.code == "cluster-asleep" })
        story.carryOut(plan)
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().steps == [])
        #expect(story.world.managers(of: swarm).map(\.hostname) == ["h5"])
    }

    @Test("the only manager leaves and its successor is a worker elsewhere → the successor comes first")
    func successorMoves() throws {
        var story = Self.two
        for name in ["h5", "h6"] as [HostID] { story.policy[name]?.role = .worker }
        story.policy["h3"]?.cluster = "work"
        story.policy["h3"]?.role = .manager
        story.take("h4")
        let swarm = try #require(story.world.machines["h4"]?.swarm)
        let plan = story.plan()
        #expect(plan.refusals.isEmpty)
        let demotion = try #require(plan.steps.first { $0.action.word == "demote-node" })
        #expect(demotion.host == "h3" && demotion.after.contains("join-swarm/h3"))
        story.carryOut(plan)
        #expect(story.world.violations == [] && story.plan().steps == [])
        #expect(story.world.managers(of: swarm).map(\.hostname) == ["h3"])
    }

    @Test("F22: a host moved, and its engine is stopped → its own record proves that the old node is its past")
    func movedAndStopped() {
        var story = Self.two
        story.policy["h3"]?.cluster = "work"
        let plan = story.plan()
        for step in plan.steps where step.action.word != "remove-node" { story.world.perform(step) }
        story.parent = plan.blueprint
        story.host("h3") { $0.engine?.isRunning = false }
        #expect(story.plan().steps.map(\.action.word).contains("remove-node"))
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().steps == [])
    }

    /// Clusters `control` (h1, h2), `a` (h3, h4) and `b` (h5, h6), each with one manager, its first host.
    private static var three: Story {
        var story = Story(hosts: 6, managers: 1, domains: ["a"])
        for (index, cluster) in (["a", "a", "b", "b"] as [ClusterID]).enumerated() {
            story.policy.hosts[index + 2].cluster = cluster
        }
        story.policy.clusters += ["a", "b"].map { ClusterPolicy(name: $0, isControl: false, managers: 1) }
        story.policy.budgets.failedHosts = .hosts(3)
        return story.atRest()
    }

    @Test("the only manager leaves and its successor manages another cluster that can spare it → it comes first")
    func managerTakesOver() throws {
        var story = Story(hosts: 8, domains: ["a"])
        story.splitInTwoClusters(managers: 1)
        story = story.atRest()
        story.policy["h2"]?.cluster = "work"
        story.policy["h2"]?.role = .manager
        for name in ["h6", "h7", "h8"] as [HostID] { story.policy[name]?.role = .worker }
        story.take("h5")
        let swarm = try #require(story.world.machines["h5"]?.swarm)
        let plan = story.plan()
        #expect(plan.refusals.map(\.problem.message) == [])
        let demotion = try #require(plan.steps.first { $0.action.word == "demote-node" && $0.subject == "h5" })
        #expect(demotion.host == "h2" && demotion.after.contains("join-swarm/h2"))
        story.carryOut(plan)
        #expect(story.world.violations == [] && story.plan().steps.map(\.id) == [])
        #expect(story.world.managers(of: swarm).map(\.hostname) == ["h2"])
    }

    @Test("a cluster is given up and its only manager takes over another one → it comes before that one's manager goes")
    func managerOfGivenUp() throws {
        var story = Self.three
        story.policy.clusters.removeAll { $0.name == "a" }
        story.policy["h3"]?.cluster = "b"
        story.policy["h3"]?.role = .manager
        story.policy["h6"]?.role = .worker
        story.take("h4", "h5")
        let swarm = try #require(story.world.machines["h5"]?.swarm)
        #expect(story.plan().refusals.map(\.problem.message) == [])
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().steps.map(\.id) == [])
        #expect(story.world.managers(of: swarm).map(\.hostname) == ["h3"])
    }

    @Test("two clusters are to change their only managers → refused, with who is to take over and where it is")
    func managersSwapped() {
        var story = Self.three
        story.policy["h3"]?.cluster = "b"
        story.policy["h5"]?.cluster = "a"
        for name in ["h3", "h5"] as [HostID] { story.policy[name]?.role = .manager }
        for name in ["h4", "h6"] as [HostID] { story.policy[name]?.role = .worker }
        let refusals = story.plan().refusals.map(\.problem)
        #expect(refusals.map(\.code) == ["majority-lost", "majority-lost"] && story.plan().steps == [])
        #expect(
            refusals.first?.message
                == "taking it from the managers of cluster `a` leaves none: `h5`, which is to take over, is in the "
                + "Swarm of cluster `b` until then")
        story.policy["h4"]?.role = .manager
        story.policy["h5"]?.role = .worker
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().steps.map(\.id) == [])
    }

    @Test("F31: the only manager joins anew → refused: nobody could let it in again")
    func onlyManagerRejoins() {
        var story = Self.three
        story.intents.rejoin = ["h3"]
        #expect(
            story.plan().refusals.map(\.problem.message) == [
                "taking it from the managers of cluster `a` leaves none: nobody could let it in again"
            ])
    }

    @Test("a successor has to wait in its own cluster → the manager that it should follow waits, too, and is told why")
    func successorWaits() {
        var story = Self.three
        story.kill("h4")
        story.policy["h3"]?.cluster = "b"
        story.policy["h3"]?.role = .manager
        story.policy["h6"]?.role = .worker
        story.take("h5")
        let plan = story.plan()
        #expect(plan.refusals == [] && plan.steps.map(\.id) == [])
        let waiting = plan.report.filter { $0.problem.code == "demotion-waits" }.map(\.problem.description)
        #expect(waiting.count == 2)
        #expect(waiting.contains { $0.contains("host `h5`") && $0.contains("waits for host `h3`") })
        #expect(waiting.contains { $0.contains("host `h3`") && $0.contains("waits for host `h4`") })
        story.revive("h4")
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().steps.map(\.id) == [])
    }

    @Test("F31: managers move while others of their Swarm sleep → started first, and nobody joins a second Swarm")
    func managersMoveFromSleepers() {
        var story = Story(hosts: 10, managers: 5)
        story.splitInTwoClusters(managers: 1)
        story = story.atRest()
        story.policy.clusters[0].managers = 3
        for name in ["h2", "h3"] as [HostID] { story.policy[name]?.cluster = "work" }
        for name in ["h4", "h5"] as [HostID] { story.host(name) { $0.engine?.isRunning = false } }
        let plan = story.plan()
        let words = Set(plan.steps.map(\.action.word))
        #expect(words.contains("install-engine"))
        #expect(words.isDisjoint(with: ["join-swarm", "leave-swarm", "demote-node"]))
        #expect(plan.report.contains { $0.problem.code == "manager-asleep" })
        story.carryOut(plan)
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().steps.map(\.id) == [])
    }

    /// h3 is to move to `work`; its steps with these words are done.
    private static func moving(done: Set<String>) -> Story {
        var story = two
        story.policy["h3"]?.cluster = "work"
        let plan = story.plan()
        for step in plan.steps where done.contains(step.action.word) { story.world.perform(step) }
        story.parent = plan.blueprint
        return story
    }

    @Test(
        "F22: a host that had moved dies and leaves the manifest → its nodes in both Swarms go by one plan",
        arguments: [["drain-node", "leave-swarm", "join-swarm", "label-node"], ["drain-node", "leave-swarm"]])
    func movedAndGone(done: [String]) {
        var story = Self.moving(done: Set(done))
        story.kill("h3")
        story.take("h3")
        let plan = story.plan()
        #expect(plan.steps.map(\.action.word) == (done.count == 4 ? ["remove-node", "remove-node"] : ["remove-node"]))
        #expect(plan.report.contains { $0.problem.code == "left-behind" })
        story.carryOut(plan)
        #expect(story.world.violations == [] && story.plan().steps == [] && story.plan().leaving == [])
    }

    @Test("a host that is to move is cut off and leaves the manifest → it waits in the Swarm that hears it")
    func cutOffOnTheMove() {
        var story = Self.moving(done: [])
        story.world.machines["h3"]?.isCutOff = true
        story.take("h3")
        #expect(story.plan().steps == [])
        #expect(story.plan().report.map(\.problem.code).contains("leaving-silent"))
        story.bringUp()
        #expect(story.plan().leaving.map(\.name) == ["h3"])
        story.kill("h3")
        #expect(story.plan().steps.map(\.action.word) == ["remove-node"])
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().steps == [] && story.plan().leaving == [])
    }

    @Test("a manager leaves and waits for its replacement while its past goes → it is not forgotten")
    func pastOfOneThatWaits() {
        var story = Story(hosts: 3).atRest()
        let labels = MusterLabel.node(host: "h3", desired: story.parent!.hosts["h3"]!, region: Story.region)
        story.world.swarms["swarm-h1-0"]?.nodes["node-99"] = NodeFacts(
            id: "node-99", hostname: "h3", address: "198.18.1.3", role: .worker, state: "down", labels: labels)
        story.take("h3")
        let plan = story.plan()
        #expect(plan.steps.contains { $0.id == "remove-node/node-99" })
        #expect(!plan.steps.contains { $0.id == "leave-swarm/h3" })
        story.carryOut(plan)
        #expect(story.parent?.leaving["h3"] != nil)
    }

    @Test(
        "a host comes back from a Swarm that was made anew, its engine stopped → started, and looked at before it joins"
    )
    func outsider() {
        var story = Story.splitOff()
        story.host("h1") { $0.engine?.isRunning = false }
        let plan = story.plan()
        #expect(
            plan.steps.contains { $0.id == "install-engine/h1" } && !plan.steps.contains { $0.id == "join-swarm/h1" })
        #expect(plan.report.contains { $0.problem.code == "join-waits" })
        story.carryOut(plan)
        #expect(story.plan().refusals.map(\.problem.code) == ["split-swarm"])
        story.leaveSplitSwarms()
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().steps == [])
    }

    @Test("a cluster leaves the manifest while an engine of it is stopped → started, then it leaves")
    func removedWhileStopped() {
        var story = Self.two
        story.host("h6") { $0.engine?.isRunning = false }
        story.policy.clusters.removeLast()
        story.take("h4", "h5", "h6")
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().steps == [] && story.plan().leaving == [])
    }
}
