// The same on hosts that systemd runs, where packages start their services themselves.
import FleetModel
import Lab
import Testing

extension LiveRegionTests {
    @Suite struct SystemdHosts {
        @Test("three bare systemd hosts: brought up, at rest, torn down, bare again")
        func whole() async throws {
            try await withRegion(3, flavour: .systemd) { region in
                let manifest = try region.manifest()
                let before = try await region.traces()
                try await region.muster("up", manifest, exits: 0)
                let status = try await region.muster("status", "--json", exits: 0).json()
                #expect(status["clusters"].items.first?["managersReachable"].number == 3)
                #expect(try await region.said(2, "systemctl is-active docker") == "active")
                let again = try await region.muster("up", manifest, "--json", exits: 0).json()
                #expect(again["remoteWrites"].number == 0)
                try await region.expectNoSecretOutside()
                try await region.muster("down", manifest, "--confirm", "lab", exits: 0)
                let after = try await region.traces()
                for host in before.keys.sorted() { expectSame(before[host], after[host], "h\(host)") }
            }
        }
    }
}
