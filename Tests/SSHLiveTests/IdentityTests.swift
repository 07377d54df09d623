// Who we are: every key format that works, and every one that does not says so before or at the first try.
import Foundation
import SSHTransport
import Testing

extension LiveSSHTests {
    @Suite struct IdentityTests {
        private func run(_ client: SSHClient, _ endpoint: SSHEndpoint) async throws -> Int32? {
            try await client.run(SSHCommand("true"), on: endpoint).exitStatus
        }

        @Test func `wrong key: known at the reply, with key and methods, and not tried again (F01)`() async throws {
            try await withSSHD { daemon in
                try daemon.makeKey("stranger", type: "ed25519")
                try await using(try daemon.client(identity: .keyFile(daemon.path("stranger")))) { client in
                    let endpoint = try daemon.endpoint()
                    let error = try await failure { try await run(client, endpoint) }
                    guard case .authenticationRefused(daemon.user, let tried, let offered) = error.code else {
                        Issue.record("\(error)")
                        return
                    }
                    #expect(tried.contains("ssh-ed25519") && tried.contains("stranger"))
                    #expect(offered == ["publickey"])
                    #expect(client.counters.total.connections == 1)
                }
            }
        }

        @Test func `wrong user: the same, naming the user`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    var endpoint = try daemon.endpoint()
                    endpoint.user = "nobody-here"
                    let error = try await failure { [endpoint] in try await run(client, endpoint) }
                    guard case .authenticationRefused("nobody-here", _, _) = error.code else {
                        Issue.record("\(error)")
                        return
                    }
                    #expect(error.description.contains("user `nobody-here` is refused"))
                }
            }
        }

        @Test(arguments: [
            ["ecdsa", "-b", "256"], ["ecdsa", "-b", "384"], ["ecdsa", "-b", "521"],
            ["ecdsa", "-b", "256", "-m", "PEM"],
            ["ecdsa", "-b", "384", "-m", "PKCS8"], ["ed25519"],
        ])
        func `keys of these types and formats log in`(arguments: [String]) async throws {
            try await withSSHD { daemon in
                try daemon.makeKey("mine", type: arguments[0], more: Array(arguments.dropFirst()))
                try daemon.authorize("mine")
                try await using(try daemon.client(identity: .keyFile(daemon.path("mine")))) { client in
                    let status = try await run(client, try daemon.endpoint())
                    #expect(status == 0)
                }
            }
        }

        @Test(arguments: [[], ["-m", "PEM"]])
        func `an RSA key is refused at once, with the reason and the cure (F03)`(format: [String]) async throws {
            try await withSSHD { daemon in
                try daemon.makeKey("rsa", type: "rsa", more: format)
                let error = try await failure { try daemon.client(identity: .keyFile(daemon.path("rsa"))) }
                #expect(error.code == .keyUnsupported(type: "ssh-rsa"))
                #expect(error.description.contains("sha-1") && error.description.contains("ssh-keygen -t ed25519"))
            }
        }

        @Test(arguments: [["ed25519"], ["ecdsa", "-m", "PEM"], ["ecdsa", "-m", "PKCS8"]])
        func `an encrypted key says so (F02)`(arguments: [String]) async throws {
            try await withSSHD { daemon in
                let more = Array(arguments.dropFirst())
                try daemon.makeKey("locked", type: arguments[0], passphrase: "secret", more: more)
                let error = try await failure { try daemon.client(identity: .keyFile(daemon.path("locked"))) }
                #expect(error.code == .keyEncrypted)
            }
        }

        @Test func `a missing key file and a file that is no key`() async throws {
            try await withSSHD { daemon in
                for path in ["/nowhere/id", daemon.path("sshd_config"), "/dev/zero"] {
                    let error = try await failure { try daemon.client(identity: .keyFile(path)) }
                    guard case .keyUnreadable = error.code else {
                        Issue.record("\(error)")
                        continue
                    }
                    #expect(error.subject == "key `\(path)`")
                }
            }
        }

        @Test func `of an agent with nine keys exactly the named one is offered (F02)`() async throws {
            try await withSSHD(options: ["MaxAuthTries 1"]) { daemon in
                let strangers = try (0..<8).map { index in
                    try daemon.makeKey("stranger\(index)", type: "ed25519")
                    return "stranger\(index)"
                }
                let socket = try daemon.agent(holding: strangers + ["id_ed25519"])
                let identity = SSHIdentity.agent(socket: socket, .publicKeyFile(daemon.path("id_ed25519.pub")))
                try await using(try daemon.client(identity: identity)) { client in
                    let endpoints = try (1...20).map { try daemon.endpoint("127.9.9.\($0)") }
                    let count = try await withThrowingTaskGroup(of: Int32?.self) { group in
                        for endpoint in endpoints { group.addTask { try await run(client, endpoint) } }
                        return try await group.reduce(0) { $0 + ($1 == 0 ? 1 : 0) }
                    }
                    #expect(count == 20)
                }
            }
        }

        @Test func `an agent without the named key, and no agent at all`() async throws {
            try await withSSHD { daemon in
                try daemon.makeKey("absent", type: "ed25519")
                let socket = try daemon.agent(holding: ["id_ed25519"])
                for path in [socket, daemon.path("no-agent")] {
                    let identity = SSHIdentity.agent(socket: path, .publicKeyFile(daemon.path("absent.pub")))
                    try await using(try daemon.client(identity: identity)) { client in
                        let endpoint = try daemon.endpoint()
                        let error = try await failure { try await run(client, endpoint) }
                        guard case .agentUnavailable = error.code else {
                            Issue.record("\(error)")
                            return
                        }
                        #expect(error.subject == "ssh agent `\(path)`")
                    }
                }
            }
        }

        @Test func `key material shows itself in no description and no dump`() {
            let secret = SecretBytes(Array("very secret".utf8))
            var text = "\(secret) \(String(reflecting: secret))"
            dump(secret, to: &text)
            dump(SSHIdentity.key(secret, name: "region"), to: &text)
            dump(SSHCommand("true", standardInput: Array("very secret".utf8)), to: &text)
            #expect(!text.contains("118"))
            #expect(text.contains("•••"))
        }
    }
}
