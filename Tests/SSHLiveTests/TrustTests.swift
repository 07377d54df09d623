// Host keys are verified always: each way to be right, and each way to be wrong, on a real sshd.
import Foundation
import SSHTransport
import Testing

extension LiveSSHTests {
    @Suite struct TrustTests {
        private func run(_ client: SSHClient, _ endpoint: SSHEndpoint) async throws -> Int32? {
            try await client.run(SSHCommand("true"), on: endpoint).exitStatus
        }

        @Test func `changed host key: refused with both fingerprints (F04)`() async throws {
            try await withSSHD { daemon in
                try daemon.makeKey("other", type: "ed25519")
                let other = try String(contentsOfFile: daemon.path("other.pub"), encoding: .utf8)
                let known = SSHKnownHosts(contents: "[\(daemon.address)]:\(daemon.port) \(other)")
                try await using(try daemon.client(knownHosts: known)) { client in
                    let endpoint = try daemon.endpoint(pinned: [])
                    let error = try await failure { try await run(client, endpoint) }
                    let offered = try daemon.hostKey().fingerprint
                    guard case .hostKeyChanged(let expected, offered) = error.code else {
                        Issue.record("\(error)")
                        return
                    }
                    #expect(expected.count == 1 && expected[0] != offered)
                    #expect(error.description.contains("\(offered)") && error.description.contains("\(expected[0])"))
                    #expect(!error.mayHaveRun)
                    #expect(client.counters.total.connections == 1)
                }
            }
        }

        @Test func `unknown host: its own error, with the fingerprint to compare`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint(pinned: [])
                    let error = try await failure { try await run(client, endpoint) }
                    let offered = try daemon.hostKey().fingerprint
                    #expect(error.code == .hostKeyUnknown(offered: offered))
                }
            }
        }

        @Test func `a host with nothing but an RSA key: its own error, with the cure (F05)`() async throws {
            try await withSSHD(hostKeys: ["rsa"]) { daemon in
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint(pinned: [])
                    let error = try await failure { try await run(client, endpoint) }
                    #expect(error.code == .noCommonAlgorithm)
                    #expect(error.description.contains("RSA") && error.description.contains("ssh-keygen -A"))
                }
            }
        }

        @Test func `revoked key: refused although it is pinned`() async throws {
            try await withSSHD { daemon in
                let key = try daemon.hostKey()
                let known = SSHKnownHosts(contents: "@revoked * \(key.line)")
                try await using(try daemon.client(knownHosts: known)) { client in
                    let endpoint = try daemon.endpoint()
                    let error = try await failure { try await run(client, endpoint) }
                    #expect(error.code == .hostKeyRevoked(offered: key.fingerprint))
                }
            }
        }

        @Test(arguments: ["ed25519", "ecdsa"])
        func `known_hosts pins one of two key types: that one is asked for (F05)`(type: String) async throws {
            try await withSSHD(hostKeys: ["ed25519", "ecdsa"]) { daemon in
                let line = "[\(daemon.address)]:\(daemon.port) \(try daemon.hostKey(type).line)"
                try await using(try daemon.client(knownHosts: SSHKnownHosts(contents: line))) { client in
                    let status = try await run(client, try daemon.endpoint(pinned: []))
                    #expect(status == 0)
                    #expect(client.counters.total.connections == 1)
                }
            }
        }

        @Test func `a fingerprint of another type than the preferred one is found at the second start (F05)`()
            async throws
        {
            try await withSSHD(hostKeys: ["ed25519", "ecdsa"]) { daemon in
                try await using(try daemon.client()) { client in
                    let status = try await run(client, try daemon.endpoint(pinned: ["ecdsa"]))
                    #expect(status == 0)
                    #expect(client.counters.total.connections == 2)
                }
            }
        }

        @Test func `a wrong fingerprint: all types are asked for, then the first one offered is reported`() async throws
        {
            try await withSSHD(hostKeys: ["ed25519", "ecdsa"]) { daemon in
                try daemon.makeKey("host_other", type: "ed25519")
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint(pinned: ["other"])
                    let error = try await failure { try await run(client, endpoint) }
                    let expected = [try daemon.hostKey("other").fingerprint]
                    let offered = try daemon.hostKey().fingerprint
                    #expect(error.code == .hostKeyChanged(expected: expected, offered: offered))
                }
            }
        }

        @Test func `a known_hosts file with hashed names and odd lines still vouches`() async throws {
            try await withSSHD { daemon in
                let path = daemon.path("known_hosts")
                let line = "[\(daemon.address)]:\(daemon.port) \(try daemon.hostKey().line)\n"
                try line.write(toFile: path, atomically: true, encoding: .utf8)
                try tool("/usr/bin/ssh-keygen", ["-q", "-H", "-f", path])
                let hashed = try String(contentsOfFile: path, encoding: .utf8)
                #expect(hashed.hasPrefix("|1|"))
                try ("# comment\nnonsense\n" + hashed).write(toFile: path, atomically: true, encoding: .utf8)
                let known = try SSHKnownHosts(path: path)
                #expect(known.notes == ["\(path):2: a host, a key type and a key are needed; line skipped"])
                try await using(try daemon.client(knownHosts: known)) { client in
                    let status = try await run(client, try daemon.endpoint(pinned: []))
                    #expect(status == 0)
                }
            }
        }
    }
}
