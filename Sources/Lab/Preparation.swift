// The read-only layers that every host of every lab on this machine shares: made once, by prepare.sh, under a key that
// changes with all that they depend on. A host's disk is a thin writable layer over them.
import Glibc

struct Preparation: Sendable {
    let cache: String

    static let defaultCache = "/var/cache/muster-lab"

    /// What the repository inside the lab offers, with what these recommend.
    static let packages = [
        "docker.io", "docker-registry", "iptables", "ca-certificates", "curl", "procps", "iputils-ping",
        "busybox-static", "systemd-sysv", "dbus",
    ]

    /// A fresh machine takes 50-90 s for all layers; ten times that is a dead mirror, not a slow one.
    private static let deadline = Duration.seconds(900)

    /// Makes what is missing, and returns the folder of the layers.
    func prepared(
        _ flavour: LabFlavour, engine: Bool, scripts: String, progress: @escaping @Sendable (String) -> Void
    ) async throws(LabError) -> String {
        let source = try await PackageSource.ofThisMachine()
        let folder = "\(cache)/\(Self.key(source, isLimited: Self.isLimited))"
        let layers = Self.layers(flavour, engine: engine)
        if layers.allSatisfy({ Files.isFolder("\(folder)/\($0)") }) { return folder }
        try Files.makeFolder(folder)
        progress("lab: preparing \(flavour.rawValue) hosts from `\(source.mirror)` (once, about a minute)")
        let command = [
            "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "\(scripts)/prepare.sh",
            folder,
        ]
        let result = try await Subprocess(
            arguments: command + layers, environment: environment(source), deadline: Self.deadline, ownsGroup: false,
            onErrorLine: { progress("lab: \($0)") }
        ).run()
        guard result.status == 0 else { throw failure(folder, result) }
        return folder
    }

    /// In the order in which they are made.
    static func layers(_ flavour: LabFlavour, engine: Bool) -> [String] {
        ["root", "repo", flavour.rawValue] + (engine ? ["engine-\(flavour.rawValue)"] : [])
    }

    /// What overlayfs takes as `lowerdir`: the uppermost first.
    static func lowerFolders(_ folder: String, _ flavour: LabFlavour, engine: Bool) -> String {
        layers(flavour, engine: engine).filter { $0 != "repo" }.reversed().map { "\(folder)/\($0)" }
            .joined(separator: ":")
    }

    /// Names the layers: another suite, archive, package list, script or set of rights makes others.
    static func key(_ source: PackageSource, isLimited: Bool) -> String {
        let parts = source.lines + packages + ["\(isLimited)"]
        let script = LabScripts.bytes("prepare.sh")
        return "\(source.suite)-\(Fingerprint.hex(Array(parts.joined(separator: "\n").utf8) + script))"
    }

    /// Whether this machine's root may not raise limits (CAP_SYS_RESOURCE, bit 24), as in many containers.
    static var isLimited: Bool { !Capabilities.ofThisProcess().has(24) }

    private func environment(_ source: PackageSource) -> [String: String] {
        [
            "PATH": systemPath, "HOME": "/root", "LAB_MIRROR": source.mirror, "LAB_SUITE": source.suite,
            "LAB_SOURCES": source.lines.joined(separator: "\n"), "LAB_PACKAGES": Self.packages.joined(separator: " "),
            "LAB_ADDRESS": LabAddress.gateway, "LAB_LIMITED": Self.isLimited ? "yes" : "",
        ]
    }

    private func failure(_ folder: String, _ result: LabResult) -> LabError {
        let log = Files.text("\(folder)/prepare.log") ?? ""
        let last = log.split(separator: "\n").last.map(String.init) ?? result.errors
        return LabError(
            .failed, "lab", "preparing hosts ended with status \(result.status): `\(last)`",
            hint: "see `\(folder)/prepare.log`; check that this machine reaches its package source (`apt-get update`)")
    }
}

/// Where Debian keeps its programs, for scripts that get no other environment of ours.
let systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/// FNV-1a, 64 bits: names for things that differ, where nobody tries to make two alike.
enum Fingerprint {
    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
