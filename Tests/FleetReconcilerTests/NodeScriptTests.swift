// The scripts that change nodes of a running Swarm, by real shells against a fake `docker`: each twice, and each where
// it must refuse.
import FleetModel
import FleetReconciler
import Testing

@Suite("Node scripts at work") struct NodeScriptTests {
    private static let docker = ["docker", "node"]
    private static let drain = RemoteAct(
        "drain-node", ["eu1", "1"] + docker + ["update", "--availability", "drain", "n2"])
    private static let activate = RemoteAct(
        "activate-node", ["eu1"] + docker + ["update", "--availability", "active", "n2"])
    private static let demote = RemoteAct("demote-node", ["eu1"] + docker + ["demote", "n2"])
    private static let remove = RemoteAct("remove-node", ["eu1"] + docker + ["rm", "n2"])

    private func word(_ output: FramedOutput) -> String {
        output.lines.map { "\($0.word) \($0.rest)" }.joined(separator: ",")
    }

    @Test("drain-node and activate-node: a second time changes nothing", arguments: shells)
    func drainAndActivate(shell: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        #expect(word(try host.run(Self.activate, shell: shell)) == "unchanged ")
        #expect(word(try host.run(Self.drain, shell: shell)) == "changed ")
        #expect(word(try host.run(Self.drain, shell: shell)) == "unchanged ")
        #expect(host.state("availability") == "drain\n")
        #expect(word(try host.run(Self.activate, shell: shell)) == "changed ")
        #expect(host.state("availability") == "active\n")
    }

    @Test("a node that was written to in between is read again, and not for ever", arguments: shells)
    func outOfSequence(shell: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        host.set("written", "by Swarm\nby another run")
        #expect(word(try host.run(Self.drain, shell: shell)) == "changed ")
        #expect(host.state("availability") == "drain\n" && host.state("written") == "")
        host.set("written", String(repeating: "again\n", count: 20))
        let refused = try host.run(Self.activate, shell: shell).first("fail")
        #expect(refused?.hasPrefix("activate-node ") == true && refused?.hasSuffix("update out of sequence") == true)
        #expect(host.state("availability") == "drain\n")
    }

    @Test("F35: tasks that do not end in time are named", arguments: shells)
    func drainWaits(shell: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        host.set("tasks", "web.1 Running 3 minutes ago\nold.1 Shutdown 2 days ago\ndb.1 Preparing 1 second ago")
        #expect(
            try host.run(Self.drain, shell: shell).first("fail")
                == "drain-tasks web.1 Running 3 minutes ago db.1 Preparing 1 second ago")
    }

    @Test("demote-node: waits until Raft has let it go, a second time changes nothing", arguments: shells)
    func demote(shell: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        #expect(word(try host.run(Self.demote, shell: shell)) == "changed ")
        #expect(word(try host.run(Self.demote, shell: shell)) == "unchanged ")
        #expect(host.state("arguments")?.components(separatedBy: "node demote n2").count == 2)
    }

    @Test("F31: demote-node refuses what would leave no majority, with the arithmetic", arguments: shells)
    func demoteMajority(shell: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        host.set("managers", "n1 Leader\nn2 Reachable\nn3 Unreachable")
        #expect(
            try host.run(Self.demote, shell: shell).first("fail")
                == "demote-majority 1 of the 2 others answer, a majority needs 2")
        #expect(host.state("raft") == "reachable\n")
        host.set("managers", "n2 Leader")
        #expect(try host.run(Self.demote, shell: shell).first("fail")?.hasPrefix("demote-majority 0 of the 0") == true)
    }

    @Test("remove-node: once; a node that answers stays; one that is not in the list is gone already")
    func remove() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        #expect(word(try host.run(Self.remove)) == "changed ")
        #expect(host.state("removed") != nil)
        let unlisted = RemoteAct("remove-node", ["eu1", "docker", "node", "rm", "n9"])
        #expect(word(try host.run(unlisted)) == "unchanged ")
    }

    @Test("a node that nobody knows is no success", arguments: ["drain-node", "activate-node", "demote-node"])
    func unknownNode(word: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        let arguments = ["eu1"] + (word == "drain-node" ? ["1"] : []) + Self.docker + ["update", "gone"]
        #expect(
            try host.run(RemoteAct(word, arguments)).first("fail")?.hasPrefix("\(word) Error: No such node") == true)
    }

    // MARK: - Foreign Swarms

    @Test(
        "F21: evict-swarm leaves the Swarm that was named, by its id or by its node's, and no other",
        arguments: ["their-swarm", "their-node"])
    func evict(id: String) throws {
        let host = try FakeDocker(swarm: "active")
        defer { host.remove() }
        #expect(
            try host.run(RemoteAct("evict-swarm", ["eu1", "another"])).first("fail")
                == "other-swarm their-node their-swarm")
        #expect(try host.run(RemoteAct("evict-swarm", ["eu1", ""])).first("fail")?.hasPrefix("other-swarm") == true)
        #expect(host.state("swarm") == "active\n")
        #expect(word(try host.run(RemoteAct("evict-swarm", ["eu1", id]))) == "changed ")
        #expect(host.state("swarm") == "inactive\n")
        #expect(word(try host.run(RemoteAct("evict-swarm", ["eu1", id]))) == "unchanged ")
    }

    @Test("evict-swarm does not leave a Swarm that this region made")
    func evictOurs() throws {
        let host = try FakeDocker(swarm: "active")
        defer { host.remove() }
        _ = try host.run(RemoteAct("adopt-swarm", ["eu1", "control", "their-swarm"]))
        #expect(
            try host.run(RemoteAct("evict-swarm", ["eu1", "their-swarm"])).first("fail")?.hasPrefix("other") == true)
        #expect(host.state("swarm") == "active\n")
    }

    @Test("adopt-swarm writes down the Swarm that was named; a second time changes nothing", arguments: shells)
    func adopt(shell: String) throws {
        let host = try FakeDocker(swarm: "active")
        defer { host.remove() }
        let act = RemoteAct("adopt-swarm", ["eu1", "control", "their-swarm"])
        let other = RemoteAct("adopt-swarm", ["eu1", "control", "another"])
        #expect(try host.run(other, shell: shell).first("fail") == "other-swarm their-node their-swarm")
        #expect(host.read("etc/made.json") == nil)
        #expect(word(try host.run(act, shell: shell)) == "changed ")
        #expect(host.read("etc/made.json")?.contains(#""swarm":["control"]"#) == true)
        #expect(word(try host.run(act, shell: shell)) == "unchanged ")
        let second = RemoteAct("adopt-swarm", ["eu1", "work", "their-swarm"])
        #expect(try host.run(second, shell: shell).first("fail")?.hasPrefix("other-swarm this region") == true)
    }

    @Test("adopt-swarm: a host in no Swarm has nothing to take over")
    func adoptNothing() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        #expect(
            try host.run(RemoteAct("adopt-swarm", ["eu1", "control", "x"])).first("fail") == "not-in-swarm inactive")
    }

    @Test("leave-swarm as a worker: without force, and once")
    func leaveAsWorker() throws {
        let host = try FakeDocker(swarm: "active")
        defer { host.remove() }
        _ = try host.run(RemoteAct("adopt-swarm", ["eu1", "control", "their-swarm"]))
        let act = RemoteAct("leave-swarm", ["eu1", "control", "as-worker"])
        #expect(word(try host.run(act)) == "changed ")
        #expect(host.state("arguments")?.contains("swarm leave\n") == true)
        #expect(word(try host.run(act)) == "unchanged ")
    }
}
