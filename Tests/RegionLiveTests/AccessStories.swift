// Whose keys and whose account: keys may lie in an agent, the account may be no root.
import FleetModel
import Foundation
import Lab
import Testing

extension LiveRegionTests {
    @Suite struct Access {
        @Test("F02: the key lies in an agent between two others: check and up; `ops` becomes root by sudo: up and down")
        func agentAndSudo() async throws {
            try await withRegion(1, engine: true) { region in
                let packages = try await region.packages()
                try await signals(region)
                try await checkWithAgent(region)
                let access = ["user": "ops", "sudo": "nopasswd"]
                let manifest = try region.manifest("sudo", managers: 1, access: access)
                try await region.muster("up", manifest, exits: 0)
                try await region.muster("status", exits: 0)
                #expect(try await region.said(1, "cat /home/ops/.ssh/authorized_keys").contains("muster:lab"))
                let again = try await region.muster("up", manifest, "--json", exits: 0).json()
                #expect(again["remoteWrites"].number == 0)
                try await region.expectNoSecretOutside()
                try await region.muster("down", manifest, "--confirm", "lab", exits: 0)
                #expect(try await !region.said(1, "cat /home/ops/.ssh/authorized_keys").contains("muster:lab"))
                #expect(try await region.packages() == packages)
            }
        }

        /// Ctrl-C reaches what `muster lab exec` becomes: it blocks no signal, as Swift's own threads do.
        private func signals(_ region: LiveRegion) async throws {
            let words = [try MusterBinary.path, "lab", "exec", "--", "grep", "SigBlk", "/proc/self/status"]
            let blocked = try await region.lab.run(words, environment: region.environment())
            #expect(blocked.output == "SigBlk:\t0000000000000000\n", "\(blocked.errors)")
        }

        private func checkWithAgent(_ region: LiveRegion) async throws {
            let manifest = try region.manifest(
                "agent", managers: 1, access: ["keyFile": "${MUSTER_LAB}/id_ed25519.pub"])
            #expect(try await region.muster("check", manifest).status != 0, "there is no agent yet")
            let others = ["first", "last"].map { "\(region.folder)/\($0)" }
            for path in others {
                let made = try await region.lab.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path])
                try #require(made.status == 0, "\(made.errors)")
            }
            let keys = [others[0], region.lab.clientKeyPath, others[1]].joined(separator: " ")
            let result = try await region.lab.run(
                [
                    "ssh-agent", "sh", "-c", "ssh-add -q \(keys) && exec \"$@\"", "sh", try MusterBinary.path, "check",
                    manifest,
                ],
                environment: region.environment())
            region.evidence.add("muster check, with an agent", result)
            #expect(result.status == 0, "\(result.output)\(result.errors)")
        }
    }
}
