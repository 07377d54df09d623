// Slow, frozen and far hosts, odd names and noisy shells: what is waited for, how long, and who does not wait.
import Foundation
import Glibc
@testable import SSHTransport
import Synchronization
import Testing

/// Counts from 1, whoever asks.
private final class Tally: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}

extension LiveSSHTests {
    @Suite struct LivenessTests {
        private func count(_ client: SSHClient, _ endpoints: [SSHEndpoint]) async throws -> Int {
            try await withThrowingTaskGroup(of: Int32?.self) { group in
                for endpoint in endpoints {
                    group.addTask { try await client.run(SSHCommand("true"), on: endpoint).exitStatus }
                }
                return try await group.reduce(0) { $0 + ($1 == 0 ? 1 : 0) }
            }
        }

        @Test func `a host that freezes in mid-command is noticed after five silent keepalives (F09)`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client { $0.limits.keepalive = .milliseconds(200) }) { client in
                    let endpoint = try daemon.endpoint()
                    let answer = try await client.run(SSHCommand("echo $PPID"), on: endpoint).text
                    let pid = try #require(Int32(answer.dropLast()))
                    let running = Task { try await client.run(SSHCommand("exec sleep 60"), on: endpoint) }
                    #expect(try await eventually { client.counters.total.execs == 2 })
                    kill(pid, SIGSTOP)
                    defer { kill(pid, SIGKILL) }
                    let start = ContinuousClock.now
                    let error = try await failure { try await running.value }
                    #expect(error.code == .connectionLost(inMidCommand: true) && error.mayHaveRun)
                    let time = ContinuousClock.now - start
                    #expect(time > .milliseconds(500) && time < .seconds(3), "\(time)")
                    #expect(try await client.run(SSHCommand("true"), on: endpoint).exitStatus == 0)
                }
            }
        }

        @Test func `a slow command that answers keepalives is not taken for a frozen one (F47)`() async throws {
            try await withSSHD { daemon in
                // libssh2 asks every two seconds at most; without an answer it would be lost after 3.5 s.
                try await using(try daemon.client { $0.limits.keepalive = .milliseconds(700) }) { client in
                    let result = try await client.run(SSHCommand("sleep 4.2; echo late"), on: try daemon.endpoint())
                    #expect(result.text == "late\n")
                }
            }
        }

        @Test func `a long way widens the window: 80 hosts at 60 ms, four at once at first`() async throws {
            try await withSSHD { daemon in
                let relay = try DelayRelay(to: daemon.port, delay: .milliseconds(30))
                defer { relay.stop() }
                let endpoints = try (1...80).map { index in
                    var endpoint = try daemon.endpoint("127.10.0.\(index)")
                    endpoint.port = relay.port
                    return endpoint
                }
                let client = try daemon.client {
                    $0.limits.connectWindow = 4
                    $0.assumedTrip = .milliseconds(60)
                }
                try await using(client) { client in
                    let start = ContinuousClock.now
                    let answered = try await count(client, endpoints)
                    #expect(answered == 80)
                    // Four at once need 20 × 7 round trips of 60 ms: 8.4 s.
                    let time = ContinuousClock.now - start
                    #expect(time < .seconds(5), "\(time)")
                }
            }
        }

        @Test func `one thread for all sessions`() async throws {
            try await withSSHD { daemon in
                func loops() throws -> Int {
                    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count { task in
                        let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
                        return name?.hasPrefix("muster-") == true
                    }
                }
                let before = try loops()
                try await using(try daemon.client()) { client in
                    let endpoints = try (1...30).map { try daemon.endpoint("127.11.0.\($0)") }
                    let answered = try await count(client, endpoints)
                    let during = try loops()
                    #expect(answered == 30 && during == before + 1)
                }
                #expect(try await eventually { try loops() == before })
            }
        }

        @Test func `a client raises the soft limit of descriptors to the hard one (F48)`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { _ in
                    let limits = try String(contentsOfFile: "/proc/self/limits", encoding: .utf8)
                    let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
                    let words = line.split(separator: " ")
                    #expect(words[3] == words[4])
                }
            }
        }

        @Test func `a name server that fails twice, and a name with nothing but an IPv6 address (F08)`() async throws {
            try await withSSHD { daemon in
                let asked = Tally()
                let client = try daemon.client { configuration in
                    configuration.lookUp = { name, port in
                        if asked.next() <= 2 {
                            return .failed(reason: "temporary failure in name resolution", isTemporary: true)
                        }
                        return Resolver.numeric(name == "six" ? "::1" : "127.0.0.1", port: port)!
                    }
                }
                try await using(client) { client in
                    let endpoints = try ["flapping", "six"].map { try daemon.endpoint($0) }
                    let answered = try await count(client, endpoints)
                    #expect(answered == 2)
                    #expect(asked.next() == 5)
                }
            }
        }

        @Test func `a name server that stays silent: its own error at the deadline (F08)`() async throws {
            try await withSSHD { daemon in
                let client = try daemon.client { configuration in
                    configuration.deadlines.resolution = .milliseconds(400)
                    configuration.lookUp = { _, _ in .failed(reason: "try again", isTemporary: true) }
                }
                try await using(client) { client in
                    let endpoint = try daemon.endpoint("nowhere")
                    let error = try await failure { try await client.run(SSHCommand("true"), on: endpoint) }
                    #expect(error.code == .nameNotResolved(reason: "try again"))
                }
            }
        }

        @Test func `banner, noise on stdout and a login shell of its own spoil neither script nor upload (F10)`()
            async throws
        {
            let shell = "/tmp/\(TestAccount.name)/noisy-shell"
            try await withSSHD(options: ["Banner /etc/passwd", "ForceCommand \(shell)"]) { daemon in
                let text = "#!/bin/sh\necho 'Welcome!'; echo hush >&2\nexec /bin/bash -c \"$SSH_ORIGINAL_COMMAND\"\n"
                try text.write(toFile: shell, atomically: true, encoding: .utf8)
                try tool("/usr/bin/chmod", ["755", shell])
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint()
                    let script = SSHCommand(
                        "exec /bin/sh -s -- 'a b'", standardInput: Array("echo \"frame $1\"\n".utf8))
                    #expect(try await client.run(script, on: endpoint).text == "Welcome!\nframe a b\n")
                    let file = try SSHFile(path: "/etc/passwd")
                    let upload = SSHUpload(file: file, target: daemon.path("copy"), mode: 0o600)
                    #expect(try await client.upload(upload, on: endpoint) == .written)
                    #expect(FileManager.default.contentsEqual(atPath: upload.target, andPath: file.path))
                }
            }
        }
    }
}
