// Whose hosts and whose keys: a Swarm of others is left alone, keys may lie in an agent, the account may be no root.
import FleetModel
import Foundation
import Lab
import Testing

extension LiveRegionTests {
    @Suite struct Access {
        @Test("a host in somebody else's Swarm is refused by name, and nothing is changed on any host")
        func foreignSwarm() async throws {
            try await withRegion(3, engine: true) { region in
                let manifest = try region.manifest()
                let saved = "\(region.folder)/plan.json"
                try await region.muster("plan", manifest, "-o", saved, exits: 2)
                let id = try await region.said(
                    2,
                    "docker swarm init --advertise-addr \(region.lab.address(of: 2)) >&2; docker info -f '{{.Swarm.Cluster.ID}}'"
                )
                let before = try await settled(region)
                let stale = try await region.muster("apply", saved, exits: 2)
                #expect(stale.errors.contains("host `h2`") && stale.errors.contains("swarm"))
                for words in [["up", manifest], ["up", manifest, "--json"]] {
                    let refused = try await region.muster(words)
                    #expect(refused.status == 2)
                    #expect(refused.output.contains("host `h2`") && refused.output.contains(id), "\(refused.output)")
                }
                try await region.muster("check", manifest, exits: 1)
                let after = try await region.traces()
                for host in 1...3 { expectSame(before[host], after[host], "h\(host)") }
                #expect(try await region.said(2, "docker info -f '{{.Swarm.Cluster.ID}}'") == id)
            }
        }

        /// The traces once the engine has made all that a new Swarm needs, which it does in its own time.
        private func settled(_ region: LiveRegion) async throws -> [Int: Set<String>] {
            var last: [Int: Set<String>] = [:]
            let isStill = try await eventually(within: .seconds(60)) {
                let before = last
                last = try await region.traces()
                return last == before && last[2]?.contains("link docker_gwbridge") == true
            }
            try #require(isStill, "the Swarm that was made by hand does not come to rest")
            return last
        }

        @Test("the key lies in an agent between two others: check and up; `ops` becomes root by sudo: up and down")
        func agentAndSudo() async throws {
            try await withRegion(1, engine: true) { region in
                let packages = try await region.packages()
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
