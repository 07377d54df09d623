// `muster up`: check, plan, apply and hand off; the one command. After the hand off it asks the control plane.
import ArgumentParser

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Make the region what its manifest says, and hand it to its own control plane.",
        discussion: """
            Example: muster up bootstrap/regions/lab.yaml
            Run it again at any time: it goes on from what it finds, and changes nothing where nothing is to be done.
            Exit codes: 0 done; 1 failed; 2 refused; 4 done, but for hosts inside the failure budget.
            """)

    @OptionGroup var options: ManifestOptions
    @OptionGroup var recording: EventOptions
    @OptionGroup var approval: ApprovalOptions
    @Flag(help: "Print the result as JSON.") var json = false

    func run() async throws { try await recording.recording { try await result() } }

    private func result() async throws -> Int32 {
        try await RegionUp(session: OperatorSession(options), isJSON: json, approval: approval.approval).run()
    }
}
