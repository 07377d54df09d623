// Typed names: a host can never be passed where a cluster is meant, and both read as plain strings in JSON.

/// A name of something of kind `Of`, unique among its kind within one region.
package struct Identifier<Of>: RawRepresentable, Hashable, Comparable, Sendable {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(_ rawValue: some StringProtocol) { self.rawValue = String(rawValue) }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension Identifier: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self.rawValue = value }
}

extension Identifier: CustomStringConvertible {
    package var description: String { rawValue }
}

extension Identifier: Codable, CodingKeyRepresentable {
    package init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    /// Lets dictionaries keyed by names be JSON objects.
    package var codingKey: any CodingKey { NameKey(stringValue: rawValue) }

    package init?(codingKey: some CodingKey) { self.init(rawValue: codingKey.stringValue) }
}

private struct NameKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// The kinds that identifiers name; no values of them exist.
package enum Named {
    package enum Region {}
    package enum Domain {}
    package enum Cluster {}
    package enum Host {}
    package enum Node {}
    package enum Step {}
    package enum Plan {}
    package enum Run {}
}

package typealias RegionID = Identifier<Named.Region>
package typealias DomainID = Identifier<Named.Domain>
package typealias ClusterID = Identifier<Named.Cluster>
package typealias HostID = Identifier<Named.Host>
/// Docker's own id of a Swarm node.
package typealias NodeID = Identifier<Named.Node>
package typealias StepID = Identifier<Named.Step>
package typealias PlanID = Identifier<Named.Plan>
package typealias RunID = Identifier<Named.Run>
