// Commands on a real sshd: what goes in, what comes out, and how it ended.
import SSHTransport
import Testing

extension LiveSSHTests {
    @Suite struct ExecTests {
        @Test func `exit status, standard output and standard error arrive apart`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    let result = try await client.run(
                        SSHCommand("echo out; echo err >&2; exit 7"), on: try daemon.endpoint())
                    #expect(result.text == "out\n")
                    #expect(result.errorText == "err\n")
                    #expect(result.exitStatus == 7)
                    #expect(result.exitSignal == nil)
                }
            }
        }

        @Test func `a command that is killed reports its signal and no status`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    let result = try await client.run(SSHCommand("kill -9 $$"), on: try daemon.endpoint())
                    #expect(result.exitSignal == "KILL")
                    #expect(result.exitStatus == nil)
                }
            }
        }

        @Test func `a script on standard input runs with its arguments`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    let script = "printf '%s|' \"$@\"; wc -c </dev/null\n"
                    let words = ["a b", "$(id)", "it's"]
                    let line = try ShellWord.line(["exec", "/bin/sh", "-s", "--"] + words)
                    let result = try await client.run(
                        SSHCommand(line, standardInput: Array(script.utf8)), on: try daemon.endpoint())
                    #expect(result.text == "a b|$(id)|it's|0\n")
                }
            }
        }

        @Test func `six megabytes each way on all three streams`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    let input = (0..<6_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
                    let command = SSHCommand(
                        "tee /dev/stderr", standardInput: input, deadline: .seconds(60), outputLimit: 20 << 20)
                    let result = try await client.run(command, on: try daemon.endpoint())
                    #expect(result.standardOutput == input)
                    #expect(result.standardError == input)
                    #expect(result.exitStatus == 0)
                }
            }
        }

        @Test func `more output than the limit stops the command, and the session lives on (F48)`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint()
                    let error = try await failure {
                        try await client.run(SSHCommand("exec yes", outputLimit: 100_000), on: endpoint)
                    }
                    #expect(error.code == .outputLimitExceeded(limit: 100_000))
                    #expect(error.mayHaveRun)
                    #expect(try await client.run(SSHCommand("echo on"), on: endpoint).text == "on\n")
                    #expect(client.counters.total.connections == 1)
                }
            }
        }

        @Test func `ten commands one after the other use one connection`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint()
                    for index in 0..<10 {
                        #expect(try await client.run(SSHCommand("echo \(index)"), on: endpoint).text == "\(index)\n")
                    }
                    let traffic = try #require(client.counters.endpoints[endpoint])
                    #expect(traffic.connections == 1)
                    #expect(traffic.execs == 10)
                    #expect(traffic.bytesReceived > 1000 && traffic.bytesSent > 1000)
                }
            }
        }

        @Test func `sixty commands at once share one connection within its channels`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint()
                    let texts = try await withThrowingTaskGroup(of: String.self) { group in
                        for index in 0..<60 {
                            group.addTask {
                                let command = SSHCommand("echo \(index); head -c 40000 /dev/zero >&2")
                                return try await client.run(command, on: endpoint).text
                            }
                        }
                        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
                    }
                    #expect(texts.count == 60)
                    #expect(client.counters.total.connections == 1)
                }
            }
        }

        @Test func `MaxSessions 1: commands queue instead of failing (F07)`() async throws {
            try await withSSHD(options: ["MaxSessions 1"]) { daemon in
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint()
                    let count = try await withThrowingTaskGroup(of: Int32?.self) { group in
                        for _ in 0..<12 {
                            group.addTask { try await client.run(SSHCommand("true"), on: endpoint).exitStatus }
                        }
                        return try await group.reduce(0) { $0 + ($1 == 0 ? 1 : 0) }
                    }
                    #expect(count == 12)
                    #expect(client.counters.total.connections == 1)
                }
            }
        }

        @Test func `MaxSessions 0: refused, with the cure (F07)`() async throws {
            try await withSSHD(options: ["MaxSessions 0"]) { daemon in
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint()
                    let error = try await failure { try await client.run(SSHCommand("true"), on: endpoint) }
                    guard case .channelRefused = error.code else {
                        Issue.record("\(error)")
                        return
                    }
                    #expect(error.description.contains("MaxSessions"))
                }
            }
        }

        @Test func `IPv6 and a DNS name reach the same sshd`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    for address in ["::1", "localhost"] {
                        let endpoint = try daemon.endpoint(address)
                        #expect(try await client.run(SSHCommand("echo $SSH_CONNECTION"), on: endpoint).exitStatus == 0)
                    }
                }
            }
        }
    }
}
