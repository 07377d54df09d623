// `muster lab forward`.
import ArgumentParser
import Lab

struct LabForward: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward", abstract: "Relay a port of 127.0.0.1 to an address in the lab, until interrupted.",
        discussion: "Example: muster lab forward 8443 198.18.1.2:8443, then look at https://127.0.0.1:8443/")

    @OptionGroup var options: LabOptions
    @Argument(help: "The port to listen on; 0 for any.") var port: UInt16
    @Argument(help: "ADDRESS:PORT in the lab.") var target: String

    func run() async throws {
        try await reportingLabErrors {
            let relay = try options.lab().forward(port: port, to: target)
            print("127.0.0.1:\(relay.port) -> \(target) (Ctrl-C ends it)")
            flushOutput()
            await relay.finished()
        }
    }
}
