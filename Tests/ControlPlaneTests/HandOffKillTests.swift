// F45: a hand off that is killed at any point, on either side, ends as one hand off: one owner, one epoch, nothing lost,
// once the operator's machine has repeated it.

import FleetModel
import Foundation
import InventoryStore
import Testing

@testable import ControlPlane

@Suite struct HandOffKillTests {
    /// Where the control plane's process is killed while it takes an inventory over, in the order of its writes.
    enum Kill: String, CaseIterable, Sendable {
        case whileReceiving, whenReceived, whenInstalled, whenMarked, whenOwned, whenResumed, whenWitnessed
    }

    /// A volume as the kill left it.
    private func volume(_ kill: Kill, _ file: Data, in fixture: Fixture) async throws {
        let folder = fixture.configuration.dataFolder
        switch kill {
        case .whileReceiving: try file.prefix(9000).write(to: URL(filePath: folder + "/incoming.sqlite"))
        case .whenReceived: try file.write(to: URL(filePath: folder + "/incoming.sqlite"))
        case .whenInstalled, .whenMarked, .whenOwned, .whenResumed, .whenWitnessed:
            try file.write(to: URL(filePath: fixture.configuration.inventoryPath))
        }
        guard kill != .whileReceiving && kill != .whenReceived && kill != .whenInstalled else { return }
        let inventory = try Inventory(path: fixture.configuration.inventoryPath)
        let region = try #require(try await inventory.region())
        let mark = "\(region.ownership.epoch)@\(region.ownedSince.secondsSinceEpoch)"
        try await inventory.setSetting(ControlPlaneSetting.handedOff, value: mark)
        if kill != .whenMarked {
            try await inventory.transferOwnership(to: .controlPlane, expecting: 1, at: SampleRegion.start)
            if kill != .whenOwned { try await inventory.resume() }
        }
        try inventory.close()
        if kill == .whenWitnessed {
            fixture.operations.change { $0.witnesses = [Witness(region: "eu1", epoch: 2, generation: 1)] }
        }
    }

    @Test(
        "F45: the control plane is killed while it takes over → the same file again: it serves, epoch 2, one witness",
        arguments: Kill.allCases)
    func controlPlane(kill: Kill) async throws {
        let fixture = try Fixture()
        let file = try await fixture.inventoryFile(isPaused: true)
        try await volume(kill, file, in: fixture)
        let plane = try await fixture.started()
        let handed = try await plane.ask(.post, "/v1/hand-off", Fixture.handOffToken, body: file)
        #expect(try handed.json(Handed.self).epoch == 2, "\(handed.text)")
        #expect(await plane.core.stage == .serving)
        let region = try await plane.core.opened().region
        #expect(region.ownership == Ownership(owner: .controlPlane, epoch: 2) && !region.isPaused)
        #expect(fixture.operations.state.witnesses == [Witness(region: "eu1", epoch: 2, generation: 1)])
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.configuration.dataFolder)
        #expect(names.filter { !$0.hasPrefix("inventory.sqlite") } == [])
    }

    @Test(
        "F45: killed while it takes over, and its volume lost → the operator's machine, which is still paused, repeats it",
        arguments: [Kill.whenInstalled, .whenOwned])
    func volumeLost(kill: Kill) async throws {
        let fixture = try Fixture()
        let file = try await fixture.inventoryFile(isPaused: true)
        try await volume(kill, file, in: fixture)
        try FileManager.default.removeItem(atPath: fixture.configuration.dataFolder)
        let plane = try await fixture.started()
        let handed = try await plane.ask(.post, "/v1/hand-off", Fixture.handOffToken, body: file)
        #expect(try handed.json(Handed.self).epoch == 2)
    }

    @Test("F45: an operator with an inventory of before, or of its own making, takes nothing: the control plane stays")
    func secondOperator() async throws {
        let fixture = try Fixture()
        let plane = try await fixture.serving()
        for time in [SampleRegion.start.adding(.seconds(9)), SampleRegion.start.adding(.seconds(-9))] {
            let other = try await fixture.inventoryFile(at: time)
            let reply = try await plane.ask(.post, "/v1/hand-off", Fixture.handOffToken, body: other)
            #expect(try reply.status == 409 && reply.problem.code == "wrong-stage")
        }
        #expect(try await plane.core.opened().region.ownership.epoch == 2)
    }

    @Test("a run that an inventory brings along when it changes hands is ended, and not executed here")
    func runInRestoredCopy() async throws {
        let step = InMemoryOperations.loadStep
        let fixture = try Fixture(.init(steps: [step], hanging: [step.id]))
        let plane = try await fixture.serving()
        let run = try await plane.begun()
        let copy = try await plane.ask(.get, "/v1/sealed-copy", as: .admin)
        let archive = try SealedCopy.open(copy.body, with: fixture.sealingKey.privateText)
        await plane.core.interruptRun()
        try FileManager.default.removeItem(atPath: fixture.configuration.dataFolder)
        let next = try await fixture.started()
        let restored = try await next.ask(.post, "/v1/restore", Fixture.handOffToken, body: archive.inventory)
        #expect(restored.status == 200, "\(restored.text)")
        #expect(await next.core.resumeRun() == false)
        let ended = try await next.ended(run.id)
        #expect(ended.state == .failed && ended.outcome?.problem?.code == "run-interrupted")
        #expect(fixture.operations.state.executed == [])
    }
}
