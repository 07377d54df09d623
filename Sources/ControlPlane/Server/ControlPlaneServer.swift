// The control plane as a program: TLS with a leaf made now, the routes, the loop, and a clean end on SIGTERM.

import FleetModel
import FoundationEssentials
import Hummingbird
import HummingbirdTLS
package import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

/// The server that `muster serve` runs.
package struct ControlPlaneServer: Sendable {
    package let configuration: ControlPlaneConfiguration
    let core: ControlPlaneCore
    let sessions: PageSessions
    let surroundings: Surroundings
    let logger: Logger

    /// A connection that says nothing for this long is closed; streams send a heartbeat every 15 s.
    static let idleSeconds: Int64 = 75
    /// Ten days before its leaf ends the process ends itself, and Swarm starts it anew with a fresh one.
    static let leafRenewal = Duration.seconds(80 * 86_400)

    package init(
        configuration: ControlPlaneConfiguration, operations: any RegionOperations,
        surroundings: Surroundings = .system, logger: Logger
    ) {
        (self.configuration, self.surroundings, self.logger) = (configuration, surroundings, logger)
        core = ControlPlaneCore(
            configuration: configuration, operations: operations, surroundings: surroundings, logger: logger)
        sessions = PageSessions(elapsed: surroundings.elapsed)
    }

    /// Serves until SIGTERM or SIGINT. Throws a `FleetProblem` when keys cannot be read or the port cannot be had.
    /// `onRunning` gets the port once connections are taken.
    package func run(onRunning: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        do {
            try await serviceGroup(onRunning: onRunning).run()
        } catch let problem as FleetProblem {
            throw problem
        } catch is CancellationError {
            return
        } catch {
            throw FleetProblem(
                .failed, "serve-failed", subject: "control plane",
                "cannot serve on `\(configuration.listenAddress):\(configuration.port)`", cause: "\(error)",
                hint: "look whether the port is taken")
        }
    }

    func serviceGroup(
        signals: [UnixSignal] = [.sigterm, .sigint], onRunning: @escaping @Sendable (Int) async -> Void
    ) throws -> ServiceGroup {
        let application = Application(
            router: RouteTable(core: core, sessions: sessions).router(),
            server: try .tls(
                .http1(configuration: .init(idleTimeout: .seconds(Self.idleSeconds))), tlsConfiguration: try tls()),
            configuration: .init(
                address: .hostname(configuration.listenAddress, port: configuration.port), serverName: nil),
            onServerRunning: { await onRunning($0.localAddress?.port ?? 0) }, logger: logger)
        let services: [any Service] = [
            application, ControlPlaneLoops(core: core, surroundings: surroundings),
            LeafRenewal(after: Self.leafRenewal),
        ]
        var group = ServiceGroupConfiguration(services: services, gracefulShutdownSignals: signals, logger: logger)
        // Streams end at once; what hangs longer than this is cut. Swarm sends SIGKILL after 10 s.
        group.maximumGracefulShutdownDuration = .seconds(8)
        return ServiceGroup(configuration: group)
    }

    private func tls() throws -> TLSConfiguration {
        let authority = try RegionAuthority.load(
            region: configuration.region, keyPEM: Secret(try SecretFile.text(configuration.authorityKeyFile)),
            certificatePEM: try SecretFile.text(configuration.authorityCertificateFile))
        let leaf = try authority.issueLeaf(addresses: configuration.addresses, now: surroundings.now())
        logger.notice("leaf made", metadata: ["notAfter": "\(leaf.notAfter)"])
        // With the authority behind the leaf a browser can be told to trust it, and `openssl s_client` shows it.
        let chain = try NIOSSLCertificate.fromPEMBytes(
            Array((leaf.certificatePEM + "\n" + authority.certificatePEM).utf8))
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(leaf.keyPEM.exposed.utf8), format: .pem)))
        // Both ends are ours or a browser of today.
        tls.minimumTLSVersion = .tlsv13
        // A client that never says goodbye would hold up a stop for NIO's 5 s; Swarm's patience is 10 s in all.
        tls.shutdownTimeout = .seconds(1)
        return tls
    }
}

/// Ends the process before its certificate does.
private struct LeafRenewal: Service {
    let after: Duration

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await Task.sleep(for: after) }
        } catch is CancellationError {
            return
        }
        throw FleetProblem(
            .unavailable, "leaf-ending", subject: "control plane", "its certificate ends in ten days",
            hint: "it starts anew with a fresh one")
    }
}
