// The lease on one host, by the scripts themselves: boot id and uptime are files of the test, so that a minute passes
// and a host restarts when the test says so.
import FleetModel
import FleetReconciler
import Foundation
import HostScripts
import Testing

@Suite("Lease scripts") struct LeaseScriptTests {
    private static let ana = LeaseTerms(owner: "ana@desk/1", plan: "eu1-1", epoch: 1)
    private static let bob = LeaseTerms(owner: "bob@laptop/2", plan: "eu1-2", epoch: 1)

    private func lease(_ action: String, _ terms: LeaseTerms, released: Int = 0) -> RemoteAct {
        var act = RemoteAct("lease", [action, "eu1", String(released)])
        act.lease = terms
        return act
    }

    /// An act that claims the host and changes something on it.
    private func change(_ terms: LeaseTerms) -> RemoteAct {
        var act = RemoteAct("label-node", ["eu1", "docker", "node", "update", "n1"])
        act.lease = terms
        return act
    }

    private func run(_ act: RemoteAct, _ host: FakeDocker, shell: String = "/bin/sh") throws -> [String] {
        try host.run(act, shell: shell).lines.map { "\($0.word) \($0.rest)" }
    }

    @Test("acquire, renew, release: its line, its epoch, its end", arguments: shells)
    func whole(shell: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        #expect(try run(lease("acquire", Self.ana), host, shell: shell) == ["epoch 1", "changed "])
        let line = try #require(host.read("etc/lease")).split(separator: " ").map(String.init)
        #expect(line[0] == "ana@desk/1" && line[1] == "1" && line[2] == "eu1-1" && line[4] == "boot-1")
        #expect(line[5] == "160\n", "uptime 100 and 60 s")
        host.uptime(150)
        #expect(try run(lease("renew", Self.ana), host, shell: shell) == ["changed "])
        #expect(host.read("etc/lease")?.hasSuffix(" 210\n") == true)
        #expect(try run(lease("release", Self.ana), host, shell: shell) == ["changed "])
        #expect(try run(lease("release", Self.bob), host, shell: shell) == ["unchanged "])
        #expect(try FileManager.default.contentsOfDirectory(atPath: host.scratch.url("etc").path) == ["lease"])
    }

    @Test(
        "F37: a live lease of somebody else is refused with owner, time, plan and epoch, and stays as it is",
        arguments: shells)
    func leased(shell: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        _ = try run(lease("acquire", Self.ana), host)
        let before = host.read("etc/lease")
        let answer = try #require(try run(lease("acquire", Self.bob), host, shell: shell).first)
        #expect(answer.hasPrefix("fail leased ana@desk/1 1") && answer.hasSuffix(" eu1-1 1"))
        #expect(host.read("etc/lease") == before)
    }

    @Test("F46: it ends by the host's uptime, not by its wall clock; then the next owner's epoch is higher")
    func expiry() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        _ = try run(lease("acquire", Self.ana), host)
        host.wallClock(4_000_000_000)
        host.uptime(159)
        #expect(try run(lease("acquire", Self.bob), host).first?.hasPrefix("fail leased") == true)
        host.wallClock(1)
        host.uptime(160)
        #expect(try run(lease("acquire", Self.bob), host) == ["epoch 2", "changed "])
        #expect(try run(lease("renew", Self.ana), host).first?.hasPrefix("fail lease-lost bob@laptop/2") == true)
    }

    @Test("after a restart of the host no lease of before holds, however young its uptime is")
    func restart() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        _ = try run(lease("acquire", Self.ana), host)
        host.boot("boot-2", uptime: 3)
        #expect(try run(lease("acquire", Self.bob), host) == ["epoch 2", "changed "])
    }

    @Test("the same owner again: a run that was killed is taken over at once, under a higher epoch")
    func own() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        _ = try run(lease("acquire", Self.ana), host)
        #expect(try run(lease("acquire", Self.ana), host) == ["epoch 2", "changed "])
        #expect(
            try run(change(Self.ana), host).first?.hasPrefix("fail fenced ana@desk/1") == true, "what it left running")
    }

    @Test("given back elsewhere: a live lease up to that epoch is none")
    func released() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        _ = try run(lease("acquire", Self.ana), host)
        #expect(try run(lease("acquire", Self.bob, released: 1), host) == ["epoch 2", "changed "])
    }

    @Test("F45: who has handed the region over and still lives is fenced, renews nothing and gives nothing back")
    func handedOver() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        _ = try run(lease("acquire", Self.ana), host)
        let controlPlane = LeaseTerms(owner: "control-plane/eu1", plan: "p-1", epoch: 2)
        #expect(try run(lease("acquire", controlPlane, released: 1), host) == ["epoch 2", "changed "])
        #expect(try run(change(Self.ana), host).first?.hasPrefix("fail fenced control-plane/eu1") == true)
        #expect(host.state("arguments") == nil)
        #expect(try run(lease("renew", Self.ana), host).first?.hasPrefix("fail lease-lost control-plane/eu1") == true)
        #expect(try run(lease("release", Self.ana), host) == ["unchanged "])
        #expect(try run(change(controlPlane), host) == ["changed "])
        #expect(host.read("etc/lease")?.hasPrefix("control-plane/eu1 2 p-1 ") == true)
    }

    @Test(
        "an act: an older epoch is fenced, the same epoch of another refused, a newer one goes on; docker is asked last"
    )
    func acts() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        #expect(try run(change(LeaseTerms(owner: "ana@desk/1", plan: "a", epoch: 5)), host) == ["changed "])
        let asked = host.state("arguments")
        #expect(try run(change(Self.bob), host).first?.hasPrefix("fail fenced ana@desk/1") == true)
        let same = LeaseTerms(owner: "bob@laptop/2", plan: "b", epoch: 5)
        #expect(try run(change(same), host).first?.hasPrefix("fail leased ana@desk/1") == true)
        #expect(host.state("arguments") == asked)
        let newer = LeaseTerms(owner: "bob@laptop/2", plan: "b", epoch: 6)
        #expect(try run(change(newer), host) == ["changed "])
        #expect(host.read("etc/lease")?.hasPrefix("bob@laptop/2 6 b ") == true)
    }

    @Test(
        "F37: overtaken by a later run while it works → it says so at its end; its own run's newer epoch is no other's",
        arguments: [
            ("bob@laptop/2 9 b 7 boot-1 900", "fail fenced bob@laptop/2 7 b 9"), ("", "fail lease-lost - 0 - 0"),
            ("ana@desk/1 9 eu1-1 7 boot-1 900", "changed "),
        ])
    func overtaken(lease: String, answer: String) throws {
        for shell in shells {
            let host = try FakeDocker()
            defer { host.remove() }
            // What docker does here is what takes its time: meanwhile the lease becomes another's.
            let docker = try #require(host.read("bin/docker"))
            let file = host.scratch.url("etc/lease").path
            try host.program("docker", "echo '\(lease)' >\(file)\n\(docker)")
            #expect(try run(change(Self.ana), host, shell: shell) == [answer])
        }
    }

    @Test("without terms nothing is asked and nothing written")
    func without() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        #expect(try run(RemoteAct("label-node", ["eu1", "docker", "node", "update", "n1"]), host) == ["changed "])
        #expect(host.read("etc/lease") == nil)
    }

    @Test(
        "a lease that was lost is not renewed; a torn, empty or absurd file is no lease",
        arguments: [
            "", "ana@desk/1", "ana@desk/1 x y z boot-1 900", "ana@desk/1 1 p 1 boot-1", "ana@desk/1 0 p 1 boot-1 99999",
            "ana@desk/1 0 p 1 boot-1 99999999999999999999999",
        ])
    func torn(text: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        #expect(try run(lease("renew", Self.ana), host).first == "fail lease-lost - 0 - 0")
        try FileManager.default.createDirectory(at: host.scratch.url("etc"), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: host.scratch.url("etc/lease"))
        #expect(try host.run(lease("acquire", Self.bob), isQuiet: false).first("epoch") == "1")
    }

    @Test("it cannot be written → the act ends before it has changed anything")
    func unwritable() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        try FileManager.default.createDirectory(
            at: host.scratch.url("etc/lease.new"), withIntermediateDirectories: true)
        #expect(try run(change(Self.ana), host).first?.hasPrefix("fail lease-unwritable") == true)
        #expect(host.state("arguments") == nil)
    }

    @Test("many at once: one of them has it", arguments: shells)
    func crowd(shell: String) async throws {
        let host = try FakeDocker()
        defer { host.remove() }
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 1...12 {
                let act = lease("acquire", LeaseTerms(owner: "owner-\(number)", plan: "p", epoch: 1))
                group.addTask { try run(act, host, shell: shell).first ?? "nothing" }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.filter { $0 == "epoch 1" }.count == 1, "\(answers)")
        #expect(answers.filter { $0.hasPrefix("fail leased owner-") }.count == 11)
    }

    @Test("restore-host takes the lease away with the rest, and where nothing else is")
    func restore() throws {
        for isMade in [true, false] {
            let host = try FakeDocker()
            defer { host.remove() }
            if isMade { _ = try host.run(RemoteAct("init-swarm", ["eu1", "control", "docker", "swarm", "init"])) }
            host.set("swarm", "inactive")
            _ = try run(lease("acquire", Self.ana), host)
            var act = RemoteAct("restore-host", ["eu1", host.home, "no", "-"])
            act.lease = LeaseTerms(owner: "ana@desk/1", plan: "eu1-1", epoch: 1)
            #expect(try run(act, host) == ["changed "])
            #expect(!FileManager.default.fileExists(atPath: host.scratch.url("etc").path))
            #expect(try run(act, host) == ["unchanged "])
            #expect(try run(lease("release", Self.ana), host) == ["unchanged "])
            #expect(!FileManager.default.fileExists(atPath: host.scratch.url("etc").path))
        }
    }

    @Test("the probe tells of it: live, released, expired", arguments: shells)
    func probe(shell: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        func seen() throws -> LeaseFacts? {
            ProbeReader(try host.run(RemoteAct("probe"), shell: shell)).facts(observerClock: 0)?.lease
        }
        #expect(try seen() == nil)
        _ = try run(lease("acquire", Self.ana), host)
        let live = try #require(try seen())
        #expect(
            live.owner == "ana@desk/1" && live.epoch == 1 && live.plan == "eu1-1" && live.isLive && !live.isReleased)
        host.uptime(500)
        #expect(try seen()?.isLive == false)
        _ = try run(lease("release", Self.ana), host)
        #expect(try seen()?.isReleased == true)
    }

    @Test("F43: whatever an owner's name holds, it is one plain word in the script")
    func hostile() throws {
        let terms = LeaseTerms(owner: "a'$(id)\n b\\\"@ü/1", plan: "p", epoch: 1)
        #expect(terms.owner == "a---id---b--@-/1")
        let host = try FakeDocker()
        defer { host.remove() }
        #expect(try run(lease("acquire", terms), host) == ["epoch 1", "changed "])
    }
}
