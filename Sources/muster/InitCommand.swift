// `muster init`: a manifest from what people have already: addresses, an Ansible inventory, an ssh configuration.
import ArgumentParser
import FleetModel
import Foundation
import RegionManifest
import SSHTransport

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a commented manifest of a new region.",
        discussion: """
            Examples:
              muster init eu1 10.0.0.1 10.0.0.2 10.0.0.3 --key ~/.ssh/id_ed25519
              muster init eu1 10.0.0.1-20 'web[01:12].example.org' db=10.0.1.9
              muster init eu1 --from-ansible hosts.ini web --domain-from zone
              muster init eu1 --from-ssh-config ~/.ssh/config 'eu1-*'

            Of an inventory or an ssh configuration it takes names, addresses, account, port, key and bastion; \
            passwords are never copied. Host keys come from your known_hosts files. What a manifest cannot say is an \
            error with its line, and nothing is written.
            """)

    @Argument(help: "The region's name: a-z, 0-9 and `-`.") var region: String
    @Argument(help: "Hosts: addresses, names, ranges; with `--from-…` names or groups to take, all when none is given.")
    var hosts: [String] = []
    @Option(
        help: "An Ansible inventory, INI or YAML; `group_vars` and `host_vars` beside it are read.", completion: .file()
    )
    var fromAnsible: String?
    @Option(help: "An OpenSSH client configuration.", completion: .file()) var fromSshConfig: String?
    @Option(help: "The account on all hosts. (default: what the source says, else root)") var user: String?
    @Option(help: "The port of sshd. (default: what the source says, else 22)") var port: Int?
    @Option(help: "Your private key, or a public one whose private half the agent holds.", completion: .file())
    var key: String?
    @Option(help: "A known_hosts file. (default: ~/.ssh/known_hosts and the system's)", completion: .file())
    var knownHosts: String?
    @Option(help: "Managers of the control cluster: 1, 3, 5 or 7. (default: 3, below three hosts 1)") var managers: Int?
    @Option(help: ArgumentHelp("Failure domains, given to the hosts in turn.", valueName: "name,…"))
    var domains: String?
    @Option(help: ArgumentHelp("The inventory's variable that holds a host's failure domain.", valueName: "variable"))
    var domainFrom: String?
    @Option(help: ArgumentHelp("Groups of the inventory that become clusters of their own.", valueName: "group,…"))
    var clusters: String?
    @Option(name: .shortAndLong, help: "Where to write; `-` is standard output. (default: REGION.yaml)")
    var output: String?
    @Flag(help: "Write over a file that is there.") var force = false

    func validate() throws {
        if fromAnsible != nil, fromSshConfig != nil { throw ValidationError("one source at a time") }
        if fromAnsible == nil, fromSshConfig == nil, hosts.isEmpty {
            throw ValidationError("name hosts, or a source with `--from-ansible` or `--from-ssh-config`")
        }
        if fromAnsible == nil, domainFrom != nil || clusters != nil {
            throw ValidationError("`--domain-from` and `--clusters` are about an inventory: `--from-ansible`")
        }
    }

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let path = output ?? "\(region).yaml"
        if path != "-", !force, FileManager.default.fileExists(atPath: path) { throw Self.exists(path) }
        let vouching = try VouchingFiles(named: knownHosts, environment: environment)
        let draft = try ManifestDraft(
            region: region, source: source, options: options(environment), files: SystemFiles(),
            environment: environment, directory: FileManager.default.currentDirectoryPath,
            hostKey: vouching.fingerprint)
        let text = try draft.yaml(file: path, environment: environment)
        if path == "-" { Console.write(text, to: STDOUT_FILENO) } else { try write(text, to: path) }
        for note in draft.notes { Console.aside("note: \(note)") }
        if path != "-" {
            Console.aside(
                "wrote \(path): \(draft.policy.hosts.count) hosts in \(draft.policy.clusters.count) "
                    + "cluster\(draft.policy.clusters.count == 1 ? "" : "s"); next: muster check \(path)")
        }
    }

    private var source: DraftSource {
        if let fromAnsible { return .ansible(path: fromAnsible, patterns: hosts) }
        if let fromSshConfig { return .sshConfig(path: fromSshConfig, patterns: hosts) }
        return .addresses(hosts)
    }

    private func options(_ environment: [String: String]) -> DraftOptions {
        func parts(_ text: String?) -> [String] { text?.split(separator: ",").map(String.init) ?? [] }
        var options = DraftOptions()
        (options.user, options.port, options.managers) = (user, port, managers)
        (options.domains, options.clusters, options.domainVariable) = (parts(domains), parts(clusters), domainFrom)
        options.keyFile = key ?? (fromAnsible == nil && fromSshConfig == nil ? Self.usualKey(environment) : nil)
        return options
    }

    /// The key that ssh would take, if it is of a kind that Muster can use.
    private static func usualKey(_ environment: [String: String]) -> String? {
        ["id_ed25519", "id_ecdsa"].map { "\(environment["HOME"] ?? "")/.ssh/\($0)" }
            .first { FileManager.default.fileExists(atPath: $0) }
    }

    private func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: force ? .atomic : .withoutOverwriting)
        } catch {
            throw FleetProblem(
                .failed, "file-unwritable", subject: "file `\(path)`", "cannot write the manifest",
                cause: error.localizedDescription, hint: "name another with `--output`")
        }
    }

    private static func exists(_ path: String) -> FleetProblem {
        FleetProblem(
            .rejected, "file-exists", subject: "file `\(path)`", "it is there already",
            hint: "write over it with `--force`, or name another with `--output`")
    }
}

/// The known_hosts files that vouch for hosts of a new manifest.
private struct VouchingFiles {
    private let files: [SSHKnownHosts]

    /// Files that are not there vouch for nothing; one that was named must be there.
    init(named: String?, environment: [String: String]) throws {
        if let named {
            do { files = [try SSHKnownHosts(path: named)] } catch {
                throw FleetProblem(.rejected, "known-hosts", subject: error.subject, error.message, hint: error.hint)
            }
        } else {
            let usual = ["\(environment["HOME"] ?? "")/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"]
            files = usual.compactMap { try? SSHKnownHosts(path: $0) }
        }
    }

    func fingerprint(_ address: String, _ port: Int) -> String? {
        files.lazy.compactMap { $0.fingerprints(address: address, port: UInt16(clamping: port)).first }.first?
            .description
    }
}

/// `muster manifest`: about the form of manifests itself.
struct ManifestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest", abstract: "The form of manifests.", subcommands: [Schema.self])

    struct Schema: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "schema", abstract: "Print the JSON Schema of manifests, for editors and checks.",
            discussion: "Example: muster manifest schema > manifest.schema.json")

        func run() { Console.write(Manifest.schema(), to: STDOUT_FILENO) }
    }
}
