// `muster check`: everything that `up` will need, every host's problems at once; changes nothing.
import ArgumentParser
import FleetModel
import FleetPlanner

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Look at every host for what stands in the way; change nothing.",
        discussion:
            "Example: muster check bootstrap/regions/eu1.yaml --json\nExit code 1 when anything stands in the way.")

    @OptionGroup var options: ManifestOptions
    @Flag(help: "Print the findings and facts as JSON.") var json = false

    func run() async throws {
        let session = try OperatorSession(options, reachesHosts: true)
        let observation = try await session.closing { await session.observer.observation(of: session.policy.hosts) }
        let preflight = Preflight(policy: session.policy, observation: observation)
        if json {
            try Console.json(CheckDocument(observation: observation, findings: preflight.entries))
        } else {
            ObservationTable(policy: session.policy, observation: observation).print()
            ReportText(entries: preflight.entries).print()
            if preflight.entries.isEmpty { Console.line("nothing stands in the way") }
        }
        let stops = preflight.entries.contains { $0.kind == .refused || $0.kind == .quarantined }
        if stops { throw ExitCode(1) }
    }
}

/// What `check --json` prints.
struct CheckDocument: Encodable {
    var schema = 1
    var observation: FleetObservation
    var findings: [ReportEntry]

    init(observation: FleetObservation, findings: [ReportEntry]) {
        (self.observation, self.findings) = (observation, findings)
    }
}
