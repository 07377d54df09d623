// Stories of a running region that changes: hosts come, go, move, change their role; what it costs is told.
import FleetModel
import FleetPlanner
import GoldenFiles
import Testing

@Suite("Growth") struct GrowthStories {
    @Test("a worker leaves the manifest → drained, left as a worker, off the list, freed; then it is forgotten")
    func workerLeaves() throws {
        var story = Story(fixed: ["h1", "h2", "h3"]).atRest()
        story.take("h5")
        try story.tell("worker-leaves")
        #expect(story.world.machines["h5"]?.facts.made == nil && story.world.machines["h5"]?.facts.engine == nil)
        #expect(story.world.swarms["swarm-h1-0"]?.nodes.count == 4)
        #expect(story.parent?.leaving == [:] && story.plan().leaving == [])
    }

    @Test("a manager leaves, another host takes its place → promoted first, then drain, demote, leave, remove, restore")
    func managerLeaves() throws {
        var story = Story(hosts: 4).atRest()
        story.take("h2")
        try story.tell("manager-leaves")
        #expect(story.world.managers(of: "swarm-h1-0").map(\.hostname) == ["h1", "h3", "h4"])
    }

    @Test("one host is replaced by another → the newcomer is there before the old one is drained")
    func replaced() throws {
        var story = Story(fixed: ["h1", "h2", "h3"]).atRest()
        story.take("h5")
        story.give("h6")
        try story.tell("worker-replaced")
        let drain = try #require(Story.step("drain-node/h5", in: story.lastPlan))
        #expect(drain.after.contains("label-node/h6"))
    }

    @Test("all three managers are replaced at once → one in, one out, in turn; the last speaker goes when others speak")
    func allManagersReplaced() throws {
        var story = Story(hosts: 6, fixed: ["h1", "h2", "h3"]).atRest(handedOff: false)
        for index in story.policy.hosts.indices { story.policy.hosts[index].role = index < 3 ? .worker : .manager }
        try story.tell("managers-replaced")
        #expect(story.world.managers(of: "swarm-h1-0").map(\.hostname) == ["h4", "h5", "h6"])
    }

    @Test("F31: a dead manager is taken out → it goes first, then another is promoted; what it holds is named")
    func deadManagerLeaves() throws {
        var story = Story(hosts: 4).atRest()
        story.kill("h2")
        story.take("h2")
        try story.tell("dead-manager-leaves")
        #expect(story.world.managers(of: "swarm-h1-0").count == 3)
    }

    @Test(
        "a host that was not in its Swarm yet is taken out while it is silent → remembered, and freed when it answers")
    func silentNewcomerLeaves() {
        var story = Self.unseen
        #expect(story.plan().report.map(\.problem.code).contains("leaving-unseen"))
        #expect(story.parent?.leaving["h6"] != nil)
        story.revive("h6")
        story.bringUp()
        #expect(story.world.machines["h6"]?.facts.made == nil)
        story.bringUp()
        #expect(story.parent?.leaving == [:] && story.plan().steps == [])
    }

    /// A region at rest that h6 was to join: it has an engine, died before it joined, and was taken out.
    private static var unseen: Story {
        var story = Story(fixed: ["h1", "h2", "h3"]).atRest()
        story.give("h6")
        let plan = story.plan()
        story.parent = plan.blueprint
        for step in plan.steps.prefix(while: { $0.action.word != "join-swarm" }) { story.world.perform(step) }
        story.kill("h6")
        story.take("h6")
        story.bringUp()
        return story
    }

    @Test("people let a host be forgotten that will never answer again → it is in no target, and nothing is done to it")
    func forgotten() {
        var story = Self.unseen
        #expect(story.plan().leaving.map(\.name) == ["h6"])
        story.intents.forget = ["h6"]
        let plan = story.plan()
        #expect(plan.steps == [] && plan.blueprint.leaving == [:])
        #expect(plan.report.map(\.problem.code).contains("forgotten"))
        #expect(plan.forgetting(at: Timestamp(secondsSinceEpoch: 0), by: "ana").map(\.subject) == ["host `h6`"])
        story.carryOut(plan)
        story.intents = FleetIntents()
        story.revive("h6")
        #expect(story.plan().leaving == [] && story.plan().steps == [] && story.plan().report == [])
        #expect(story.world.machines["h6"]?.facts.made != nil)
        // Back in the manifest it is ours, and can leave as any other host.
        story.policy.hosts.append(
            HostPolicy(name: "h6", address: "198.18.9.6", domain: "c", cluster: "control", role: .worker))
        story.bringUp()
        story.take("h6")
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().leaving == [])
        #expect(story.world.machines["h6"]?.facts.made == nil)
    }

    @Test("a host that answers is freed and not forgotten; one that its Swarm hears is refused; a silent Swarm: waits")
    func notForgotten() {
        var answering = Self.unseen
        answering.revive("h6")
        answering.intents.forget = ["h6"]
        #expect(answering.plan().steps.map(\.id) == ["restore-host/h6"])
        #expect(answering.plan().report.map(\.problem.code) == ["forget-answers"])
        var heard = Story(fixed: ["h1", "h2", "h3"]).atRest()
        heard.cutOff("h5")
        heard.take("h5")
        heard.bringUp()
        heard.intents.forget = ["h5"]
        #expect(heard.plan().refusals.map(\.problem.code) == ["forget-heard"])
        heard.kill("h5")
        #expect(heard.plan().refusals == [] && heard.plan().steps.map(\.action.word) == ["remove-node"])
        var asleep = Self.unseen
        for host in asleep.policy.hosts { asleep.host(host.name) { $0.engine?.isRunning = false } }
        asleep.intents.forget = ["h6"]
        #expect(asleep.plan().report.map(\.problem.code).contains("forget-waits"))
        #expect(asleep.plan().blueprint.leaving["h6"] != nil)
    }

    @Test(
        "F37: another operator brought the control plane up on another host → that host is its home, and stays a manager"
    )
    func servingHome() {
        var story = Story(hosts: 4).atRest()
        let id = story.world.machines["h2"]?.node ?? ""
        let swarm = story.world.machines["h2"]?.swarm ?? ""
        story.world.swarms[swarm]?.services[0].spec = ServiceSpec(constraints: ["node.id==\(id)"])
        #expect(story.plan().blueprint.controlPlane?.home == "h2")
        story.take("h2")
        #expect(story.plan().refusals.map(\.problem.code).contains("control-plane-home"))
    }

    @Test("a manager alone in a second Swarm of its cluster leaves the manifest → it leaves by force, and is freed")
    func splitManagerLeaves() throws {
        var story = Story.splitOff()
        story.take("h1")
        try story.tell("split-manager-leaves")
        #expect(story.world.machines["h1"]?.facts.made == nil && story.plan().leaving == [])
    }

    @Test("F31: fewer managers are wanted while the engine of one is stopped → it is started first, then the rest")
    func asleepManager() {
        var story = Story(hosts: 5, managers: 5).atRest()
        story.kill("h2")
        story.host("h1") { $0.engine?.isRunning = false }
        story.policy.budgets.failedHosts = .hosts(2)
        story.policy.clusters[0].managers = 1
        let plan = story.plan()
        #expect(plan.refusals.isEmpty && plan.report.contains { $0.problem.code == "manager-asleep" })
        #expect(plan.steps.contains { $0.id == "install-engine/h1" })
        #expect(!plan.steps.contains { $0.action.word == "demote-node" })
        story.carryOut(plan)
        story.bringUp()
        #expect(story.world.violations == [])
        #expect(story.world.managers(of: "swarm-h1-0").map(\.hostname) == ["h1"])
        #expect(story.plan().steps.map(\.id) == [])
    }

    @Test("F31: a manager is reinstalled at its address → the dead entry is demoted and removed before it joins again")
    func managerReinstalled() throws {
        var story = Story(hosts: 5).atRest()
        story.reinstall("h2")
        try story.tell("manager-reinstalled")
        let join = try #require(Story.step("join-swarm/h2", in: story.lastPlan))
        #expect(join.after.contains("remove-node/node-02"))
        #expect(story.world.managers(of: "swarm-h1-0").count == 3)
    }

    @Test("F31: a demotion that would lose the majority → refused, with the arithmetic and who is silent")
    func majorityLost() throws {
        var story = Story(hosts: 7, managers: 5, fixed: ["h1", "h2", "h3", "h4", "h5"]).atRest()
        story.kill("h2", "h3")
        story.policy.budgets.failedHosts = .hosts(3)
        story.policy.clusters[0].managers = 3
        for name in ["h4", "h5"] as [HostID] { story.policy[name]?.role = .worker }
        try story.tell("demotion-loses-majority")
    }

    @Test("the number of managers is lowered → the surplus is demoted one by one, the control plane's home stays")
    func fewerManagers() throws {
        var story = Story().atRest()
        story.policy.clusters[0].managers = 1
        try story.tell("fewer-managers")
        #expect(story.world.managers(of: "swarm-h1-0").map(\.hostname) == ["h1"])
    }

    @Test("the number of managers is raised → workers are promoted one by one")
    func moreManagers() throws {
        var story = Story(hosts: 6).atRest()
        story.policy.clusters[0].managers = 5
        try story.tell("more-managers")
        #expect(story.world.managers(of: "swarm-h1-0").count == 5)
    }

    @Test("a manager is to go and nobody can take its place → it stays whole, and waits for the host by name")
    func noReplacement() {
        var story = Story(hosts: 4, fixed: ["h1", "h2", "h3"]).atRest()
        story.kill("h4")
        story.policy["h3"]?.role = .worker
        story.policy["h4"]?.role = .manager
        let plan = story.plan()
        let words = Set(plan.steps.map(\.action.word))
        #expect(words.isDisjoint(with: ["drain-node", "demote-node", "promote-node", "leave-swarm"]))
        #expect(plan.report.contains { $0.problem.code == "demotion-waits" && $0.problem.message.contains("`h4`") })
    }

    @Test("a host moves to another cluster → leaves the one and joins the other, in one plan")
    func moved() throws {
        var story = Story(hosts: 8)
        story.splitInTwoClusters(managers: 1)
        story = story.atRest()
        story.policy["h3"]?.cluster = "work"
        try story.tell("host-moves")
        #expect(story.world.machines["h3"]?.facts.made?.swarm == ["work"])
    }

    @Test("two hosts change places between two clusters → no step waits in a circle")
    func swapped() {
        var story = Story(hosts: 6)
        story.splitInTwoClusters(managers: 1)
        story = story.atRest()
        story.policy["h3"]?.cluster = "work"
        story.policy["h6"]?.cluster = "control"
        story.bringUp()
        #expect(story.world.violations == [] && story.plan().steps == [])
        #expect(story.world.machines["h6"]?.facts.made?.swarm == ["control"])
    }

    @Test("a cluster leaves the manifest with its hosts → its Swarm goes as a whole; while it runs something: refused")
    func clusterRemoved() throws {
        var story = Story(hosts: 6)
        story.splitInTwoClusters(managers: 3)
        story = story.atRest()
        story.policy.clusters.removeLast()
        story.take("h4", "h5", "h6")
        var busy = story
        let work = try #require(busy.world.machines["h4"]?.swarm)
        busy.world.swarms[work]?.services = [ServiceFacts(name: "web", image: "nginx", desiredTasks: 2)]
        #expect(busy.plan().refusals.map(\.problem.code) == ["cluster-in-use"])
        try story.tell("cluster-removed")
    }

    @Test("labels leave the manifest → only those that Muster set are removed")
    func labelsRemoved() throws {
        var story = Story(hosts: 1, managers: 1)
        story.policy.hosts[0].labels = ["disk": "ssd", "tier": "gold"]
        story = story.atRest()
        story.world.swarms["swarm-h1-0"]?.nodes["node-01"]?.labels["other"] = "stays"
        story.policy.hosts[0].labels = ["tier": "gold"]
        try story.tell("label-removed")
        let labels = story.world.swarms["swarm-h1-0"]?.nodes["node-01"]?.labels
        #expect(labels?["disk"] == nil && labels?["other"] == "stays" && labels?["tier"] == "gold")
    }

    @Test(
        "the control plane's home is taken out, moved or demoted → refused by name, nothing is planned",
        arguments: ["taken", "moved", "demoted", "rejoined"])
    func home(change: String) {
        var story = Story(hosts: 6)
        story.splitInTwoClusters(managers: 1)
        story = story.atRest()
        switch change {
        case "taken": story.take("h1")
        case "moved": story.policy["h1"]?.cluster = "work"
        case "demoted": story.policy["h1"]?.role = .worker
        default: story.intents.rejoin = ["h1"]
        }
        let plan = story.plan()
        #expect(plan.refusals.first { $0.problem.code == "control-plane-home" }?.problem.subject == "host `h1`")
        #expect(plan.steps == [])
    }

    @Test("rejoin: a worker leaves and joins with a new node; the old one is off the list")
    func rejoin() throws {
        var story = Story(fixed: ["h1", "h2", "h3"]).atRest()
        story.intents.rejoin = ["h5"]
        let plan = story.plan()
        try Golden.expect(PlanText(plan, observation: story.world.observation()).text, "rejoin")
        story.carryOut(plan)
        story.intents = FleetIntents()
        #expect(story.world.violations == [] && story.plan().steps == [])
        #expect(story.world.machines["h5"]?.node != "node-05")
    }

    @Test("a host that was on its way out is in the manifest again → it works again")
    func cameBack() {
        var story = Story(fixed: ["h1", "h2", "h3"]).atRest()
        let before = story.policy
        story.take("h5")
        let plan = story.plan()
        for step in plan.steps.prefix(while: { $0.action.word == "drain-node" }) { story.world.perform(step) }
        story.parent = plan.blueprint
        story.policy = before
        #expect(story.plan().steps.map(\.id) == ["activate-node/h5"])
    }

    @Test("steps of two clusters do not wait for one another, from the first to the last")
    func sideBySide() {
        var story = Story(hosts: 8)
        story.splitInTwoClusters(managers: 3)
        let plan = story.plan()
        let work = Set(story.policy.hosts(of: "work").map(\.name))
        let own = Set(plan.steps.filter { work.contains($0.subject) }.map(\.id))
        #expect(own.count > 10)
        for step in plan.steps where work.contains(step.subject) {
            #expect(own.isSuperset(of: step.after + step.follows), "\(step.id) waits for the other cluster")
        }
    }

    @Test("1 host more in a region of 1000 → steps on that host, and on managers about it")
    func oneMore() {
        var story = Story(hosts: 1000).atRest()
        story.give("h1001")
        let plan = story.plan()
        let managers = Set(story.parent?.clusters["control"]?.managers ?? [])
        #expect(Set(plan.steps.map(\.subject)) == ["h1001"])
        #expect(plan.steps.allSatisfy { $0.host == "h1001" || managers.contains($0.host) })
        #expect(Set(plan.preconditions.keys).isSubset(of: managers.union(["h1001"])))
    }
}
