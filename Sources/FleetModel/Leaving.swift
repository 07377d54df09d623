// Hosts that people took out of the manifest: the target still knows how they are reached, until they are gone.

extension FleetPolicy {
    /// Hosts that `parent` has and this policy has not, by name. Whoever observes a region observes these too.
    package func leaving(after parent: Blueprint?) -> [HostPolicy] {
        guard let parent else { return [] }
        let staying = Set(hosts.map(\.name))
        return parent.hosts.merging(parent.leaving) { now, _ in now }
            .filter { !staying.contains($0.key) }
            .map { HostPolicy(leaving: $0.key, as: $0.value) }
            .sorted { $0.name < $1.name }
    }
}

extension HostPolicy {
    /// What is left of a host's policy when no manifest has it any more.
    package init(leaving name: HostID, as desired: DesiredHost) {
        self.init(
            name: name, address: desired.address, domain: desired.domain, cluster: desired.cluster, role: desired.role,
            labels: desired.labels, hostKey: desired.hostKey)
    }
}
