// `muster lab down`.
import ArgumentParser
import Lab

struct LabDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Take the lab down and prove that nothing is left of it.",
        discussion: """
            Ends every process, and removes network, control groups, keys and disks. Safe to repeat, and after a \
            crash. Keeps the layers that all labs share, unless --purge is given.
            Example: muster lab down
            """)

    @OptionGroup var options: LabOptions

    @Flag(help: "Also remove the shared layers.")
    var purge = false

    func run() async throws {
        try await reportingLabErrors {
            let lab = try options.lab()
            try await lab.down(purge: purge)
            print("the lab in `\(lab.state)` is down, nothing is left of it")
        }
    }
}
