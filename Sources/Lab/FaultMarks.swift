// Which faults a host has: one small file each beside its disk, read every time, as all that a lab knows. Those that end
// with the host's power are named so, and the supervisor removes them at each boot.
import Glibc

struct FaultMarks {
    let folder: String

    struct Mark: Equatable, Sendable {
        let fault: LabFault
        let value: String

        /// As `muster lab ls` shows it: `skewed-clock 90`.
        var text: String { value.isEmpty ? fault.rawValue : "\(fault.rawValue) \(value)" }
    }

    private static let volatile = ".boot"

    /// - Parameter hasPower: whether those count that end with the power.
    func all(hasPower: Bool) -> [Mark] {
        LabFault.allCases.filter { hasPower || !$0.endsWithPower }.compactMap { fault in
            Files.line(path(fault)).map { Mark(fault: fault, value: $0) }
        }
    }

    func set(_ mark: Mark) throws(LabError) {
        try Files.makeFolder(folder)
        try Files.write(path(mark.fault), Array("\(mark.value)\n".utf8))
    }

    func remove(_ fault: LabFault) { unlink(path(fault)) }

    private func path(_ fault: LabFault) -> String {
        "\(folder)/\(fault.rawValue)\(fault.endsWithPower ? Self.volatile : "")"
    }
}
