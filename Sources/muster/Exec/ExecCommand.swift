// `muster hosts exec`: a command, a script or some lines on many hosts at once, over the operator's own key. It needs
// neither inventory nor lease, and it works whether the region is up or not.
import ArgumentParser
import FleetLive
import FleetModel
import Foundation
import SSHTransport

struct ExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a command on hosts, in parallel, with each host's output.",
        discussion: """
            Examples:
              muster hosts exec --all eu1.yaml -- uptime
              muster hosts exec --cluster shop eu1.yaml -- sh -c 'df -h / | tail -1'
              muster hosts exec --hosts 'eu1-0*' --sudo --script fix.sh eu1.yaml -- now
              muster hosts exec --label disk=nvme --each lines.txt --json eu1.yaml

            The words after `--` are one command and its arguments, and reach it as they are: no shell looks into \
            them. Commands read no input. Hosts are reached with your own key, as the manifest says, before and \
            after the hand off.
            Exit codes: 0 all hosts did it; 4 some did not; 1 none did.
            """)

    @OptionGroup(title: "Which hosts") var selection: SelectionOptions
    @Option(help: "Send this POSIX shell script, and run it; the words after `--` are its arguments.")
    var script: String?
    @Option(help: "Run each line of this file as a shell command of its own, in order, until one fails.")
    var each: String?
    @Flag(help: "Run it as root, by sudo as the manifest says; nothing is added where you log in as root.") var sudo =
        false
    @Option(help: ArgumentHelp("How long each command may take.", valueName: "seconds")) var timeout = 300
    @Option(help: ArgumentHelp("How many hosts are at work at once.", valueName: "hosts")) var window = 64
    @Option(help: ArgumentHelp("How much of a host's output is kept.", valueName: "KiB")) var keep = 256
    @Flag(help: "Print one JSON object a host, and one for all at the end.") var json = false
    @Argument(help: "Path of the region's manifest.", completion: .file(extensions: ["yaml", "yml"]))
    var manifest: String
    @Argument(parsing: .postTerminator, help: "The command and its arguments.") var command: [String] = []

    func validate() throws {
        let ways = [!command.isEmpty && script == nil, script != nil, each != nil].filter { $0 }.count
        guard ways == 1 else {
            throw ValidationError("say what to run: words after `--`, or `--script FILE`, or `--each FILE`")
        }
        // A week, a whole fleet, as much as the memory of a small machine takes for one host.
        for (name, value, most) in [
            ("--timeout", timeout, 604_800), ("--window", window, 20_000), ("--keep", keep, 65_536),
        ] where !(1...most).contains(value) {
            throw ValidationError("`\(name)` must be a number from 1 to \(most)")
        }
    }

    func run() async throws {
        let manifestPolicy = try ManifestFile.policy(at: manifest)
        let home = RegionFolder.home(ProcessInfo.processInfo.environment)
        let policy = manifestPolicy.pinned(by: try OperatorPins(folder: "\(home)/\(manifestPolicy.region)"))
        let hosts = try await selection.hosts(of: policy)
        let commands = try commands(root: try elevation(policy))
        try LabGuard.check(policy, hosts: hosts)
        let (client, _) = try OperatorClient.make(policy.access) { configuration in
            // More handshakes at once than keep the cores busy only make the last of them miss their deadline.
            configuration.limits.connectWindow = min(window, configuration.limits.connectWindow)
            configuration.limits.sessions = window
        }
        let report = ExecReport(hosts: hosts, commands: commands, keep: keep << 10, isJSON: json)
        let fanOut = CommandFanOut(
            client: client, access: policy.access, commands: commands, window: window, deadline: .seconds(timeout))
        try await fanOut.run(on: hosts, listening: report.listener, ended: report.ended)
        await client.shutdown()
        let code = try report.finish()
        if code != 0 { throw ExitCode(code) }
    }

    private func elevation(_ policy: FleetPolicy) throws -> Elevation? {
        let access = policy.access
        guard sudo, access.user != "root" else { return nil }
        guard access.sudo != .none else {
            throw FleetProblem(
                .rejected, "exec-sudo", subject: "account `\(access.user)`",
                "`--sudo` needs an account that may become root, the manifest says `sudo: none`",
                hint: "set `access.sudo` in the manifest, or leave `--sudo` away")
        }
        return Elevation(access: access, nonce: makeNonce(), password: try SudoPassword.given(for: policy))
    }

    private func commands(root: Elevation?) throws -> [RemoteCommand] {
        if let script {
            let bytes = try InputFile.bytes(script)
            return [try RemoteCommand(script: bytes, name: script, arguments: command, root: root)]
        }
        guard let each else { return [try RemoteCommand(words: command, root: root)] }
        let lines = String(decoding: try InputFile.bytes(each), as: UTF8.self).split(whereSeparator: \.isNewline)
            .filter { line in !line.allSatisfy(\.isWhitespace) && !line.drop(while: \.isWhitespace).hasPrefix("#") }
        guard !lines.isEmpty else { throw InputFile.problem(each, "it has no command", "write one a line") }
        return try lines.map { try RemoteCommand(shellLine: String($0), root: root) }
    }
}

/// Which hosts of a manifest are meant.
struct SelectionOptions: ParsableArguments {
    @Flag(help: "All hosts of the manifest.") var all = false
    @Option(
        help: ArgumentHelp("These hosts; `*` stands for any letters, `?` for one.", valueName: "name,…"),
        completion: .custom(HostCompletion.names))
    var hosts: [String] =
        []
    @Option(
        help: ArgumentHelp("Hosts of these clusters.", valueName: "name,…"),
        completion: .custom(HostCompletion.clusters))
    var cluster: [String] = []
    @Option(
        help: ArgumentHelp("Hosts of these failure domains.", valueName: "name,…"),
        completion: .custom(HostCompletion.domains))
    var domain: [String] = []
    @Option(help: "Managers only, or workers only.") var role: NodeRole?
    @Option(help: ArgumentHelp("Hosts with this label; all of them when given twice.", valueName: "key=value"))
    var label: [String] = []

    func hosts(of policy: FleetPolicy) async throws -> [HostPolicy] {
        let selection = HostSelection(
            names: Self.parts(hosts), clusters: Self.parts(cluster), domains: Self.parts(domain), role: role,
            labels: label, isAll: all)
        return try selection.hosts(of: policy, roles: role == nil ? [:] : try await KnownRoles.of(policy.region))
    }

    private static func parts(_ texts: [String]) -> [String] {
        texts.flatMap { $0.split(separator: ",").map(String.init) }
    }
}

extension NodeRole: ExpressibleByArgument {}

/// A small file that a verb reads whole.
enum InputFile {
    static func bytes(_ path: String) throws -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: RemoteCommand.maximumScript + 1)
        else { throw problem(path, "cannot read it", "check its name and rights") }
        guard data.count <= RemoteCommand.maximumScript else {
            throw problem(path, "it has more than 1 MiB", "put data into a file on the hosts, and the commands here")
        }
        return [UInt8](data)
    }

    static func problem(_ path: String, _ message: String, _ hint: String) -> FleetProblem {
        FleetProblem(.rejected, "file-unreadable", subject: "file `\(path)`", message, hint: hint)
    }
}
