// What the command line knows of a control plane: an authority, some addresses, a token. It trusts that authority and
// no other, asks the managers in turn, and fails closed.

import AsyncHTTPClient
package import FleetModel
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A client of one region's control plane.
package final class ControlPlaneClient: Sendable {
    package let addresses: [String]
    package let port: Int
    let token: Secret?
    let http: HTTPClient
    /// nil: managers are reached directly.
    private let way: (any ControlPlaneWay)?

    /// `addresses` are tried in this order. A token is needed by all calls but `health`.
    package init(
        addresses: [String], port: Int = 8443, authorityPEM: String, token: Secret? = nil,
        way: (any ControlPlaneWay)? = nil
    ) throws(FleetProblem) {
        (self.addresses, self.port, self.token, self.way) = (addresses, port, token, way)
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: try Self.configuration(authorityPEM))
    }

    /// Calls `body` with a client that is shut down after it, however it ends.
    package static func with<Value: Sendable>(
        addresses: [String], port: Int = 8443, authorityPEM: String, token: Secret? = nil,
        way: (any ControlPlaneWay)? = nil, _ body: (ControlPlaneClient) async throws -> Value
    ) async throws -> Value {
        let client = try ControlPlaneClient(
            addresses: addresses, port: port, authorityPEM: authorityPEM, token: token, way: way)
        do {
            let value = try await body(client)
            await client.shutdown()
            return value
        } catch {
            await client.shutdown()
            throw error
        }
    }

    /// Closes the connections. Every client must be shut down.
    package func shutdown() async {
        try? await http.shutdown()
        await way?.close()
    }

    private static func configuration(_ authorityPEM: String) throws(FleetProblem) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        do {
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authorityPEM.utf8)))
        } catch {
            throw FleetProblem(
                .rejected, "authority-unreadable", subject: "context", "the region's authority is not readable PEM",
                hint: "take the context anew from whoever brought the region up")
        }
        tls.minimumTLSVersion = .tlsv13
        tls.certificateVerification = .fullVerification
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        // 4 s for a manager that is gone: three of them are asked within the patience of a person.
        configuration.timeout = .init(connect: .seconds(4))
        // Otherwise it would ask a dead manager again and again instead of the next one.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return configuration
    }
}

/// One request, before it is known who will answer it.
struct Call: Sendable {
    var method: HTTPMethod = .GET
    var path: String
    var body: Data?
    var contentType = "application/json"
    var accept = "application/json"
    var timeout = Duration.seconds(30)
    /// Whether asking another manager is harmless when this one's answer was lost.
    var isRepeatable = true
    /// Other statuses than 2xx that are an answer and no problem.
    var alsoTakes: Set<Int> = []
}

/// What came back.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: Data

    func json<Value: Decodable>(_ type: Value.Type) throws(FleetProblem) -> Value {
        do {
            return try JSONDecoder().decode(type, from: body)
        } catch {
            throw FleetProblem(
                .failed, "answer-unreadable", subject: "control plane", "its answer is not what this `muster` expects",
                cause: "\(error)", hint: "use the `muster` of the control plane's version")
        }
    }
}

extension ControlPlaneClient {
    /// The largest answer: an inventory, as the server takes it.
    private static let answerLimit = 256 << 20

    func ask(_ call: Call) async throws(FleetProblem) -> Answer {
        let response = try await reach(call)
        let status = Int(response.status.code)
        do {
            let body = Data(buffer: try await response.body.collect(upTo: Self.answerLimit))
            if (200..<300).contains(status) || call.alsoTakes.contains(status) {
                return Answer(status: status, headers: response.headers, body: body)
            }
            throw Self.problem(status, body)
        } catch let problem as FleetProblem {
            throw problem
        } catch {
            throw lost(["the answer broke off: \(Self.words(error))"])
        }
    }

    /// The first manager's answer, whatever it says. An answer is an answer: only silence leads to the next manager.
    func reach(_ call: Call) async throws(FleetProblem) -> HTTPClientResponse {
        var tried: [String] = []
        for address in addresses {
            let base: String
            do { base = try await self.base(address) } catch {
                tried.append("`\(Self.hostAndPort(address, port))` \(error.subject): \(error.message)")
                continue
            }
            do {
                return try await http.execute(request(call, base), timeout: .init(call.timeout))
            } catch {
                tried.append("`\(Self.hostAndPort(address, port))` \(Self.words(error))")
                if error is CancellationError || (error as? HTTPClientError) == .cancelled { break }
                // Sent, and the answer lost: who cannot be asked twice is not asked elsewhere.
                if !call.isRepeatable, !Self.isBeforeSending(error) { break }
            }
        }
        throw lost(tried)
    }

    /// Where the manager at `address` is asked.
    private func base(_ address: String) async throws(FleetProblem) -> String {
        guard let way else { return Self.hostAndPort(address, port) }
        return Self.hostAndPort("127.0.0.1", try await way.localPort(to: address, port: port))
    }

    private func request(_ call: Call, _ base: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "https://\(base)\(call.path)")
        request.method = call.method
        request.headers.add(name: "accept", value: call.accept)
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token.exposed)") }
        if let body = call.body {
            request.headers.add(name: "content-type", value: call.contentType)
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        return request
    }

    static func hostAndPort(_ address: String, _ port: Int) -> String {
        address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }

    private func lost(_ tried: [String]) -> FleetProblem {
        FleetProblem(
            .unavailable, "control-plane-unreachable", subject: "control plane",
            "no manager answered: " + (tried.isEmpty ? "there is no address to ask" : tried.joined(separator: ", ")),
            hint: "look whether the managers run, and whether `controlPlane.allowFrom` has this machine")
    }

    static func problem(_ status: Int, _ body: Data) -> FleetProblem {
        if let problem = try? JSONDecoder().decode(FleetProblem.self, from: body) { return problem }
        return FleetProblem(
            .failed, "answer-unexpected", subject: "control plane", "it answered \(status) without a reason",
            hint: "look whether another program answers at this address")
    }

    /// Whether an error came before any byte of the request was sent.
    private static func isBeforeSending(_ error: any Error) -> Bool {
        switch error {
        case is NIOConnectionError, is NIOSSLError, is NIOSSLExtraError: true
        case let error as HTTPClientError: error == .connectTimeout || error == .tlsHandshakeTimeout
        case let error as IOError: error.errnoCode == ECONNREFUSED || error.errnoCode == EHOSTUNREACH
        case _: false
        }
    }

    static func words(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .connectTimeout: "did not answer in time"
        case let error as HTTPClientError where error == .deadlineExceeded: "did not finish in time"
        case let error as HTTPClientError: error.shortDescription
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { words($0.error) } ?? "could not be connected to"
        case let error as IOError: String(cString: strerror(error.errnoCode)).lowercased()
        case is NIOSSLError, is NIOSSLExtraError: "is not trusted by the region's authority"
        case _: "\(error)"
        }
    }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) { self = .milliseconds(Int64(duration.inSeconds * 1000)) }
}
