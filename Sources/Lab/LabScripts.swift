// The shell scripts that boot hosts come with the binary and are laid into the lab's state folder, where its
// supervisors go on to run them after we have ended.
import LoadTestData

enum LabScripts {
    static func bytes(_ name: String) -> [UInt8] { labScripts[name] ?? [] }

    /// Lays all scripts into a folder. A running supervisor keeps the file that it began with: each is replaced whole.
    static func lay(into folder: String) throws(LabError) {
        try Files.makeFolder(folder)
        for (name, bytes) in labScripts { try Files.write("\(folder)/\(name)", bytes, mode: 0o755) }
    }
}
