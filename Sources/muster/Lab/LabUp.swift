// `muster lab up`.
import ArgumentParser
import Lab

struct LabUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Make hosts h1 … hN as far as they are missing, and start them.",
        discussion: """
            Running hosts are left alone, so it may be repeated, also with a larger number. The first time on a \
            machine takes a minute, then less than a second a host.
            Example: muster lab up 5 --flavour systemd
            """)

    @OptionGroup var options: LabOptions

    @Argument(help: "How many hosts.")
    var count: Int

    @Option(help: "What runs as init in hosts that are made now: plain (sysvinit style) or systemd.")
    var flavour: LabFlavour = .plain

    @Flag(help: "Hosts that are made now have the container engine installed.")
    var engine = false

    func run() async throws {
        try await reportingLabErrors {
            let lab = try options.lab()
            let start = ContinuousClock.now
            try await lab.up(count: count, flavour: flavour, engine: engine) { say($0) }
            let seconds = start.duration(to: .now) / .seconds(1)
            let rounded = (seconds * 10).rounded() / 10
            print("\(count) hosts are up after \(rounded) s, from \(lab.address(of: 1)) on, in `\(lab.state)`")
            print("for a shell: . \(lab.environmentPath)")
        }
    }
}

extension LabFlavour: ExpressibleByArgument {}
