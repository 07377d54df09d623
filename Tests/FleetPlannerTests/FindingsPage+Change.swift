// The findings about regions that change, for the page of all findings.
import FleetModel
import FleetPlanner

extension FindingsPage {
    static var changing: [Story] { departing + costly + strange + forgetting }

    private static var rest: Story { Story(hosts: 5, fixed: ["h1", "h2", "h3"]).atRest() }

    private static var departing: [Story] {
        var home = rest
        home.policy["h1"]?.cluster = "work"
        home.take("h1")
        var silent = rest
        silent.world.swarms["swarm-h1-0"]?.nodes["node-05"]?.labels[MusterLabel.host] = "h5"
        silent.cutOff("h5")
        silent.take("h5")
        var dead = rest
        dead.kill("h5")
        dead.take("h5")
        var unseen = rest
        unseen.give("h6")
        unseen.parent = unseen.plan().blueprint
        unseen.kill("h6")
        unseen.take("h6")
        var held = rest
        held.kill("h4")
        held.policy["h3"]?.role = .worker
        held.policy["h4"]?.role = .manager
        var majority = Story(hosts: 7, managers: 5, fixed: ["h1", "h2", "h3", "h4", "h5"]).atRest()
        majority.kill("h2", "h3")
        majority.policy.budgets.failedHosts = .hosts(3)
        majority.policy.clusters[0].managers = 3
        for name in ["h4", "h5"] as [HostID] { majority.policy[name]?.role = .worker }
        var two = Story(hosts: 6)
        two.splitInTwoClusters(managers: 1)
        two = two.atRest()
        let work = two.world.machines["h4"]?.swarm ?? ""
        two.world.swarms[work]?.services = [ServiceFacts(name: "web", image: "nginx", desiredTasks: 2)]
        two.policy.clusters.removeLast()
        two.take("h4", "h5", "h6")
        var stopped = majority
        stopped.revive("h2")
        stopped.host("h2") { $0.engine?.isRunning = false }
        return [home, silent, dead, unseen, held, majority, two, stopped, Self.split] + Self.moving
    }

    /// Hosts that are to move, and that cannot leave the Swarm that they are in: nobody speaks for it; it is to go;
    /// nobody knows which it is.
    private static var moving: [Story] {
        var unheard = Story(hosts: 6)
        unheard.splitInTwoClusters(managers: 1)
        unheard = unheard.atRest()
        var stopped = unheard
        let speaker = HostID(unheard.world.managers(of: unheard.world.machines["h4"]?.swarm ?? "")[0].hostname)
        for name in ["h4", "h5", "h6"] as [HostID] where name != speaker { unheard.policy[name]?.cluster = "control" }
        unheard.kill(speaker)
        stopped.policy.clusters.removeLast()
        for name in ["h4", "h5", "h6"] as [HostID] { stopped.policy[name]?.cluster = "control" }
        stopped.host(speaker) { $0.engine?.isRunning = false }
        var outside = Story.splitOff()
        outside.host("h1") { $0.engine?.isRunning = false }
        return [unheard, stopped, outside]
    }

    /// A host that made a second Swarm of its cluster, in which something runs, and that is to leave.
    private static var split: Story {
        var story = Story.splitOff()
        let own = story.world.machines["h1"]?.swarm ?? ""
        story.world.swarms[own]?.services = [ServiceFacts(name: "web", image: "nginx", desiredTasks: 1)]
        story.take("h1")
        return story
    }

    /// Wishes that hosts be forgotten: one that will never answer, one that answers, one that its Swarm hears, and one
    /// whose Swarm nobody speaks for.
    private static var forgetting: [Story] {
        var unseen = rest
        unseen.give("h6")
        unseen.parent = unseen.plan().blueprint
        unseen.take("h6")
        unseen.intents.forget = ["h6"]
        var answering = unseen
        answering.host("h6") { $0.made = MadeRecord(region: Story.region) }
        unseen.kill("h6")
        var asleep = unseen
        for host in asleep.policy.hosts { asleep.host(host.name) { $0.engine?.isRunning = false } }
        var heard = rest
        heard.cutOff("h5")
        heard.take("h5")
        heard.intents.forget = ["h5"]
        return [unseen, answering, asleep, heard]
    }

    private static var costly: [Story] {
        let specs = [
            ServiceSpec(), ServiceSpec(isGlobal: true), ServiceSpec(volumes: ["data"]),
            ServiceSpec(constraints: ["node.id==node-05"]), ServiceSpec(reservedMemoryMiB: 9000),
        ]
        return specs.map { spec in
            var story = rest
            story.world.swarms["swarm-h1-0"]?.services += [
                ServiceFacts(name: "web", image: "nginx", runningTasks: 1, desiredTasks: 1, spec: spec)
            ]
            story.world.machines["h5"]?.tasks = ["web"]
            story.intents.draining = ["h5"]
            return story
        }
    }

    private static var strange: [Story] {
        var named = Story()
        named.says("h4", ofSwarm: SwarmFacts(state: .active, nodeID: "theirs", swarmID: "their-swarm"))
        named.intents.evict = ["h4": "another"]
        var unreached = rest
        unreached.says(
            "h5", ofSwarm: SwarmFacts(state: .error, nodeID: "node-05", errorText: "certificate has expired"))
        var certificate = rest
        certificate.world.machines["h5"]?.certificate = CertificateFacts(
            starts: Timestamp(secondsSinceEpoch: 0), ends: Timestamp(secondsSinceEpoch: 7_776_000))
        certificate.host("h5") { $0.clock = 7_700_000 }
        var behind = Story()
        behind.host("h5") { $0.identity.addresses = ["10.0.0.5"] }
        var moved = rest
        moved.policy["h5"]?.address = "198.18.1.55"
        moved.host("h5") { $0.identity.addresses = ["198.18.1.55"] }
        var version = rest
        version.policy.engine.version = "24.*"
        let node = NodeFacts(id: "node-99", hostname: "old", address: "198.18.1.5", role: .worker)
        var labelled = node
        labelled.labels = [MusterLabel.region: "eu1", MusterLabel.host: "h5"]
        var forgotten = node
        forgotten.labels = [MusterLabel.region: "eu1", MusterLabel.host: "h9"]
        var unknown = node
        unknown.address = "198.18.7.7"
        var ghosts = Array(repeating: rest, count: 4)
        for (index, node) in [node, labelled, forgotten, unknown].enumerated() {
            ghosts[index].world.swarms["swarm-h1-0"]?.nodes["node-99"] = node
        }
        for index in [1, 2] { ghosts[index].world.addStranger("node-99") }
        return [named, unreached, certificate, behind, moved, version] + ghosts
    }
}
