// What the steps of one run share, and which managers a step may turn to when the planned one is lost (F27).
import FleetModel

/// The surroundings of the steps of one run.
struct RunContext: Sendable {
    let journal: StepJournal
    let keeper: LeaseKeeper?
    let known: KnownFacts
    /// The policy's hosts and those that leave, with their places in the manifest.
    private let hosts: [HostID: (place: Int, policy: HostPolicy)]

    init(hosts: [HostPolicy], journal: StepJournal, keeper: LeaseKeeper?, known: KnownFacts) {
        (self.journal, self.keeper, self.known) = (journal, keeper, known)
        self.hosts = Dictionary(hosts.enumerated().map { ($1.name, (place: $0, policy: $1)) }) { first, _ in first }
    }

    func host(_ name: HostID) -> HostPolicy? { hosts[name]?.policy }

    /// The planned host and the managers of the cluster that were last seen at work; those that answer come first.
    func managers(of cluster: ClusterID, planned: HostID) -> [HostPolicy] {
        let (working, silent) = known.managers
        let others = working.subtracting([planned]).compactMap { hosts[$0] }.filter { $0.policy.cluster == cluster }
        let all = [host(planned)].compactMap { $0 } + others.sorted { $0.place < $1.place }.map(\.policy)
        return all.filter { !silent.contains($0.name) } + all.filter { silent.contains($0.name) }
    }
}
