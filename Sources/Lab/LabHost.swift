// What a lab knows of one of its hosts, as `muster lab ls` shows it.

/// What a host runs as its init.
package enum LabFlavour: String, Sendable, CaseIterable, Codable {
    /// busybox init running Debian's /etc/rc2.d: the fastest to boot, as a sysvinit host is.
    case plain
    /// systemd as pid 1.
    case systemd
}

package struct LabHost: Sendable, Equatable, Codable {
    package enum State: String, Sendable, CaseIterable, Codable {
        case up
        /// Runs, with its cable pulled.
        case cut
        /// Has power, and no init yet: it boots or reboots.
        case booting
        case off
    }

    package let index: Int
    package let name: String
    package let address: String
    package let flavour: LabFlavour
    package let state: State
    /// The host's pid 1 as this machine sees it; nil unless it runs.
    package let pid: Int32?
    /// Whether its disk was made with the container engine on it.
    package let hasEngine: Bool
}
