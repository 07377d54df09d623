// Hosts behind a bastion: sessions in channels of one session, both host keys checked, and one failure for all of them.
import Foundation
import SSHTransport
import Testing

extension LiveSSHTests {
    @Suite struct BastionTests {
        private func behind(
            _ bastion: PrivateSSHD, _ daemon: PrivateSSHD, _ address: String, pinned: [String] = ["ed25519"]
        ) throws -> SSHEndpoint {
            var endpoint = try daemon.endpoint(address, pinned: pinned)
            endpoint.via = try bastion.endpoint()
            return endpoint
        }

        /// A host behind `bastion` that takes connections and never says a word.
        private func silent(_ hole: BlackHole, _ bastion: PrivateSSHD, _ daemon: PrivateSSHD) throws -> SSHEndpoint {
            var endpoint = try behind(bastion, daemon, "127.0.0.1")
            endpoint.port = hole.port
            return endpoint
        }

        /// A client that is `daemon`'s to its hosts and `bastion`'s to the bastion.
        private func client(
            _ bastion: PrivateSSHD, _ daemon: PrivateSSHD, _ adjust: (inout SSHConfiguration) -> Void = { _ in }
        ) throws -> SSHClient {
            try daemon.client {
                $0.bastionIdentity = .keyFile(bastion.path("id_ed25519"))
                adjust(&$0)
            }
        }

        private func withBoth(
            options: [String] = [], _ body: (_ bastion: PrivateSSHD, _ daemon: PrivateSSHD) async throws -> Void
        ) async throws {
            try await withSSHD(options: options) { bastion in
                try await withSSHD { daemon in try await body(bastion, daemon) }
            }
        }

        /// Everyone's answer or error, in the order of the endpoints.
        private func all(
            _ client: SSHClient, _ endpoints: [SSHEndpoint], _ text: String, deadline: Duration = .seconds(60)
        ) async -> [Result<SSHResult, SSHError>] {
            await withTaskGroup(of: (Int, Result<SSHResult, SSHError>).self) { group in
                for (index, endpoint) in endpoints.enumerated() {
                    group.addTask {
                        do throws(SSHError) {
                            let command = SSHCommand(text, deadline: deadline)
                            return (index, .success(try await client.run(command, on: endpoint)))
                        } catch { return (index, .failure(error)) }
                    }
                }
                return await group.reduce(into: [(Int, Result<SSHResult, SSHError>)]()) { $0.append($1) }
                    .sorted { $0.0 < $1.0 }.map(\.1)
            }
        }

        private func errors(_ results: [Result<SSHResult, SSHError>]) -> [SSHError] {
            results.compactMap { result -> SSHError? in
                guard case .failure(let error) = result else { return nil }
                return error
            }
        }

        @Test func `sixty hosts through one session of a bastion that gives nobody a shell (F07)`() async throws {
            try await withBoth(options: ["MaxSessions 0"]) { bastion, daemon in
                let endpoints = try (1...60).map { try behind(bastion, daemon, "127.8.0.\($0)") }
                try await using(try client(bastion, daemon)) { client in
                    let results = await all(client, endpoints, "echo $SSH_CONNECTION; head -c 50000 /dev/zero >&2")
                    #expect(errors(results) == [])
                    for case .success(let result) in results { #expect(result.standardError.count == 50000) }
                    let way = try bastion.endpoint()
                    #expect(client.counters.endpoints[way]?.connections == 1)
                    #expect(client.counters.endpoints[way]?.execs == 0)
                    #expect(client.counters.endpoints.count == 61)
                }
            }
        }

        @Test func `a bastion behind a bastion, and three megabytes each way`() async throws {
            try await withBoth { bastion, daemon in
                var far = try behind(bastion, daemon, "127.8.1.1")
                far.via = try bastion.endpoint("127.8.1.2")
                far.via?.via = try bastion.endpoint("127.8.1.3")
                try await using(try client(bastion, daemon)) { [far] client in
                    let input = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
                    let command = SSHCommand("cat", standardInput: input, outputLimit: 20 << 20)
                    let result = try await client.run(command, on: far)
                    #expect(result.standardOutput == input)
                    #expect(client.counters.total.connections == 3)
                }
            }
        }

        @Test func `the keys of both are checked, and the error names the one that is wrong (F04)`() async throws {
            try await withBoth { bastion, daemon in
                try daemon.makeKey("host_other", type: "ed25519")
                var wrongWay = try behind(bastion, daemon, "127.8.2.1")
                wrongWay.via?.pinnedKeys = try daemon.endpoint(pinned: ["other"]).pinnedKeys
                let wrongHost = try behind(bastion, daemon, "127.8.2.2", pinned: ["other"])
                try await using(try client(bastion, daemon)) { [wrongWay] client in
                    let results = errors(await all(client, [wrongWay, wrongHost], "true"))
                    try #require(results.count == 2)
                    #expect(results[0].subject == "bastion `\(try bastion.endpoint())`")
                    guard case .bastion(.hostKeyChanged) = results[0].code else {
                        Issue.record("\(results[0])")
                        return
                    }
                    #expect(results[1].subject == "host `\(wrongHost)`")
                    guard case .hostKeyChanged = results[1].code else {
                        Issue.record("\(results[1])")
                        return
                    }
                }
            }
        }

        @Test func `a bastion that is down is one failure, the same for all behind it, and soon (F12)`() async throws {
            try await withBoth { bastion, daemon in
                let endpoints = try (1...40).map { try behind(bastion, daemon, "127.8.3.\($0)") }
                try bastion.killAll()
                try await using(try client(bastion, daemon)) { client in
                    let start = ContinuousClock.now
                    let found = errors(await all(client, endpoints, "true"))
                    #expect(found.count == 40 && Set(found.map(\.description)).count == 1)
                    #expect(found.allSatisfy { $0.code == .bastion(.refused) && $0.isUnavailable && !$0.mayHaveRun })
                    #expect(ContinuousClock.now - start < .seconds(5))
                    #expect(client.counters.total.connections == 41)
                }
            }
        }

        @Test func `a bastion killed in the middle: what ran is unknown, what waits goes on when it is back (F12)`()
            async throws
        {
            try await withBoth { bastion, daemon in
                let endpoints = try (1...12).map { try behind(bastion, daemon, "127.8.4.\($0)") }
                try await using(try client(bastion, daemon)) { client in
                    let running = Task { await all(client, endpoints, "exec sleep 30") }
                    #expect(try await eventually { client.counters.total.execs == 12 })
                    try bastion.killAll()
                    let lost = errors(await running.value)
                    #expect(lost.count == 12 && Set(lost.map(\.description)).count == 1)
                    #expect(
                        lost.allSatisfy { $0.code == .bastion(.connectionLost(inMidCommand: true)) && $0.mayHaveRun })
                    let waiting = Task { await all(client, endpoints, "true") }
                    #expect(try await eventually { client.counters.total.connections > 26 })
                    try bastion.startAgain()
                    #expect(errors(await waiting.value) == [])
                }
            }
        }

        @Test func `hosts that the bastion cannot reach, or may not, say so`() async throws {
            try await withBoth { bastion, daemon in
                var closed = try behind(bastion, daemon, "127.8.5.1")
                closed.port = try FreePort.find()
                try await using(try client(bastion, daemon)) { [closed] client in
                    let error = try await failure { try await client.run(SSHCommand("true"), on: closed) }
                    guard case .forwardingRefused(let reason) = error.code, reason.contains("connect failed") else {
                        Issue.record("\(error)")
                        return
                    }
                }
            }
            try await withBoth(options: ["AllowTcpForwarding no"]) { bastion, daemon in
                let endpoint = try behind(bastion, daemon, "127.8.5.2")
                try await using(try client(bastion, daemon)) { client in
                    let error = try await failure { try await client.run(SSHCommand("true"), on: endpoint) }
                    #expect(error.description.contains("prohibited") && error.subject == "host `\(endpoint)`")
                }
            }
        }

        @Test func `three dead hosts behind a bastion hold up nobody else (F47)`() async throws {
            let holes = try (0..<3).map { _ in try BlackHole() }
            defer { for hole in holes { hole.stop() } }
            try await withBoth { bastion, daemon in
                let dead = try holes.map { try silent($0, bastion, daemon) }
                let living = try (1...20).map { try behind(bastion, daemon, "127.8.6.\($0)") }
                try await using(try client(bastion, daemon) { $0.deadlines.connection = .seconds(5) }) { client in
                    let silent = Task { await all(client, dead, "true") }
                    let start = ContinuousClock.now
                    #expect(errors(await all(client, living, "true")) == [])
                    // 0.5 s for each that is found out to be slow; the dead ones themselves take 5 s.
                    #expect(ContinuousClock.now - start < .milliseconds(4500))
                    let codes = errors(await silent.value).map(\.code)
                    #expect(codes == Array(repeating: SSHError.Code.timedOut(.connection), count: 3))
                }
            }
        }

        @Test
        func `fifty silent hosts, more than a bastion had lanes for: those who answer are done meanwhile (F08, F47)`()
            async throws
        {
            let holes = try (0..<50).map { _ in try BlackHole() }
            defer { for hole in holes { hole.stop() } }
            try await withBoth { bastion, daemon in
                let dead = try holes.map { try silent($0, bastion, daemon) }
                let living = try (1...30).map { try behind(bastion, daemon, "127.8.8.\($0)") }
                try await using(try client(bastion, daemon) { $0.deadlines.connection = .seconds(14) }) { client in
                    let silent = Task { await all(client, dead, "true") }
                    // The silent ones stand before the others in every line.
                    let areInLine = try await eventually { client.counters.total.connections >= 50 }
                    #expect(areInLine)
                    let start = ContinuousClock.now
                    #expect(errors(await all(client, living, "true")) == [])
                    #expect(ContinuousClock.now - start < .seconds(12))
                    let codes = errors(await silent.value).map(\.code)
                    #expect(codes == Array(repeating: SSHError.Code.timedOut(.connection), count: 50))
                }
            }
        }

        @Test func `a local port leads through the bastion, as often as it is used, until it is closed`() async throws {
            try await withBoth { bastion, daemon in
                try await using(try client(bastion, daemon)) { client in
                    let way = try bastion.endpoint()
                    let forward = try await client.forward(to: "127.8.7.1", port: daemon.port, via: way)
                    for user in 0..<3 {
                        var local = SSHEndpoint(address: "127.0.0.1", port: forward.port, user: daemon.user)
                        local.pinnedKeys = try daemon.endpoint().pinnedKeys
                        try await using(try daemon.client()) { [local] direct in
                            let input = [UInt8](repeating: UInt8(user), count: 2_000_000)
                            let result = try await direct.run(SSHCommand("cat", standardInput: input), on: local)
                            #expect(result.standardOutput == input)
                        }
                    }
                    forward.close()
                    #expect(try await eventually { !FreePort.answers(forward.port) })
                    let closed = try FreePort.find()
                    let error = try await failure { try await client.forward(to: "127.8.7.1", port: closed, via: way) }
                    guard case .forwardingRefused = error.code else {
                        Issue.record("\(error)")
                        return
                    }
                }
            }
        }
    }
}
