// The right to change a region moves in one direction at a time, and every request of it may be repeated (F45).

import FleetModel
import Foundation
import InventoryStore
import Testing

@testable import ControlPlane

@Suite struct HandsTests {
    @Test("a fresh volume without a witness awaits: health and hand off answer, nothing else does")
    func awaiting() async throws {
        let plane = try await Fixture().started()
        #expect(try await plane.ask(.get, "/v1/health").json(Health.self).stage == "awaiting")
        #expect(try await plane.ask(.get, "/v1/status", as: .admin).status == 503)
        #expect(try await plane.ask(.post, "/v1/hand-off", Fixture.tokens[.admin], body: Data()).status == 401)
    }

    @Test("F45: hand off: the epoch rises, a witness is written, the answer may be lost and asked for again")
    func handOff() async throws {
        let fixture = try Fixture()
        let plane = try await fixture.started()
        let file = try await fixture.inventoryFile()
        let first = try await plane.ask(.post, "/v1/hand-off", Fixture.handOffToken, body: file)
        #expect(try first.json(Handed.self).epoch == 2)
        let again = try await plane.ask(.post, "/v1/hand-off", Fixture.handOffToken, body: file)
        #expect(again.status == 200 && again.body == first.body)
        #expect(fixture.operations.state.witnesses == [Witness(region: "eu1", epoch: 2, generation: 1)])
        let grown = try await fixture.inventoryFile(events: [
            FleetEvent(
                at: SampleRegion.start, kind: "step", actor: "operator", subject: "region `eu1`", message: "again")
        ])
        #expect(try await plane.ask(.post, "/v1/hand-off", Fixture.handOffToken, body: grown).body == first.body)
        let other = try await fixture.inventoryFile(at: SampleRegion.start.adding(.seconds(1)))
        #expect(try await plane.ask(.post, "/v1/hand-off", Fixture.handOffToken, body: other).status == 409)
        #expect(try await plane.events().map(\.kind) == ["hand-off"])
    }

    @Test("after a hand off the loop's own look waits for whoever plans next")
    func lookAfterHandOff() async throws {
        let fixture = try Fixture()
        let plane = try await fixture.started()
        let body = try await fixture.inventoryFile()
        _ = try await plane.ask(.post, "/v1/hand-off", Fixture.handOffToken, body: body)
        #expect(await !plane.core.wantsLook)
        fixture.clock.advance(ControlPlaneCore.lookAfterHandOff)
        #expect(await plane.core.wantsLook)
        await plane.core.observe()
        #expect(await !plane.core.wantsLook)
    }

    @Test("what is no inventory, or of another region or epoch, is refused and leaves no file behind")
    func badFiles() async throws {
        let fixture = try Fixture()
        let plane = try await fixture.started()
        for body in [Data(), Data("no database".utf8), try await fixture.inventoryFile().prefix(9000)] {
            let reply = try await plane.ask(.post, "/v1/hand-off", Fixture.handOffToken, body: Data(body))
            #expect([400, 500].contains(reply.status), "\(reply.text)")
        }
        #expect(await plane.core.stage == .awaiting)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.configuration.dataFolder) == [])
    }

    @Test("F45: a crash in the middle of hand off, file in place and not yet ours: the same file again finishes it")
    func crash() async throws {
        let fixture = try Fixture()
        let file = try await fixture.inventoryFile()
        try file.write(to: URL(filePath: fixture.configuration.inventoryPath))
        let plane = try await fixture.started()
        #expect(await plane.core.stage == .paused)
        let handed = try await plane.ask(.post, "/v1/hand-off", Fixture.handOffToken, body: file)
        #expect(try handed.json(Handed.self).epoch == 2)
        #expect(await plane.core.stage == .serving)
    }

    @Test("F45: the same hand off twice at once is one hand off")
    func twice() async throws {
        let fixture = try Fixture()
        let plane = try await fixture.started()
        let file = try await fixture.inventoryFile()
        async let first = plane.core.handOff(file)
        async let second = plane.core.handOff(file)
        let (one, other) = try await (first, second)
        #expect(one == other && one.epoch == 2)
    }

    @Test("after a restart the same volume serves again, and repeats no event")
    func restart() async throws {
        let fixture = try Fixture()
        let before = try await fixture.serving()
        await before.core.observe()
        let events = try await before.events()
        let after = try await fixture.started()
        #expect(await after.core.stage == .serving)
        await after.core.observe()
        #expect(try await after.events() == events)
    }

    @Test("F40: a volume below its witness refuses: health says 503, the witness and the command; nothing else answers")
    func oldVolume() async throws {
        let fixture = try Fixture()
        _ = try await fixture.serving()
        fixture.operations.change { $0.witnesses.append(Witness(region: "eu1", epoch: 2, generation: 2)) }
        let plane = try await fixture.started()
        let health = try await plane.ask(.get, "/v1/health")
        #expect(health.status == 503)
        #expect(health.text.contains("muster-eu1-2-2") && health.text.contains("muster inventory restore --region eu1"))
        #expect(try await plane.ask(.get, "/v1/status", as: .admin).status == 503)
        #expect(try await plane.ask(.get, "/page/status").status == 503)
    }

    @Test("an empty volume refuses when there is a witness")
    func emptyVolume() async throws {
        let fixture = try Fixture(.init(witnesses: [Witness(region: "eu1", epoch: 4, generation: 1)]))
        let plane = try await fixture.started()
        #expect(try await plane.ask(.get, "/v1/health").json(Health.self).problem?.code == "volume-empty")
        let file = try await fixture.inventoryFile()
        #expect(try await plane.ask(.post, "/v1/hand-off", Fixture.handOffToken, body: file).status == 409)
    }

    @Test("without managers it does not serve: it keeps checking, and serves when one answers")
    func checking() async throws {
        let fixture = try Fixture()
        _ = try await fixture.serving()
        fixture.operations.change { $0.areManagersReachable = false }
        let plane = try await fixture.started()
        let health = try await plane.ask(.get, "/v1/health")
        #expect(try health.status == 503 && health.json(Health.self).stage == "checking")
        #expect(try health.json(Health.self).problem?.code == "no-manager")
        fixture.operations.change { $0.areManagersReachable = true }
        await plane.core.check()
        #expect(await plane.core.stage == .serving)
    }

    @Test("a damaged volume refuses")
    func damaged() async throws {
        let fixture = try Fixture()
        try Data("not a database at all, but long enough to be one".utf8)
            .write(to: URL(filePath: fixture.configuration.inventoryPath))
        let plane = try await fixture.started()
        #expect(await plane.core.stage.word == "refusing")
    }
}

@Suite struct TakeBackTests {
    @Test("take back: the control plane rests, the answer is the inventory, a second one is the same epoch")
    func takeBack() async throws {
        let fixture = try Fixture()
        let plane = try await fixture.serving()
        #expect(try await plane.ask(.post, "/v1/take-back", as: .operator).status == 403)
        let reply = try await plane.ask(.post, "/v1/take-back", as: .admin)
        #expect(reply.headers[.musterEpoch] == "3" && reply.headers[.musterGeneration] == "1")
        #expect(try await plane.ask(.post, "/v1/take-back", as: .admin).headers[.musterEpoch] == "3")
        try reply.body.write(to: URL(filePath: fixture.folder + "/back.sqlite"))
        let record = try #require(try Inventory.verify(path: fixture.folder + "/back.sqlite"))
        #expect(record.ownership == Ownership(owner: .operatorMachine, epoch: 3))
        let observations = fixture.operations.state.observations
        await plane.core.observe()
        #expect(fixture.operations.state.observations == observations)
        #expect(
            try await plane.ask(.post, "/v1/plans", as: .operator, json: PlanWanted(policy: SampleRegion.policy()))
                .status == 409)
        #expect(try await plane.ask(.get, "/v1/status", as: .viewer).json(RegionStatus.self).stage == "paused")
        #expect(try await fixture.started().core.stage == .paused)
    }

    @Test("what was taken back can be handed off again; what is older cannot")
    func handOffAgain() async throws {
        let fixture = try Fixture()
        let plane = try await fixture.serving()
        let back = try await plane.ask(.post, "/v1/take-back", as: .admin).body
        let old = try await plane.ask(
            .post, "/v1/hand-off", Fixture.handOffToken, body: try await fixture.inventoryFile())
        #expect(try old.status == 409 && old.problem.code == "epoch-old")
        let again = try await plane.ask(.post, "/v1/hand-off", Fixture.handOffToken, body: back)
        #expect(try again.json(Handed.self).epoch == 4)
        #expect(await plane.core.stage == .serving)
    }

    @Test("the sealed copy of a region restores it on an empty volume, above every witness")
    func restore() async throws {
        let fixture = try Fixture()
        let first = try await fixture.serving()
        let copy = try await first.ask(.get, "/v1/sealed-copy", as: .admin)
        let archive = try SealedCopy.open(copy.body, with: fixture.sealingKey.privateText)
        #expect(archive.regionKey == Secret("the region's key"))
        try FileManager.default.removeItem(atPath: fixture.configuration.dataFolder)
        fixture.operations.change { $0.witnesses.append(Witness(region: "eu1", epoch: 7, generation: 3)) }
        let plane = try await fixture.started()
        #expect(await plane.core.stage.word == "refusing")
        #expect(
            try await plane.ask(.post, "/v1/restore", Fixture.tokens[.admin], body: archive.inventory).status == 401)
        let restored = try await plane.ask(.post, "/v1/restore", Fixture.handOffToken, body: archive.inventory)
        #expect(try restored.json(Handed.self).epoch == 8)
        #expect(
            try await plane.ask(.post, "/v1/restore", Fixture.handOffToken, body: archive.inventory).body
                == restored.body)
        #expect(try await plane.ask(.get, "/v1/status", as: .viewer).status == 200)
        #expect(try await fixture.started().core.stage == .serving)
    }

    @Test("a restore over an old volume sets the old one aside")
    func setAside() async throws {
        let fixture = try Fixture()
        let first = try await fixture.serving()
        let copy = try await first.ask(.get, "/v1/sealed-copy", as: .admin)
        let archive = try SealedCopy.open(copy.body, with: fixture.sealingKey.privateText)
        fixture.operations.change { $0.witnesses.append(Witness(region: "eu1", epoch: 2, generation: 9)) }
        let plane = try await fixture.started()
        #expect(try await plane.ask(.post, "/v1/restore", Fixture.handOffToken, body: archive.inventory).status == 200)
        let files = try FileManager.default.contentsOfDirectory(atPath: fixture.configuration.dataFolder)
        #expect(files.contains("inventory.sqlite.replaced-2-1"))
    }
}
