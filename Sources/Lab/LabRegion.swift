// A lab: real bare hosts on this machine, known by the folder that holds their disks and keys. Everything else about it
// (its network, its control groups) is named after that folder, so that labs side by side never meet, and one that
// crashed can be taken down by name alone.
import Glibc

/// A lab on this machine; making the value touches nothing.
package struct LabRegion: Sendable {
    package static let defaultState = "/var/tmp/muster-lab"

    /// Holds `known_hosts`, `id_ed25519`, `env` and the hosts' disks.
    package let state: String
    /// Of its network namespace and control groups.
    package let name: String
    package let cache: String

    /// - Parameters:
    ///   - state: the lab's folder; `$MUSTER_LAB`, else `/var/tmp/muster-lab`.
    ///   - name: made from `state` unless given; given once, `up` keeps it in the folder.
    ///   - cache: the layers that all labs share.
    /// - Throws: *rejected* if a path or the name cannot be used.
    package init(
        state: String? = nil, name: String? = nil, cache: String = "/var/cache/muster-lab"
    ) throws(LabError) {
        let given = state ?? getenv("MUSTER_LAB").map { String(cString: $0) } ?? Self.defaultState
        let path = Files.resolved(given.hasPrefix("/") ? given : "\(Files.resolved("."))/\(given)")
        try Self.checkPath(path)
        try Self.checkPath(cache)
        self.state = path
        self.cache = cache
        let known = Files.line("\(path)/name") ?? LabRegistry.entries().first { $0.state == path }?.name
        self.name = name ?? known ?? "muster-\(Fingerprint.hex(path.utf8).prefix(8))"
        try Self.checkName(self.name)
    }

    package var knownHostsPath: String { "\(state)/known_hosts" }
    package var clientKeyPath: String { "\(state)/id_ed25519" }
    /// `export MUSTER_LAB=… MUSTER_KEY=…` for a shell.
    package var environmentPath: String { "\(state)/env" }

    package func address(of host: Int) -> String { LabAddress.address(of: host) }

    var network: NetworkNamespace { NetworkNamespace(name: name) }
    var subject: String { "lab `\(name)`" }
    var hostsFolder: String { "\(state)/hosts" }
    var scriptsFolder: String { "\(state)/scripts" }

    func entry(owner: Int32?) -> LabRegistry.Entry {
        LabRegistry.Entry(name: name, state: state, owner: owner, cache: cache)
    }

    func disk(of host: Int) -> String { "\(hostsFolder)/\(LabAddress.name(of: host))" }

    /// What the scripts are told about this lab and this machine.
    var scriptEnvironment: [String: String] {
        let groups = ControlGroups.ofThisMachine()
        return [
            "PATH": systemPath, "LAB_STATE": state, "LAB_NAME": name, "LAB_ADDRESS": LabAddress.gateway,
            "LAB_CONTROL_GROUPS": groups.words, "LAB_KILL_GROUPS": groups.killFolder,
        ]
    }

    /// overlayfs parts its options by commas and colons, our scripts part words by blanks.
    static func checkPath(_ path: String) throws(LabError) {
        let isPlain = path.utf8.allSatisfy { byte in
            let character = Character(UnicodeScalar(byte))
            return byte < 128 && (character.isLetter || character.isNumber || "/._-+@".contains(character))
        }
        guard isPlain, path.hasPrefix("/"), path != "/" else {
            throw LabError(
                .rejected, "lab", "`\(path)` cannot hold a lab: use letters, digits and any of `/._-+@`",
                hint: "choose another folder with `--state`")
        }
    }

    static func checkName(_ name: String) throws(LabError) {
        let isPlain = name.utf8.allSatisfy { byte in
            let character = Character(UnicodeScalar(byte))
            return byte < 128 && (character.isLetter || character.isNumber || character == "-")
        }
        guard isPlain, (1...40).contains(name.utf8.count), !name.hasPrefix("-") else {
            throw LabError(
                .rejected, "lab", "`\(name)` cannot be a lab's name", hint: "use up to 40 letters, digits and `-`")
        }
    }

    /// Runs one of our scripts with arguments, and says what it said if it fails.
    func runScript(_ script: String, _ arguments: [String], extra: [String: String] = [:]) async throws(LabError) {
        let environment = scriptEnvironment.merging(extra) { $1 }
        let result = try await Subprocess(
            arguments: ["sh", "\(scriptsFolder)/\(script)"] + arguments, environment: environment,
            deadline: .seconds(120)  // a thousand disks take some 30 s
        ).run()
        guard result.status == 0 else {
            let last = result.errors.split(separator: "\n").last.map(String.init) ?? "status \(result.status)"
            throw LabError(
                .failed, subject, "`\(script)` failed: `\(last)`", hint: "run `muster lab down` and then `up` again")
        }
    }

    /// Runs blocking work that throws our error.
    func blocking<R: Sendable>(
        _ work: @escaping @Sendable () throws(LabError) -> R
    ) async throws(LabError) -> R {
        try await offload { Result { () throws(LabError) in try work() } }.get()
    }

    func locked() async throws(LabError) -> LabLock {
        let name = name
        return try await blocking { () throws(LabError) in try LabLock(name) }
    }
}
