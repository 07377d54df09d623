// What Muster writes on Swarm objects: so it deletes only what it made (decision 8), and placement knows the domains.

/// Labels and names by which Muster knows its own objects.
package enum MusterLabel {
    package static let region = "io.muster.region"
    /// On the control plane's service and its secrets: the region's public key of the folder that made them.
    package static let regionKey = "io.muster.region-key"
    package static let host = "io.muster.host"
    package static let domain = "io.muster.domain"
    /// Names of the labels that people gave a node through the manifest, joined by commas: only these are ever removed.
    package static let names = "io.muster.labels"

    /// The labels that a node of this region carries, with those that people gave it.
    package static func node(host: HostID, desired: DesiredHost, region: RegionID) -> [String: String] {
        var labels = desired.labels
        if !labels.isEmpty { labels[Self.names] = labels.keys.sorted().joined(separator: ",") }
        labels[Self.region] = region.rawValue
        labels[Self.host] = host.rawValue
        labels[Self.domain] = desired.domain.rawValue
        return labels
    }
}
