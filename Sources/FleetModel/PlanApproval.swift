// What people agree to before a plan that takes much away may run (F44): a typed number, never a habit of pressing `y`.

/// Why a plan wants an approval.
package struct PlanApproval: Hashable, Codable, Sendable {
    /// Hosts that it removes: the number that must be typed.
    package var removedHosts: Int
    /// Hosts of the region before it.
    package var hosts: Int
    /// Managers that it removes or demotes, by name.
    package var managers: [HostID]

    package init(removedHosts: Int, hosts: Int, managers: [HostID]) {
        (self.removedHosts, self.hosts, self.managers) = (removedHosts, hosts, managers)
    }
}
