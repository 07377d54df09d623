// A whole control plane on 127.0.0.1 with TLS, and clients for it.

import FleetModel
import Foundation
import ServiceLifecycle

@testable import ControlPlane

extension Fixture {
    /// Runs the server, calls `body` with its port, and stops the server as SIGTERM would.
    func live<Value: Sendable>(
        _ surroundings: Surroundings = .system, listen: String = "127.0.0.1", port: Int = 0,
        _ body: @escaping @Sendable (Int, ControlPlaneServer) async throws -> Value
    ) async throws -> Value {
        let server = server(surroundings, listen: listen, port: port)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let group = try server.serviceGroup(signals: []) { continuation.yield($0) }
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            guard let port = await ports.first(where: { _ in true }) else { throw CancellationError() }
            do {
                let value = try await body(port, server)
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                return value
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
        }
    }

    func client(
        _ port: Int, _ token: TokenText? = nil, addresses: [String] = ["127.0.0.1"], authorityPEM: String? = nil
    ) throws -> ControlPlaneClient {
        try ControlPlaneClient(
            addresses: addresses, port: port, authorityPEM: authorityPEM ?? authority.certificatePEM,
            token: token?.secret)
    }

    /// Calls `body` with a client that is shut down after it.
    func with<Value: Sendable>(
        _ client: ControlPlaneClient, _ body: (ControlPlaneClient) async throws -> Value
    ) async throws -> Value {
        do {
            let value = try await body(client)
            await client.shutdown()
            return value
        } catch {
            await client.shutdown()
            throw error
        }
    }
}

/// Polls until `condition` holds; fails the test's wait after `deadline`.
func eventually(
    _ what: String, within deadline: Duration = .seconds(20), isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + deadline
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(50))
    }
    throw FleetProblem(.failed, "test-deadline", subject: "test", "did not become true in time: \(what)")
}
