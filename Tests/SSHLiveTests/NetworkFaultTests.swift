// A host that does not answer as it should: each fault has its own error, in time, and nobody else waits for it.
import Foundation
import SSHTransport
import Testing

extension LiveSSHTests {
    @Suite struct NetworkFaultTests {
        /// Short deadlines, so that a silent host costs a test half a second.
        private func hasty(_ configuration: inout SSHConfiguration) {
            configuration.deadlines.connection = .milliseconds(400)
            configuration.deadlines.handshake = .milliseconds(500)
            configuration.deadlines.retrying = .milliseconds(900)
        }

        private func endpoint(_ port: UInt16, _ address: String = "127.0.0.1") -> SSHEndpoint {
            SSHEndpoint(address: address, port: port, user: "root")
        }

        @Test func `refused port, silent host, black hole and unknown name are told apart (F08)`() async throws {
            let silent = try FakePeer(.silent)
            let hole = try BlackHole()
            defer {
                silent.stop()
                hole.stop()
            }
            try await withSSHD { daemon in
                try await using(try daemon.client(hasty)) { client in
                    let closed = try FreePort.find()
                    let cases: [(SSHEndpoint, SSHError.Code)] = [
                        (endpoint(closed), .refused), (endpoint(silent.port), .timedOut(.handshake)),
                        (endpoint(hole.port), .timedOut(.connection)),
                    ]
                    for (endpoint, code) in cases {
                        let error = try await failure { try await client.run(SSHCommand("true"), on: endpoint) }
                        #expect(error.code == code)
                        #expect(error.isUnavailable && !error.mayHaveRun)
                    }
                    let named = endpoint(22, "no-such-host.invalid")
                    let error = try await failure { try await client.run(SSHCommand("true"), on: named) }
                    guard case .nameNotResolved = error.code else {
                        Issue.record("\(error)")
                        return
                    }
                }
            }
        }

        @Test func `reset before the banner: tried again until the deadline, then its own error (F06)`() async throws {
            let rude = try FakePeer(.closes(saying: "Exceeded MaxStartups\r\n"))
            defer { rude.stop() }
            try await withSSHD { daemon in
                try await using(try daemon.client(hasty)) { client in
                    let error = try await failure { try await client.run(SSHCommand("true"), on: endpoint(rude.port)) }
                    #expect(error.code == .resetBeforeBanner)
                    #expect(rude.accepted >= 2)
                }
            }
        }

        @Test func `something that is not ssh is named`() async throws {
            let web = try FakePeer(.closes(saying: "\r\nHTTP/1.0 400 Bad Request\r\n\r\n"))
            defer { web.stop() }
            try await withSSHD { daemon in
                try await using(try daemon.client(hasty)) { client in
                    let error = try await failure { try await client.run(SSHCommand("true"), on: endpoint(web.port)) }
                    guard case .handshakeFailed = error.code else {
                        Issue.record("\(error)")
                        return
                    }
                }
            }
        }

        @Test func `a window full of silent hosts does not stop the next one (F47)`() async throws {
            let silent = try FakePeer(.silent)
            defer { silent.stop() }
            try await withSSHD { daemon in
                let client = try daemon.client { configuration in
                    configuration.limits.connectWindow = 4
                    configuration.deadlines.handshake = .seconds(60)
                }
                try await using(client) { client in
                    let waiting = (1...4).map { index in
                        Task {
                            try await client.run(SSHCommand("true"), on: endpoint(silent.port, "127.0.0.1\(index)"))
                        }
                    }
                    let waitingToo = (1...4).map { index in
                        var endpoint = endpoint(silent.port)
                        endpoint.user = "user\(index)"
                        return Task { [endpoint] in try await client.run(SSHCommand("true"), on: endpoint) }
                    }
                    let good = try daemon.endpoint()
                    let start = ContinuousClock.now
                    #expect(try await client.run(SSHCommand("true"), on: good).exitStatus == 0)
                    #expect(ContinuousClock.now - start < .seconds(20))
                    for task in waiting + waitingToo { task.cancel() }
                    for task in waitingToo {
                        let error = try await failure { try await task.value }
                        #expect(error.code == .cancelled)
                    }
                }
            }
        }

        @Test func `MaxStartups 10:30:100 and 150 at once: none is lost (F06)`() async throws {
            try await withSSHD(options: ["MaxStartups 10:30:100"]) { daemon in
                try await using(try daemon.client()) { client in
                    let endpoints = try (1...150).map { try daemon.endpoint("127.3.0.\($0)") }
                    let results = try await withThrowingTaskGroup(of: Int32?.self) { group in
                        for endpoint in endpoints {
                            group.addTask { try await client.run(SSHCommand("true"), on: endpoint).exitStatus }
                        }
                        return try await group.reduce(into: [Int32?]()) { $0.append($1) }
                    }
                    #expect(results.count == 150 && results.allSatisfy { $0 == 0 })
                }
            }
        }

        @Test func `a hanging command meets its deadline while others go on (F47)`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint()
                    let hanging = Task {
                        try await client.run(SSHCommand("exec sleep 20", deadline: .milliseconds(700)), on: endpoint)
                    }
                    for _ in 0..<5 {
                        #expect(try await client.run(SSHCommand("true"), on: endpoint).exitStatus == 0)
                    }
                    let error = try await failure { try await hanging.value }
                    #expect(error.code == .timedOut(.command))
                    #expect(error.mayHaveRun)
                    #expect(try await client.run(SSHCommand("true"), on: endpoint).exitStatus == 0)
                }
            }
        }

        @Test func `connection lost in mid-command: outcome unknown, never run again (F09)`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint()
                    let file = daemon.path("runs")
                    let command = SSHCommand("echo once >> \(file); kill -9 $PPID; sleep 1")
                    let error = try await failure { try await client.run(command, on: endpoint) }
                    #expect(error.code == .connectionLost(inMidCommand: true))
                    #expect(error.mayHaveRun)
                    #expect(try String(contentsOfFile: file, encoding: .utf8) == "once\n")
                    #expect(try await client.run(SSHCommand("true"), on: endpoint).exitStatus == 0)
                    #expect(client.counters.total.connections == 2)
                }
            }
        }

        @Test func `a session that died while it was idle is replaced without a word`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint()
                    let pid = try await client.run(SSHCommand("echo $PPID"), on: endpoint).text
                    kill(try #require(Int32(pid.dropLast())), SIGKILL)
                    #expect(try await client.run(SSHCommand("echo here"), on: endpoint).text == "here\n")
                    #expect(client.counters.total.connections == 2)
                }
            }
        }

        @Test func `cancelling the task ends a running command, a queued one and a connecting one`() async throws {
            let silent = try FakePeer(.silent)
            defer { silent.stop() }
            try await withSSHD { daemon in
                try await using(try daemon.client { $0.limits.channels = 1 }) { client in
                    let endpoint = try daemon.endpoint()
                    let mark = daemon.path("running")
                    // The one channel must be the first one's before the second asks for it.
                    let running = Task {
                        try await client.run(SSHCommand("touch \(mark); exec sleep 20"), on: endpoint)
                    }
                    #expect(try await eventually { FileManager.default.fileExists(atPath: mark) })
                    let queued = Task { try await client.run(SSHCommand("exec sleep 20"), on: endpoint) }
                    let connecting = Task { try await client.run(SSHCommand("true"), on: self.endpoint(silent.port)) }
                    for task in [running, queued, connecting] {
                        task.cancel()
                        let error = try await failure { try await task.value }
                        #expect(error.code == .cancelled)
                    }
                    #expect(try await client.run(SSHCommand("true"), on: endpoint).exitStatus == 0)
                }
            }
        }
    }
}
