// `muster lab ls`.
import ArgumentParser
import FoundationEssentials
import Lab

struct LabList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Show the lab's hosts.", discussion: "Example: muster lab ls --json")

    @OptionGroup var options: LabOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        try await reportingLabErrors {
            let hosts = try options.lab().hosts()
            guard json else { return print(LabHost.table(of: hosts)) }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(hosts), as: UTF8.self))
        }
    }
}
