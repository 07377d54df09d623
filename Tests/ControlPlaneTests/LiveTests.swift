// The whole control plane over TLS on 127.0.0.1: what only a real socket shows.

import FleetModel
import Foundation
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
                #expect(try await admin.plan(SampleRegion.policy()).isEmpty)
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
