// `muster lab ls`.
import ArgumentParser
import FoundationEssentials
import Lab

struct LabList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Show the lab's hosts.", discussion: "Example: muster lab ls --json")

    @OptionGroup var options: LabOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        try await reportingLabErrors {
            let hosts = try options.lab().hosts()
            guard json else { return print(labTable(hosts)) }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(hosts), as: UTF8.self))
        }
    }
}

/// The hosts as a table with a head, columns as wide as they need to be.
func labTable(_ hosts: [LabHost]) -> String {
    let head = ["HOST", "ADDRESS", "FLAVOUR", "STATE", "PID", "ENGINE"]
    let rows = hosts.map { host in
        let pid = host.pid.map(String.init) ?? "-"
        return [host.name, host.address, host.flavour.rawValue, host.state.rawValue, pid, host.hasEngine ? "yes" : "no"]
    }
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    let lines = ([head] + rows).map { row in
        let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
    return lines.joined(separator: "\n")
}
