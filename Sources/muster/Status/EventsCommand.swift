// `muster events`: what happened, by whom; `--follow` stays and shows what happens next.
import ArgumentParser
import ControlPlane
import FleetModel

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "What happened in the region, and by whom.",
        discussion: "Example: muster events --follow")

    @OptionGroup var options: RegionOptions
    @Option(help: "Only events after this sequence number.") var after = 0
    @Option(help: "How many at most.") var limit = 100
    @Flag(help: "Stay, and print events as they happen.") var follow = false
    @Flag(help: "Print one JSON object a line.") var json = false

    func run() async throws {
        try await options.remote().calling(refreshing: false) { client in
            var last = after
            for event in try await client.events(after: after, limit: limit).events {
                try show(event)
                last = event.sequence
            }
            guard follow else { return }
            for try await event in client.eventStream(after: last) { try show(event) }
        }
    }

    private func show(_ event: FleetEvent) throws {
        if json { return try Console.jsonLine(event) }
        Console.line("\(Style.dim("\(event.at)"))  \(event.kind)  \(event.subject): \(event.message)  (\(event.actor))")
    }
}
