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
    /// The faults that it was given and still has, each with its value: `skewed-clock 90`.
    package let faults: [String]
}

extension LabHost {
    /// The hosts as a table with a head, columns as wide as they need to be.
    package static func table(of hosts: [LabHost]) -> String {
        let rows = [["HOST", "ADDRESS", "FLAVOUR", "STATE", "PID", "ENGINE", "FAULTS"]] + hosts.map(\.cells)
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.dropLast()
            return (padded + row.suffix(1)).joined(separator: "  ")
        }
        return lines.joined(separator: "\n")
    }

    private var cells: [String] {
        [
            name, address, flavour.rawValue, state.rawValue, pid.map(String.init) ?? "-", hasEngine ? "yes" : "no",
            faults.isEmpty ? "-" : faults.joined(separator: ", "),
        ]
    }
}
