// Handlers of the routes about the region itself: reading it, and moving the right to change it.

package import FleetModel
import FoundationEssentials
import HTTPTypes
import Hummingbird
import InventoryStore

/// What `GET /v1/region` answers.
package struct RegionAnswer: Codable, Hashable, Sendable {
    package var policy: FleetPolicy
    package var ownership: Ownership
    package var ownedSince: Timestamp
    /// nil before the first.
    package var blueprint: Blueprint?
}

/// Lists are objects, so that they can grow.
package struct ClustersAnswer: Codable, Hashable, Sendable { package var clusters: [ClusterStatus] }
package struct HostsAnswer: Codable, Hashable, Sendable { package var hosts: [HostStatus] }

/// What `GET /v1/hosts/{name}` answers.
package struct HostAnswer: Codable, Hashable, Sendable {
    package var status: HostStatus
    /// The last facts read; nil before the first.
    package var facts: HostFacts?
    package var hostKey: String?
}

extension HTTPField.Name {
    /// Epoch and generation of an inventory that comes as bytes.
    static let musterEpoch = HTTPField.Name("Muster-Epoch") ?? .server
    static let musterGeneration = HTTPField.Name("Muster-Generation") ?? .server
}

extension RouteTable {
    func health(_ asked: Asked) async throws -> Response {
        let (health, stage) = (await core.health(), await core.stage)
        return switch stage {
        case .awaiting, .serving, .paused: try JSONAnswer.response(health)
        case .checking, .refusing: try JSONAnswer.response(health, status: .serviceUnavailable)
        }
    }

    func handOff(_ asked: Asked) async throws -> Response {
        try JSONAnswer.response(try await core.handOff(asked.body))
    }

    func restore(_ asked: Asked) async throws -> Response {
        try JSONAnswer.response(try await core.restore(asked.body))
    }

    func takeBack(_ asked: Asked) async throws -> Response {
        let (handed, bytes) = try await core.takeBack(by: asked.actor)
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/octet-stream", .musterEpoch: String(handed.epoch),
                .musterGeneration: String(handed.generation),
            ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    func sealedCopy(_ asked: Asked) async throws -> Response {
        let bytes = try await core.sealedCopy()
        return Response(
            status: .ok, headers: [.contentType: "application/octet-stream"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    func status(_ asked: Asked) async throws -> Response { try JSONAnswer.response(try await core.status()) }

    func region(_ asked: Asked) async throws -> Response {
        let (inventory, region) = try await core.opened()
        return try JSONAnswer.response(
            RegionAnswer(
                policy: region.policy, ownership: region.ownership, ownedSince: region.ownedSince,
                blueprint: try await inventory.targetBlueprint()))
    }

    func clusters(_ asked: Asked) async throws -> Response {
        try JSONAnswer.response(ClustersAnswer(clusters: try await core.status().clusters))
    }

    func hosts(_ asked: Asked) async throws -> Response {
        try JSONAnswer.response(HostsAnswer(hosts: try await core.status().hosts))
    }

    func host(_ asked: Asked) async throws -> Response {
        let name = HostID(try asked.parameter("name"))
        guard let record = try await core.opened().inventory.host(name),
            let status = try await core.status().hosts.first(where: { $0.name == name })
        else {
            throw APIProblem(
                .notFound, .rejected, "host-unknown", subject: "host `\(name)`", "the region has no such host",
                hint: "`muster hosts list` names those it has")
        }
        return try JSONAnswer.response(HostAnswer(status: status, facts: record.facts, hostKey: record.hostKey))
    }

    func metrics(_ asked: Asked) async throws -> Response {
        let text = try await core.metrics()
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
