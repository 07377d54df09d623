// Who reaches whom: hosts among each other, and an operator's machine its hosts.
import FleetModel

/// The network of one region.
struct SimulatedNetwork {
    /// Hosts that lie apart from the others, by the number of their part; part 0 is where all others are.
    var parts: [HostID: Int] = [:]
    /// Hosts that operators do not reach.
    var cut: Set<HostID> = []
    /// In percent: how often the connection of one command is lost.
    var loss: [HostID: Int] = [:]

    /// Whether two hosts that are on reach each other.
    func connects(_ one: HostID, _ other: HostID) -> Bool { (parts[one] ?? 0) == (parts[other] ?? 0) }
}
