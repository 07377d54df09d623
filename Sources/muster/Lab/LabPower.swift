// `muster lab kill`, `start`, `cut` and `heal`: the mains and the network cable of hosts.
import ArgumentParser
import Lab

struct LabKill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "Cut hosts' power: all that runs in them is gone, their disks stay.",
        discussion: "Example: muster lab kill 2 3")

    @OptionGroup var options: LabOptions
    @Argument(help: "Hosts, by number or name.") var hosts: [LabHostArgument]

    func run() async throws {
        try await reportingLabErrors { try await options.lab().kill(hosts.map(\.index)) }
    }
}

struct LabStart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Give hosts power, and wait until their sshd answer.",
        discussion: "Example: muster lab start 2 3")

    @OptionGroup var options: LabOptions
    @Argument(help: "Hosts, by number or name.") var hosts: [LabHostArgument]

    func run() async throws {
        try await reportingLabErrors { try await options.lab().start(hosts.map(\.index)) }
    }
}

struct LabCut: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cut", abstract: "Pull hosts' network cables; the hosts run on.",
        discussion: "Example: muster lab cut 2")

    @OptionGroup var options: LabOptions
    @Argument(help: "Hosts, by number or name.") var hosts: [LabHostArgument]

    func run() async throws {
        try await reportingLabErrors { try await options.lab().cut(hosts.map(\.index)) }
    }
}

struct LabHeal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heal", abstract: "Put hosts' network cables back.", discussion: "Example: muster lab heal 2")

    @OptionGroup var options: LabOptions
    @Argument(help: "Hosts, by number or name.") var hosts: [LabHostArgument]

    func run() async throws {
        try await reportingLabErrors { try await options.lab().heal(hosts.map(\.index)) }
    }
}
