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

        private static let password = "correct-horse's \"battery\" staple"

        @Test(
            "F11, F12, F34, F49: a bastion in front, a `sudo` that asks: up, status, again, a new host, down; no password is seen"
        )
        func bastionAndPassword() async throws {
            try await withRegion(3, engine: true) { region in
                var region = region
                // Its hash: the test's own command lines are searched, too.
                let hash = try await region.lab.run(
                    ["perl", "-e", "print crypt(<STDIN>, q($6$muster$))"], input: Array(Self.password.utf8))
                for host in [2, 3] {
                    try await region.lab.addFault(.sudo, "password", to: host)
                    _ = try await region.said(host, "usermod -p '\(hash.output)' ops")
                }
                let access = ["user": "ops", "sudo": "password"]
                let manifest = try region.manifest("behind", managers: 1, access: access, hosts: [2], bastion: 1)
                region.variables["MUSTER_SUDO_PASSWORD"] = "not the password"
                let wrong = try await region.muster("check", manifest, "--json", exits: 1).json()["findings"]
                #expect(wrong.entries("quarantined").map { $0["code"].text } == ["sudo-password-wrong"])
                region.variables["MUSTER_SUDO_PASSWORD"] = Self.password
                region.evidence.addSecret("the password for sudo", Self.password)
                try await region.muster("up", manifest, exits: 0)
                #expect(try await region.said(2, "cat /root/.ssh/authorized_keys").contains("muster:lab"))
                region.variables = [:]
                for words in [["status"], ["runs"], ["plan", manifest], ["up", manifest]] {
                    let asked = try await region.muster(words)
                    #expect(asked.status == 0, "\(words): \(asked.output)\(asked.errors)")
                }
                try await directly(region)
                try await fullNetwork(region, manifest)
                let grown = try region.manifest(
                    "grown", managers: 1, access: access, hosts: [2, 3], failedHosts: "50%", bastion: 1)
                try await notAdmitted(region, grown)
                region.variables["MUSTER_SUDO_PASSWORD"] = Self.password
                try await region.muster("up", grown, exits: 0)
                #expect(try await region.nodes(from: 2).map(\.name).sorted() == ["h2", "h3"])
                #expect(try await region.said(3, "cat /root/.ssh/authorized_keys").contains("muster:lab"))
                try await region.expectNoSecretOutside()
                try await region.muster("down", grown, "--confirm", "lab", exits: 0)
            }
        }

        /// F11: a new host after the hand off. The control plane has no password, and this machine was given none.
        private func notAdmitted(_ region: LiveRegion, _ manifest: String) async throws {
            let before = try await region.traces(of: 3)
            let kept = try await region.muster("up", manifest, "--json", exits: 4).json()["report"]
            let left = kept.entries("quarantined")
            #expect(left.map { $0["subject"].text } == ["host `h3`"])
            #expect(left.map { $0["code"].text } == ["no-sudo-password"])
            try await expectSame(before, region.traces(of: 3), "h3")
        }

        /// Docker leaves tasks that get no address in `New`, and says nothing.
        private func fullNetwork(_ region: LiveRegion, _ manifest: String) async throws {
            let image = try await region.said(2, "docker image ls --format '{{.Repository}}:{{.Tag}}' | head -n 1")
            _ = try await region.said(
                2,
                "docker network create -d overlay --subnet 10.202.0.0/29 tiny && docker service create -d "
                    + "--no-resolve-image --name web --network tiny --replicas 8 \(image) serve --probe")
            let hang = try await eventually(within: .seconds(30)) {
                try await region.said(2, "docker service ps web --format '{{.CurrentState}}'").contains("New ")
            }
            #expect(hang, "the story is about tasks that hang")
            let told = try await region.muster("plan", manifest)
            #expect(told.output.contains("network `tiny` of cluster `control` has 5 addresses"), "\(told.output)")
            _ = try await region.said(
                2, "docker service rm web; for i in $(seq 100); do docker network rm tiny && break; sleep 0.2; done")
        }

        /// The control plane lets in who comes from the bastion, and nobody else: so it was asked through it.
        private func directly(_ region: LiveRegion) async throws {
            let url = "https://\(region.lab.address(of: 2)):8443/v1/health"
            let asked = try await region.lab.run(
                ["curl", "-sk", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", url])
            #expect(asked.output == "403", "\(asked.output)\(asked.errors)")
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
