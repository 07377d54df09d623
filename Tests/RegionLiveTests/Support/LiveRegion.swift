// A lab and an operator's machine for the length of a story: a home folder of its own, the real `muster` as a child
// process in the lab's network, and everything that it printed, kept for the scan for secrets.
import FleetModel
import Foundation
import Lab
import Testing

/// Real regions on this machine: a lab takes both cores, so one story at a time.
@Suite(.serialized, .enabled(if: LabGate.isOpen, "this machine cannot carry lab hosts; the reason is printed above"))
enum LiveRegionTests {}

/// One region on lab hosts, as its operator sees it.
struct LiveRegion: Sendable {
    let lab: LabRegion
    /// Manifests, keys and `home` (`$MUSTER_HOME`) lie in it.
    let folder: String
    let evidence: Evidence
    /// Hosts of the lab.
    let count: Int
    /// More of the operator's environment.
    var variables: [String: String] = [:]

    var home: String { "\(folder)/home" }
    /// What `muster` keeps of region `lab`.
    var regionFolder: String { "\(home)/lab" }

    /// Runs `muster` in the lab's network to its end; what it printed becomes evidence.
    func muster(
        _ words: String..., home: String? = nil, deadline: Duration = .seconds(300)
    ) async throws -> LabResult {
        try await muster(words, home: home, deadline: deadline)
    }

    func muster(_ words: [String], home: String? = nil, deadline: Duration = .seconds(300)) async throws -> LabResult {
        let start = ContinuousClock.now
        let result = try await lab.run(
            [try MusterBinary.path] + words, environment: environment(home: home), deadline: deadline)
        evidence.add("muster \(words.joined(separator: " "))", result)
        note("muster \(words.joined(separator: " ")): exit \(result.status), \(start.duration(to: .now).inSeconds)")
        return result
    }

    /// The same, failing the test with all that was printed unless it ended with `code`.
    @discardableResult func muster(
        _ words: String..., exits code: Int32, home: String? = nil, location: SourceLocation = #_sourceLocation
    ) async throws -> LabResult {
        let result = try await muster(words, home: home)
        try #require(
            result.status == code,
            "muster \(words.joined(separator: " ")) ended with \(result.status):\n\(result.output)\(result.errors)",
            sourceLocation: location)
        return result
    }

    func environment(home: String? = nil) -> [String: String] {
        [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": folder,
            "MUSTER_HOME": home ?? self.home, "MUSTER_LAB": lab.state,
        ].merging(variables) { $1 }
    }

    /// What a command printed in a host, without the white space around it; an error unless it ended with 0.
    func said(_ host: Int, _ command: String, location: SourceLocation = #_sourceLocation) async throws -> String {
        let result = try await lab.ssh(host, command)
        try #require(
            result.status == 0, "h\(host): \(command): \(result.errors)\(result.output)", sourceLocation: location)
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Writes a manifest of region `lab` on the lab's hosts, all of them unless some are named, and gives its path.
    func manifest(
        _ name: String = "lab", managers: Int = 3, roles: [Int: String] = [:], access: [String: String] = [:],
        hosts chosen: [Int]? = nil, failedHosts: String = "20%", bastion: Int? = nil
    ) throws -> String {
        var keys = ["user": "root", "keyFile": "${MUSTER_LAB}/id_ed25519", "knownHosts": "${MUSTER_LAB}/known_hosts"]
        keys.merge(access) { $1 }
        let members = keys.sorted { $0.key < $1.key }.map { "\($0.key): \"\($0.value)\"" }
        let bastionMember = bastion.map { ["bastion: {address: \(lab.address(of: $0)), user: root}"] } ?? []
        // Behind a bastion nobody else is let in, this machine neither.
        let allowed = bastion.map { "\(lab.address(of: $0))/32" } ?? "198.18.0.0/16"
        let hosts = (chosen ?? Array(1...count)).map { host in
            let role = roles[host].map { ", role: \($0)" } ?? ""
            return
                "  - {name: h\(host), address: \(lab.address(of: host)), domain: \(["a", "b", "c"][(host - 1) % 3]), "
                + "cluster: control\(role)}"
        }
        let text = """
            muster: 1
            region: lab
            access: {\((members + bastionMember).joined(separator: ", "))}
            domains: [a, b, c]
            clusters: [{name: control, control: true, managers: \(managers)}]
            hosts:
            \(hosts.joined(separator: "\n"))
            network: {addressPool: 10.201.0.0/16, subnetBits: 24}
            controlPlane: {port: 8443, allowFrom: [\(allowed)]}
            budgets: {failedHosts: "\(failedHosts)"}
            """
        let path = "\(folder)/\(name).yaml"
        try (text + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}

/// Makes the lab and the operator's machine, runs `body`, and removes both whatever happens in between.
///
/// - Parameter more: up to how many hosts there are in the end, if those beyond `count` are bare plain ones.
func withRegion(
    _ count: Int, flavour: LabFlavour = .plain, engine: Bool = false, upTo more: Int? = nil,
    _ body: (LiveRegion) async throws -> Void
) async throws {
    _ = try MusterBinary.path
    try await withLab(count, flavour: flavour, engine: engine) { lab async throws in
        if let more { try await lab.up(count: more) }
        let folder = try Scratch.make()
        defer { Scratch.remove(folder) }
        let region = LiveRegion(lab: lab, folder: folder, evidence: Evidence(), count: more ?? count)
        try FileManager.default.createDirectory(
            atPath: region.home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let watch = Task { await region.evidence.watch(region.regionFolder) }
        defer { watch.cancel() }
        do { try await body(region) } catch {
            note("what `muster` printed:\n\(region.evidence.transcript)")
            throw error
        }
    }
}

/// Temporary folders, for their owner only. Those of test runs that were killed are swept by the next.
enum Scratch {
    private static let prefix = "muster-region-test-"

    static func make() throws -> String {
        sweep()
        let path = "/var/tmp/\(prefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        return path
    }

    private static func sweep() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/var/tmp")) ?? []
        for name in names where name.hasPrefix(prefix) {
            let owner = name.dropFirst(prefix.count).prefix { $0 != "-" }
            if !FileManager.default.fileExists(atPath: "/proc/\(owner)") { remove("/var/tmp/\(name)") }
        }
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}

/// The executable under test: it lies beside the test bundle.
enum MusterBinary {
    static var path: String {
        get throws {
            let bundle = CommandLine.arguments.first { $0.contains(".xctest") }
            let beside = bundle.map { $0.prefix(upTo: $0.range(of: ".xctest")!.lowerBound) }
                .map { ($0 as NSString).deletingLastPathComponent + "/muster" }
            let given = ProcessInfo.processInfo.environment["MUSTER_BINARY"]
            let path = given ?? beside ?? "\(repository)/.build/debug/muster"
            try #require(
                FileManager.default.isExecutableFile(atPath: path),
                "executable `\(path)` is not built; run `swift build`, or name another with MUSTER_BINARY")
            return path
        }
    }

    /// This checkout, for the manifests that it ships.
    static let repository = #filePath.components(separatedBy: "/Tests/RegionLiveTests/")[0]
}

/// Says to who watches how far a story is.
func note(_ text: String) { FileHandle.standardError.write(Data("    \(text)\n".utf8)) }

/// Polls until the condition holds; false if it does not within the deadline.
func eventually(within deadline: Duration, _ condition: () async throws -> Bool) async rethrows -> Bool {
    let start = ContinuousClock.now
    while start.duration(to: .now) < deadline {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(20))
    }
    return false
}

extension Duration {
    var inSeconds: String { String(format: "%.1f s", self / .seconds(1)) }
}
