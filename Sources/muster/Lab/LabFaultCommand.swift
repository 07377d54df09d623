// `muster lab fault`: gives hosts the faults that Muster has to meet, and takes them away again.
import ArgumentParser
import Lab

struct LabFaultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault",
        abstract: "Give a host a fault, or take it away: full disk, held lock, skewed clock, changed key and more.",
        discussion: """
            `muster lab ls` shows which host has which. Examples:

              muster lab fault add held-lock 2
              muster lab fault add skewed-clock 3 -600
              muster lab fault clear all 3
            """,
        subcommands: [Add.self, Clear.self, List.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a running host a fault; with another value if it has it already.",
            discussion: "Example: muster lab fault add occupied-port 2 7946")

        @OptionGroup var options: LabOptions
        @Argument(help: "The fault's name, see `fault ls`.") var fault: LabFault
        @Argument(help: "The host, by number or name.") var host: LabHostArgument
        @Argument(parsing: .captureForPassthrough, help: "What the fault takes, see `fault ls`.")
        var value: [String] = []

        func run() async throws {
            guard value.count < 2 else { throw ValidationError("a fault takes one value") }
            try await reportingLabErrors { try await options.lab().addFault(fault, value.first, to: host.index) }
        }
    }

    struct Clear: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a fault away, or `all` that the host has.",
            discussion: "Example: muster lab fault clear all 2")

        @OptionGroup var options: LabOptions
        @Argument(help: "The fault's name, or `all`.") var fault: String
        @Argument(help: "The host, by number or name.") var host: LabHostArgument

        func run() async throws {
            let named = LabFault(rawValue: fault)
            guard named != nil || fault == "all" else {
                throw ValidationError("no fault is called `\(fault)`; `muster lab fault ls` lists them")
            }
            try await reportingLabErrors {
                let lab = try options.lab()
                guard let named else { return try await lab.clearFaults(from: host.index) }
                try await lab.clearFault(named, from: host.index)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "The faults that there are, and what each takes.",
            discussion: "Example: muster lab fault ls")

        func run() {
            let rows = LabFault.allCases.map { ("\($0.rawValue) HOST \($0.usage)", $0.summary) }
            let width = rows.map(\.0.count).max() ?? 0
            for (usage, summary) in rows {
                print(usage + String(repeating: " ", count: width - usage.count + 2) + summary)
            }
        }
    }
}

extension LabFault: ExpressibleByArgument {}
