// Host keys that the operator has compared and trusts, kept in the region's folder: `muster hosts trust` writes them,
// and every connection from this machine reads them. They go before a known_hosts file, never before the manifest.
package import FleetModel
import Foundation

/// The pins of one region on this machine.
package struct OperatorPins: Codable, Sendable {
    package struct Pin: Codable, Sendable {
        package var fingerprint: String
        package var at: Timestamp
    }

    /// By `address:port`, because a host whose name changes keeps its key.
    private var pins: [String: Pin] = [:]

    /// The pins in a region's folder; none when there is no file. No folder is made.
    package init(folder: String) throws(FleetProblem) {
        let path = "\(folder)/\(RegionFolder.Item.pins.rawValue)"
        guard let data = FileManager.default.contents(atPath: path) else { return }
        do { self = try JSONDecoder().decode(OperatorPins.self, from: data) } catch {
            throw FleetProblem(
                .rejected, "pins-unreadable", subject: "file `\(path)`", "it holds no host keys",
                hint: "restore it, or remove it and trust the hosts anew")
        }
    }

    package func pin(address: String, port: Int) -> Pin? { pins["\(address):\(port)"] }

    package mutating func set(_ fingerprint: String, address: String, port: Int, at time: Timestamp) {
        pins["\(address):\(port)"] = Pin(fingerprint: fingerprint, at: time)
    }

    package func save(to folder: RegionFolder) throws(FleetProblem) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return }
        try folder.write(data, to: .pins)
    }
}

extension FleetPolicy {
    /// The policy with the key of every host, and of the bastion, that the operator trusts, where the manifest has none.
    package func pinned(by pins: OperatorPins) -> FleetPolicy {
        var policy = self
        for index in policy.hosts.indices where policy.hosts[index].hostKey == nil {
            policy.hosts[index].hostKey =
                pins.pin(address: policy.hosts[index].address, port: access.port)?.fingerprint
        }
        if let bastion = access.bastion, bastion.hostKey == nil {
            policy.access.bastion?.hostKey = pins.pin(address: bastion.address, port: bastion.port)?.fingerprint
        }
        return policy
    }
}
