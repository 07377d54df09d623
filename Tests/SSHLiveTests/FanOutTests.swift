// Many hosts through one loop, and nothing left behind afterwards.
import Foundation
import Glibc
import SSHTransport
import Testing

extension LiveSSHTests {
    @Suite struct FanOutTests {
        private func all(_ client: SSHClient, _ endpoints: [SSHEndpoint], _ text: String) async -> [Result<
            SSHResult, SSHError
        >] {
            await withTaskGroup(of: Result<SSHResult, SSHError>.self) { group in
                for endpoint in endpoints {
                    group.addTask {
                        do throws(SSHError) {
                            return .success(try await client.run(SSHCommand(text), on: endpoint))
                        } catch { return .failure(error) }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }

        private func successes(_ results: [Result<SSHResult, SSHError>]) -> Int {
            results.count { if case .success(let result) = $0 { result.exitStatus == 0 } else { false } }
        }

        @Test func `300 addresses, each a session of its own`() async throws {
            try await withSSHD { daemon in
                let endpoints = try (0..<300).map { try daemon.endpoint("127.4.\($0 / 250).\($0 % 250 + 1)") }
                try await using(try daemon.client()) { client in
                    #expect(successes(await all(client, endpoints, "true")) == 300)
                    #expect(client.counters.endpoints.count == 300)
                    #expect(client.counters.total.connections == 300)
                }
            }
        }

        @Test func `held sessions stay within their limit, the one unused for longest makes room (F48)`() async throws {
            try await withSSHD { daemon in
                let endpoints = try (1...40).map { try daemon.endpoint("127.5.0.\($0)") }
                try await using(try daemon.client { $0.limits.sessions = 10 }) { client in
                    #expect(successes(await all(client, endpoints, "true")) == 40)
                    let mine = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
                        isSocket("/proc/self/fd/\($0)", to: daemon.port)
                    }
                    #expect(mine <= 10)
                }
            }
        }

        /// The peer's port of a descriptor, asked from the kernel.
        private func isSocket(_ path: String, to port: UInt16) -> Bool {
            guard let number = Int32(path.split(separator: "/").last ?? "") else { return false }
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(number, $0, &size) }
            }
            return result == 0 && UInt16(bigEndian: address.sin_port) == port
        }

        @Test func `after shutdown no socket and no thread is left, and commands are refused`() async throws {
            try await withSSHD { daemon in
                let endpoints = try (1...30).map { try daemon.endpoint("127.6.0.\($0)") }
                let client = try daemon.client()
                #expect(successes(await all(client, endpoints, "true")) == 30)
                let last = Task { try await client.run(SSHCommand("exec sleep 20"), on: endpoints[0]) }
                #expect(try await eventually { client.counters.total.execs == 31 })
                await client.shutdown()
                await client.shutdown()
                let error = try await failure { try await last.value }
                #expect(error.code == .shutDown && error.mayHaveRun)
                let late = try await failure { try await client.run(SSHCommand("true"), on: endpoints[1]) }
                #expect(late.code == .shutDown && !late.mayHaveRun)
                let left = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
                    isSocket("/proc/self/fd/\($0)", to: daemon.port)
                }
                #expect(left == 0)
            }
        }
    }
}
