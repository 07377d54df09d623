// `muster open`: the page, logged in by a code that works once and for a minute.
import ArgumentParser
import ControlPlane
import FleetModel

struct OpenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "Print an address that opens the status page, logged in, once within 60 seconds.",
        discussion: """
            Example: muster open
            From a lab: muster lab forward 8443 198.18.1.2:8443
                        muster open --at 127.0.0.1:8443
            """)

    @OptionGroup var options: RegionOptions
    @Option(help: "Print this address and port instead of the manager's own, for a relay.") var at: String?

    func run() async throws {
        let address = try await options.remote().calling(refreshing: false) { try await $0.pageAddress() }.exposed
        guard let at, let path = address.range(of: "/open?") else { return Console.line(address) }
        Console.line("https://\(at)" + address[path.lowerBound...])
    }
}
