// The whole control plane over TLS on 127.0.0.1: what only a real socket shows.

import FleetModel
import Foundation
import Synchronization
import Testing

@testable import ControlPlane

@Suite(.timeLimit(.minutes(2))) struct LiveTests {
    @Test("a region over TLS: awaiting, hand off, status, a plan, events, take back")
    func wholeLife() async throws {
        let fixture = try Fixture()
        let file = try await fixture.inventoryFile()
        try await fixture.live { port, _ in
            try await fixture.with(fixture.client(port)) { anybody in
                try await eventually("it awaits") { try await anybody.health().stage == "awaiting" }
            }
            try await fixture.with(fixture.client(port, Fixture.handOffToken)) { operatorMachine in
                let handed = try await operatorMachine.handOff(file)
                #expect(handed.owner == .controlPlane && handed.epoch == 2 && handed.generation == 1)
                #expect(try await operatorMachine.handOff(file) == handed)
            }
            try await fixture.with(fixture.client(port, Fixture.tokens[.admin])) { admin in
                try await eventually("it looked") { try await admin.status().hosts.allSatisfy { $0.isReachable } }
                let status = try await admin.status()
                #expect(status.stage == "serving" && status.clusters.first?.hasQuorum == true)
                #expect(try await admin.plan(PlanWanted(policy: SampleRegion.policy())).isEmpty)
                #expect(try await admin.events().events.map(\.kind) == ["hand-off"])
                let archive = try SealedCopy.open(try await admin.sealedCopy(), with: fixture.sealingKey.privateText)
                #expect(archive.authorityKeyPEM == fixture.authority.keyPEM)
                let back = try await admin.takeBack()
                #expect(
                    back.epoch == 3 && back.generation == 1 && back.inventory.starts(with: Data("SQLite format 3".utf8))
                )
                #expect(try await admin.takeBack().epoch == 3)
                #expect(try await admin.health().stage == "paused")
            }
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct LiveClientTests {
    /// Runs `body` against a control plane that serves.
    private func serving(_ body: @escaping @Sendable (Fixture, Int, ControlPlaneServer) async throws -> Void)
        async throws
    {
        let fixture = try Fixture()
        let file = try await fixture.inventoryFile()
        try await fixture.live { port, server in
            try await eventually("it awaits") { await server.core.stage == .awaiting }
            _ = try await server.core.handOff(file)
            try await body(fixture, port, server)
        }
    }

    private func problem(_ body: () async throws -> Void) async -> FleetProblem? {
        do { try await body() } catch { return error as? FleetProblem }
        return nil
    }

    @Test("another authority's control plane is not talked to, and gets no token")
    func otherAuthority() async throws {
        try await serving { fixture, port, _ in
            let other = try RegionAuthority.make(region: "eu1", now: SampleRegion.start).certificatePEM
            let problem = await problem {
                try await fixture.with(fixture.client(port, Fixture.tokens[.admin], authorityPEM: other)) {
                    _ = try await $0.status()
                }
            }
            #expect(problem?.code == "control-plane-unreachable" && problem?.exitCode == 69)
            #expect(problem?.message.contains("not trusted") == true, "\(problem?.message ?? "")")
            #expect(problem?.description.contains(Fixture.tokens[.admin]?.secret.exposed ?? "") == false)
        }
    }

    @Test("an address that is not in the certificate is not talked to")
    func otherName() async throws {
        let fixture = try Fixture()
        try await fixture.live(listen: "127.0.0.2") { port, _ in
            let problem = await problem {
                try await fixture.with(fixture.client(port, addresses: ["127.0.0.2"])) { _ = try await $0.health() }
            }
            #expect(problem?.message.contains("not trusted") == true, "\(problem?.message ?? "")")
        }
    }

    @Test("managers are asked in turn; when none answers all are named")
    func inTurn() async throws {
        try await serving { fixture, port, _ in
            let health = try await fixture.with(fixture.client(port, addresses: ["127.0.0.9", "127.0.0.1"])) {
                try await $0.health()
            }
            #expect(health.stage == "serving")
            let problem = await problem {
                try await fixture.with(fixture.client(1, addresses: ["127.0.0.1", "127.0.0.9"])) {
                    _ = try await $0.health()
                }
            }
            #expect(
                problem?.message.contains("`127.0.0.1:1` connection refused, `127.0.0.9:1` connection refused") == true,
                "\(problem?.message ?? "")")
        }
    }

    @Test("problems of the server come as they are")
    func problems() async throws {
        try await serving { fixture, port, _ in
            try await fixture.with(fixture.client(port, Fixture.tokens[.viewer])) { viewer in
                #expect(await problem { _ = try await viewer.host("odd/../name ü") }?.code == "host-unknown")
                #expect(await problem { _ = try await viewer.tokens() }?.code == "role-too-low")
            }
            try await fixture.with(fixture.client(port, Fixture.tokens[.admin])) { admin in
                let token = try await admin.makeToken(TokenWanted(name: "ci", role: .viewer))
                #expect(token.secret.exposed.hasPrefix("muster_"))
                try await admin.revokeToken("ci")
                #expect(try await admin.tokens().contains { $0.name == "ci" && $0.revokedAt != nil })
                #expect(try await admin.region().blueprint?.generation == 1)
                #expect(try await admin.metrics().contains("muster_epoch 2"))
                let plan = try await admin.plan(PlanWanted(policy: SampleRegion.policy()))
                #expect(try await admin.plan(plan.id) == plan.plan)
                let nothing = ApplyAnswer(
                    id: plan.id, remoteWrites: 0, generation: 1, isPolicyChanged: false, isTargetChanged: false)
                #expect(try await admin.apply(plan.id) == .atOnce(nothing))
            }
        }
    }

    @Test("events are followed as they happen, and a stream ends when the server stops")
    func follow() async throws {
        let fixture = try Fixture()
        let file = try await fixture.inventoryFile()
        let client = Mutex<ControlPlaneClient?>(nil)
        let (seen, continuation) = AsyncStream.makeStream(of: FleetEvent.self)
        let follower = Mutex<Task<Void, any Error>?>(nil)
        try await fixture.live { port, server in
            try await eventually("it awaits") { await server.core.stage == .awaiting }
            _ = try await server.core.handOff(file)
            let viewer = try fixture.client(port, Fixture.tokens[.viewer])
            client.withLock { $0 = viewer }
            let task = Task { for try await event in viewer.eventStream() { continuation.yield(event) } }
            follower.withLock { $0 = task }
            var events = seen.makeAsyncIterator()
            #expect(await events.next()?.kind == "hand-off")
            try await server.core.audit("test", by: "test", "region `eu1`", "something")
            #expect(await events.next()?.kind == "test")
        }
        _ = await follower.withLock { $0 }?.result
        await client.withLock { $0 }?.shutdown()
    }

    @Test("the control plane restarts in the middle of a run → it goes on, and whoever follows it sees its end")
    func followedOverARestart() async throws {
        let steps = [4, 5].map { InMemoryOperations.loadStep($0) }
        let fixture = try Fixture(.init(steps: steps, hanging: [steps[1].id]))
        let file = try await fixture.inventoryFile()
        let (port, follower) = try await fixture.live { port, server in
            try await eventually("it awaits") { await server.core.stage == .awaiting }
            _ = try await server.core.handOff(file)
            let client = try fixture.client(port, Fixture.tokens[.operator], addresses: ["127.0.0.9", "127.0.0.1"])
            let plan = try await client.plan(PlanWanted())
            guard case .begun(let run) = try await client.apply(plan.id) else { throw CancellationError() }
            let follower = Task {
                var events: [RunEvent] = []
                let outcome = try await client.follow(run.id) { events.append($0) }
                await client.shutdown()
                return (outcome, events)
            }
            try await eventually("the second step began") { try await client.status().run?.ended == 1 }
            return (port, follower)
        }
        fixture.operations.change { $0.hanging = [] }
        let (outcome, events) = try await fixture.live(port: port) { _, _ in try await follower.value }
        #expect(outcome == RunOutcome(exitCode: 0, remoteWrites: 2))
        #expect(events.map(\.sequence) == events.map(\.sequence).sorted())
        #expect(events.filter { $0.kind == .planned }.count == 2 && events.last?.kind == .ended)
        #expect(events.filter { $0.outcome == .changed }.compactMap(\.step) == steps.map(\.id))
    }

    @Test("the probe answers for a control plane that refuses, too")
    func probe() async throws {
        let fixture = try Fixture(.init(witnesses: [Witness(region: "eu1", epoch: 9, generation: 1)]))
        try await fixture.live { port, server in
            try await eventually("it refuses") { await server.core.stage.word == "refusing" }
            let file = fixture.folder + "/ca.pem"
            #expect(try await ControlPlaneProbe.run(port: port, authorityCertificateFile: file).stage == "refusing")
        }
    }

    @Test("pieces of a stream that end anywhere are put together")
    func pieces() throws {
        let event = FleetEvent(
            sequence: 1, at: SampleRegion.start, kind: "k", actor: "a", subject: "s", message: "ü\nm")
        let text = Data(buffer: try EventStreamAnswer.text(of: event))
        let bytes = Data("event: caught-up\ndata: 0\n\n".utf8) + text + Data(": still here\n\n".utf8) + text
        var lines = LineReader()
        let read = try bytes.flatMap { try lines.take(Data([$0])) }
        let data = read.filter { $0.starts(with: Data("data: {".utf8)) }.map { Data($0.dropFirst(6)) }
        #expect(try data.map { try JSONDecoder().decode(FleetEvent.self, from: $0) } == [event, event])
        #expect(throws: FleetProblem.self) { try lines.take(Data(repeating: 65, count: LineReader.longest + 1)) }
    }
}
