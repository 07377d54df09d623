// A control plane in a temporary folder, with the tokens of all roles, for tests in process and over TLS. Everything
// that it makes goes when the test ends, however it ends.

import FleetModel
import Foundation
import Hummingbird
import HummingbirdTesting
import InventoryStore
import Logging
import Synchronization

@testable import ControlPlane

/// A clock that tests move.
final class TestClock: Sendable {
    private let time = Mutex(Duration.zero)
    var elapsed: Duration { time.withLock { $0 } }
    func advance(_ by: Duration) { time.withLock { $0 += by } }

    var surroundings: Surroundings {
        Surroundings(
            now: { SampleRegion.start.adding(self.elapsed) }, elapsed: { self.elapsed }, random: { 0.5 },
            wait: { try await Task.sleep(for: $0) })
    }
}

extension Timestamp {
    func adding(_ duration: Duration) -> Timestamp {
        Timestamp(secondsSinceEpoch: secondsSinceEpoch + Int(duration.components.seconds))
    }
}

final class Fixture: Sendable {
    static let handOffToken = TokenText(Secret("muster_hand-off"))
    static let tokens: [APIRole: TokenText] = [
        .viewer: TokenText(Secret("muster_viewer")), .operator: TokenText(Secret("muster_operator")),
        .admin: TokenText(Secret("muster_admin")),
    ]

    let folder: String
    let operations: InMemoryOperations
    let clock = TestClock()
    let authority: RegionAuthority
    let sealingKey = SealingKey.make()

    init(_ world: InMemoryOperations.World = .init()) throws {
        folder = NSTemporaryDirectory() + "muster-control-plane-\(UUID().uuidString)"
        operations = InMemoryOperations(world)
        authority = try RegionAuthority.make(region: SampleRegion.name, now: Timestamp(secondsSinceEpoch: time(nil)))
        try FileManager.default.createDirectory(atPath: folder + "/volume", withIntermediateDirectories: true)
        try write("ca.key", authority.keyPEM.exposed)
        try write("ca.pem", authority.certificatePEM)
        try write("region.key", "the region's key")
    }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: folder + "/" + name))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var configuration: ControlPlaneConfiguration {
        ControlPlaneConfiguration(
            region: SampleRegion.name, listenAddress: "127.0.0.1", port: 0, dataFolder: folder + "/volume",
            authorityKeyFile: folder + "/ca.key", authorityCertificateFile: folder + "/ca.pem",
            regionKeyFile: folder + "/region.key", handOffTokenSHA256: Self.handOffToken.sha256,
            addresses: ["198.18.1.2", "198.18.1.3"], epoch: 1, policy: SampleRegion.policy(), version: "0.1.0")
    }

    var logger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    /// Port 0 is any that is free.
    func server(
        _ surroundings: Surroundings? = nil, listen: String = "127.0.0.1", port: Int = 0
    ) -> ControlPlaneServer {
        var configuration = configuration
        (configuration.listenAddress, configuration.port) = (listen, port)
        return ControlPlaneServer(
            configuration: configuration, operations: operations, surroundings: surroundings ?? clock.surroundings,
            logger: logger)
    }

    /// The file that bring-up hands off.
    func inventoryFile(
        hosts: Int = 5, events: [FleetEvent] = [], at time: Timestamp = SampleRegion.start, isPaused: Bool = false
    ) async throws -> Data {
        let path = folder + "/operator-\(UUID().uuidString).sqlite"
        let inventory = try Inventory(path: path)
        try await inventory.adopt(policy: SampleRegion.policy(hosts: hosts), at: time)
        try await inventory.setTarget(SampleRegion.blueprint(hosts: hosts), at: SampleRegion.start)
        try await inventory.syncHosts(with: SampleRegion.blueprint(hosts: hosts), at: SampleRegion.start)
        for var host in try await inventory.hosts() {
            host.life = .ready
            try await inventory.updateHost(host)
        }
        try await inventory.setSetting(ControlPlaneSetting.recipient, value: sealingKey.recipient)
        for (role, token) in Self.tokens {
            try await inventory.addToken(
                name: "the-\(role.rawValue)", role: role, sha256: token.sha256, at: SampleRegion.start)
        }
        for event in events { try await inventory.append(event) }
        if isPaused { try await inventory.pause() }
        try await inventory.export(to: path + ".out")
        try inventory.close()
        return try Data(contentsOf: URL(filePath: path + ".out"))
    }

    /// A control plane that was handed the sample region.
    func serving(hosts: Int = 5) async throws -> InProcess {
        let plane = try await started()
        _ = try await plane.core.handOff(try await inventoryFile(hosts: hosts))
        return plane
    }

    /// A control plane after its first check.
    func started() async throws -> InProcess {
        let plane = InProcess(server(), of: self)
        await plane.core.check()
        return plane
    }
}

/// A control plane whose routes are asked without a socket.
struct InProcess: Sendable {
    let core: ControlPlaneCore
    let sessions: PageSessions
    /// Its folder goes with the fixture, so the fixture must live as long as what reads the folder.
    private let fixture: Fixture

    init(_ server: ControlPlaneServer, of fixture: Fixture) {
        (core, sessions, self.fixture) = (server.core, server.sessions, fixture)
    }

    struct Reply: Sendable {
        let status: Int
        let headers: HTTPFields
        let body: Data

        func json<Value: Decodable>(_ type: Value.Type) throws -> Value { try JSONDecoder().decode(type, from: body) }
        var problem: FleetProblem { get throws { try json(FleetProblem.self) } }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// Asks one route, from 198.18.0.9 unless told otherwise.
    func ask(
        _ method: HTTPRequest.Method, _ path: String, _ token: TokenText? = nil, body: Data? = nil,
        headers: HTTPFields = [:], peer: String? = "198.18.0.9"
    ) async throws -> Reply {
        let router = RouteTable(core: core, sessions: sessions).router(peer: { _, _ in peer })
        var headers = headers
        if let token { headers[.authorization] = "Bearer \(token.secret.exposed)" }
        let (sent, payload) = (headers, body.map { ByteBuffer(bytes: $0) })
        return try await Application(
            responder: router.buildResponder(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ).test(.router) { client in
            try await client.execute(uri: path, method: method, headers: sent, body: payload) { response in
                Reply(status: response.status.code, headers: response.headers, body: Data(buffer: response.body))
            }
        }
    }

    /// Asks with the token of a role.
    func ask(
        _ method: HTTPRequest.Method, _ path: String, as role: APIRole, json: (any Encodable)? = nil
    ) async throws -> Reply {
        try await ask(method, path, Fixture.tokens[role], body: try json.map { try JSONAnswer.data($0) })
    }

    func events() async throws -> [FleetEvent] { try await core.opened().inventory.events() }
}
