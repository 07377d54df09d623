// The journal and the hosts: what a killed run leaves behind, and what a look at a host may and may not change.

import FleetModel
import GRDB
import Testing

@testable import InventoryStore

@Suite struct JournalTests {
    let scratch = Scratch()

    @Test("an entry and the host's life are written together; sequences grow")
    func entryWithLife() async throws {
        let inventory = try await inventory(in: scratch)
        let first = try await inventory.record(entry("install-engine/h1", .intended))
        let second = try await inventory.record(entry("install-engine/h1", .verified), life: .ready)
        #expect(second == first + 1)
        #expect(try await inventory.host("h1")?.life == .ready)
        #expect(try await inventory.host("h2")?.life == .admitted)
        var expected = entry("install-engine/h1", .verified)
        expected.sequence = second
        #expect(try await inventory.journal(after: first) == [expected])
    }

    @Test("killed after `started` → the step is unfinished; done by a later plan → it is not", arguments: [1, 2])
    func unfinished(plans: Int) async throws {
        let inventory = try await inventory(in: scratch)
        for (step, phase) in [("a/h1", JournalEntry.Phase.started), ("b/h1", .unknown), ("c/h1", .verified)] {
            try await inventory.record(entry(StepID(step), .intended))
            try await inventory.record(entry(StepID(step), phase))
        }
        try await inventory.record(entry("d/h1", .intended))
        if plans == 2 { try await inventory.record(entry("a/h1", .verified, plan: "p2")) }
        let unfinished = try await inventory.unfinishedSteps()
        #expect(unfinished.map(\.step) == (plans == 1 ? ["a/h1", "b/h1", "d/h1"] : ["b/h1", "d/h1"]))
        #expect(try await inventory.unfinishedSteps(of: "p1").count == unfinished.count)
        #expect(try await inventory.unfinishedSteps(of: "p2").isEmpty)
    }

    @Test("many entries are written with one sync, all or none; every query is bounded")
    func batches() async throws {
        let inventory = try await inventory(in: scratch)
        let last = try await inventory.record((0..<1_500).map { entry(StepID("s\($0)/h1"), .intended) })
        #expect(last == 1_500)
        #expect(try await inventory.journal(after: 0, limit: 9_999).count == 1_000)
        #expect(try await inventory.journal(after: 1_000).map(\.sequence) == Array(1_001...1_500))
        #expect(try await inventory.journal(after: 0, limit: -1).isEmpty)
        #expect(try await inventory.unfinishedSteps().count == 1_500)
    }

    @Test("fifty hosts at once write 1,000 entries → all are there, and it prints how long they took")
    func throughput() async throws {
        let inventory = try await inventory(in: scratch)
        let duration = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for host in 0..<50 {
                    group.addTask {
                        for step in 0..<20 { try await inventory.record(entry(StepID("s\(step)/h\(host)"), .done)) }
                    }
                }
                try await group.waitForAll()
            }
        }
        print("1,000 acknowledged journal entries: \(duration)")
        #expect(try await inventory.journal().count == 1_000)
    }

    @Test("fifty entries at once while the file is locked → each is told, none is written, and the next one works")
    func togetherInTrouble() async throws {
        try await inventory(in: scratch).close()
        let inventory = try Inventory(path: scratch.path(), limits: Limits(busyTimeout: .milliseconds(50)))
        let other = try locker(scratch.path())
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let problems = await withTaskGroup(of: FleetProblem?.self) { group in
            for host in 0..<50 {
                group.addTask {
                    await problem { try await inventory.record(entry(StepID("s/h\(host)"), .done), life: .ready) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(problems.compactMap { $0?.code } == Array(repeating: "inventory-locked", count: 50))
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        #expect(try await inventory.record(entry("a/h1", .done)) == 1)
        #expect(try await inventory.host("h1")?.life == .admitted)
    }

    @Test("the calling task is cancelled → the entry is written all the same")
    func cancelled() async throws {
        let inventory = try await inventory(in: scratch)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await inventory.record(entry("a/h1", .unknown))
        }
        #expect(try await task.value == 1)
        #expect(try await inventory.unfinishedSteps().count == 1)
    }

    @Test("the journal, the events and the blueprints refuse to be rewritten, whoever asks")
    func appendOnly() async throws {
        let inventory = try await inventory(in: scratch)
        try await inventory.record(entry("a/h1", .done))
        try await inventory.append(
            FleetEvent(at: time(1), kind: "plan", actor: "operator", subject: "region `lab`", message: "m"))
        for table in ["journal", "event", "blueprint"] {
            let statements = ["DELETE FROM \(table)", "UPDATE \(table) SET rowid = 99"]
            for statement in statements {
                let refused = await problem { try await inventory.write("test") { try $0.execute(sql: statement) } }
                #expect(
                    refused?.cause?.contains("append-only") == true || refused?.cause?.contains("immutable") == true)
            }
        }
    }
}

@Suite struct HostTests {
    let scratch = Scratch()

    private func observation(_ seconds: Int, _ seen: HostObservation, of host: HostID = "h1") -> FleetObservation {
        FleetObservation(takenAt: time(seconds), hosts: [host: seen])
    }

    private let silent = HostObservation.unreachable(
        FleetProblem(.unavailable, "ssh-timeout", subject: "host `h1`", "cannot connect: no answer"))

    @Test("a host answers, falls silent, answers again → `since` moves at each flip and at no other time")
    func since() async throws {
        let inventory = try await inventory(in: scratch)
        let looks: [(at: Int, seen: HostObservation, since: Int)] = [
            (100, .reachable(facts()), 100), (110, .reachable(facts(release: "6.2")), 100), (120, silent, 120),
            (130, silent, 120), (140, .reachable(facts()), 140),
        ]
        for look in looks {
            try await inventory.save(observation(look.at, look.seen))
            let host = try #require(try await inventory.host("h1"))
            #expect(host.since == time(look.since), "at \(look.at)")
            #expect((host.unreachable != nil) == (look.seen == silent), "at \(look.at)")
        }
    }

    @Test("a silent host keeps its last facts with their time; one that never answered has none")
    func factsStay() async throws {
        let inventory = try await inventory(in: scratch)
        try await inventory.save(observation(100, .reachable(facts())))
        try await inventory.save(observation(200, silent))
        try await inventory.save(observation(200, silent, of: "h2"))
        let hosts = try await inventory.hosts()
        #expect(hosts.map(\.name) == ["h1", "h2", "h3"])
        #expect(hosts[0].facts == facts() && hosts[0].observedAt == time(100) && hosts[0].unreachable != nil)
        #expect(hosts[1].facts == nil && hosts[1].observedAt == nil && hosts[1].since == time(200))
        #expect(hosts[2].since == time(12))
    }

    @Test("an older look and a host that was never admitted are passed over")
    func passedOver() async throws {
        let inventory = try await inventory(in: scratch)
        try await inventory.save(observation(200, silent))
        try await inventory.save(observation(100, .reachable(facts())))
        try await inventory.save(observation(300, .reachable(facts()), of: "h9"))
        let hosts = try await inventory.hosts()
        #expect(hosts.count == 3 && hosts[0].facts == nil && hosts[0].since == time(200))
    }

    @Test("a new blueprint → new hosts are admitted, changed ones follow, equal ones keep theirs, others are gone")
    func sync() async throws {
        let inventory = try await inventory(in: scratch)
        var next = blueprint(2, hosts: 4)
        var hosts = next.hosts
        hosts["h2"]?.address = "198.18.9.9"
        hosts["h3"] = nil
        next = Blueprint(
            region: "lab", generation: 2, parent: 1, clusters: next.clusters, hosts: hosts, controlPlane: nil)
        try await inventory.save(observation(100, .reachable(facts()), of: "h2"))
        try await inventory.syncHosts(with: next, at: time(200))
        let after = try await inventory.hosts()
        #expect(after.map(\.name) == ["h1", "h2", "h3", "h4"])
        #expect(after.map(\.generation) == [1, 2, 2, 1] && after[2].life == .removed)
        #expect(after[1].address == "198.18.9.9" && after[1].facts == facts())
        #expect(after[3].life == .admitted && after[3].since == time(200))
    }

    @Test("a removed host is in a blueprint again → admitted again")
    func admittedAgain() async throws {
        let inventory = try await inventory(in: scratch)
        var host = try #require(try await inventory.host("h1"))
        host.life = .removed
        try await inventory.updateHost(host)
        try await inventory.syncHosts(with: blueprint(1), at: time(300))
        let again = try #require(try await inventory.host("h1"))
        #expect(again.life == .admitted && again.generation == 3)
    }

    @Test("ten tasks change the same host from the same reading → one wins, nine are told, nothing is lost")
    func race() async throws {
        let inventory = try await inventory(in: scratch)
        let read = try #require(try await inventory.host("h1"))
        let problems = await withTaskGroup(of: FleetProblem?.self) { group in
            for index in 0..<10 {
                group.addTask {
                    var mine = read
                    mine.address = "198.18.2.\(index)"
                    return await problem { try await inventory.updateHost(mine) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(problems.compactMap { $0?.code } == Array(repeating: "host-conflict", count: 9))
        #expect(try await inventory.host("h1")?.generation == 2)
    }

    @Test("a look at a host between reading and writing it is no conflict")
    func looksDoNotConflict() async throws {
        let inventory = try await inventory(in: scratch)
        var read = try #require(try await inventory.host("h1"))
        try await inventory.save(observation(100, .reachable(facts())))
        read.life = .draining
        let written = try await inventory.updateHost(read)
        #expect(written.life == .draining && written.facts == facts() && written.generation == 2)
    }

    @Test("a pinned key stays: the same again is nothing, another one is refused unless a person says so")
    func hostKeys() async throws {
        let inventory = try Inventory(path: scratch.path())
        try await inventory.pin(hostKey: "SHA256:a", for: "h1", at: time(1))
        try await inventory.pin(hostKey: "SHA256:a", for: "h1", at: time(2))
        let refused = await problem { try await inventory.pin(hostKey: "SHA256:b", for: "h1", at: time(3)) }
        #expect(refused?.code == "host-key-pinned" && refused?.message.contains("1970-01-01T00:00:01Z") == true)
        try await inventory.pin(hostKey: "SHA256:b", for: "h1", at: time(4), isReplacing: true)
        #expect(try await inventory.hostKey(for: "h1") == "SHA256:b")
        #expect(try await inventory.hostKey(for: "h2") == nil)
        #expect(try await inventory.hostKeys() == ["h1": "SHA256:b"])
        try await inventory.adopt(policy: policy(), at: time(5))
        try await inventory.syncHosts(with: blueprint(1), at: time(6))
        #expect(try await inventory.hosts().map(\.hostKey) == ["SHA256:b", nil, nil])
    }
}
