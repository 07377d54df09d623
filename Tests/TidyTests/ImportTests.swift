// The import rules of design.md §5: dependencies point down, and the pure targets import nothing that could read a
// clock, roll a die or touch the world.
import Testing

@Suite("Imports") struct ImportTests {
    /// What each target may import of ours and of others' packages. Modules of the toolchain are free, but for `pure`.
    private static let allowed: [String: Set<String>] = [
        "FleetModel": ["Collections"],
        "FleetPlanner": ["FleetModel"],
        "CapacityPlanner": ["FleetModel"],
        "DockerEngine": ["FleetModel"],
        // The one addition to design.md §5: it renders docker's commands and reads what docker says.
        "FleetReconciler": ["FleetModel", "FleetPlanner", "DockerEngine", "Logging"],
        "SSHTransport": ["CLibSSH2"],
        "SSHBench": ["SSHTransport"],
        "InventoryStore": ["FleetModel", "InventoryData", "GRDB"],
        "RegionManifest": ["FleetModel", "Yams"],
        "Lab": ["FleetModel", "LoadTestData"],
        "Gzip": ["CZlib"],
        "ControlPlaneImage": ["FleetModel", "Gzip", "CLibCrypto"],
        "FleetLive": [
            "FleetModel", "FleetPlanner", "FleetReconciler", "SSHTransport", "DockerEngine", "InventoryStore",
            "RegionManifest", "Gzip", "HostScripts", "CLinux", "Logging",
        ],
        "FleetSimulator": ["FleetModel", "FleetPlanner", "FleetReconciler"],
        "LoadTest": ["FleetModel", "SSHTransport", "LoadTestData", "AsyncHTTPClient"],
    ]

    /// May import whatever they serve or wire, but never what stands above them.
    private static let wiring: [String: Set<String>] = [
        "ControlPlane": ["muster", "Lab", "LoadTest", "FleetSimulator"], "muster": [],
    ]

    private static let toolchain: Set<String> = [
        "Glibc", "Foundation", "FoundationEssentials", "Synchronization", "Dispatch",
    ]

    /// By pure target: what of the toolchain it may use. Essentials is for JSON only.
    private static let pure: [String: Set<String>] = [
        "FleetModel": [], "FleetPlanner": [], "CapacityPlanner": [], "DockerEngine": ["FoundationEssentials"],
        "FleetReconciler": ["FoundationEssentials", "Synchronization"], "FleetSimulator": ["Synchronization"],
    ]

    private func imports(of file: SourceFile) -> [String] {
        file.lines.compactMap { line in
            let words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
            let start = words.prefix(2).firstIndex(of: "import")
            guard let start, start == 0 || ["package", "public", "internal", "private"].contains(words[0]) else {
                return nil
            }
            return words.dropFirst(start + 1).first.map { String($0.prefix { $0 != "." && $0 != ";" }) }
        }
    }

    @Test("every target imports only what its row allows")
    func rows() {
        var wrong: [String] = []
        for file in Repository.sources {
            for module in imports(of: file) {
                if let row = Self.allowed[file.target] {
                    let free = Self.pure[file.target] ?? Self.toolchain
                    if !row.contains(module) && !free.contains(module) {
                        wrong.append("\(file.path) imports \(module)")
                    }
                } else if let above = Self.wiring[file.target] {
                    if above.contains(module) { wrong.append("\(file.path) imports \(module)") }
                } else {
                    wrong.append("\(file.target) has no row in this test: add it with an ADR")
                }
            }
        }
        #expect(wrong == [])
    }

    @Test("nobody imports the executable, and tests are nobody's dependency")
    func executable() {
        for file in Repository.swift { #expect(!imports(of: file).contains("muster"), "\(file.path)") }
    }

    /// What reads a clock, rolls a die or does IO without any import.
    private static let impure = [
        "ContinuousClock", "SuspendingClock", "Clock()", ".random(", "shuffled()", "randomElement()", "SystemRandom",
        " print(",
        "readLine(", "CommandLine", "Task.sl" + "eep", "Date()", "UUID()", "hashValue",
    ]

    @Test("pure targets use no clock, no randomness, no IO")
    func purity() {
        var wrong: [String] = []
        for file in Repository.sources where Self.pure[file.target] != nil {
            for (number, line) in file.lines.enumerated() where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                for word in Self.impure where line.contains(word) {
                    wrong.append("\(file.path):\(number + 1): \(word)")
                }
            }
        }
        #expect(wrong == [])
    }

    @Test("at most fourteen code targets, data and system targets not counted, and the image's beside them")
    func count() {
        let targets = Set(Repository.sources.map(\.target))
        #expect(targets.count <= 15, "\(targets.sorted())")
    }
}
