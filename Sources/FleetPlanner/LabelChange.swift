// Which labels a node lacks and which it should lose. Only labels that Muster set are ever removed: their names stand
// in a label of their own, because others label nodes too.
import FleetModel

/// The difference between a node's labels and those that it should have.
struct LabelChange {
    let wanted: [String: String]
    let remove: [String]
    /// nil when nothing is to be changed.
    let reason: String?

    init(host: HostID, desired: DesiredHost, region: RegionID, present: [String: String]) {
        let wanted = MusterLabel.node(host: host, desired: desired, region: region)
        let ours = (present[MusterLabel.names] ?? "").split(separator: ",").map(String.init) + [MusterLabel.names]
        let gone = ours.filter { present[$0] != nil && wanted[$0] == nil }.sorted()
        let isLacking = wanted.contains { present[$0.key] != $0.value }
        (self.wanted, remove) = (wanted, gone)
        if !isLacking, !gone.isEmpty {
            let names = gone.filter { $0 != MusterLabel.names }.joined(separator: "`, `")
            reason = "the manifest has no `\(names)` any more"
        } else {
            reason = isLacking ? "placement needs the node's domain and labels" : nil
        }
    }
}
