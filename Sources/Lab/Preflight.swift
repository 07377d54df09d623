// Whether this machine can carry hosts at all. All that is wrong is named at once, with what to do about it.
import Glibc

struct Capabilities: Sendable {
    let bits: UInt64

    static func ofThisProcess() -> Capabilities {
        let lines = (Files.text("/proc/self/status") ?? "").split(separator: "\n")
        let word = lines.first { $0.hasPrefix("CapEff:") }?.split(whereSeparator: \.isWhitespace).last
        return Capabilities(bits: word.flatMap { UInt64($0, radix: 16) } ?? 0)
    }

    func has(_ bit: UInt64) -> Bool { bits & (1 << bit) != 0 }
}

enum Preflight {
    /// Debian's packages for the programs that the scripts call.
    private static let tools = [
        ("debootstrap", "debootstrap"), ("apt-ftparchive", "apt-utils"), ("busybox", "busybox-static"),
        ("ip", "iproute2"), ("ssh", "openssh-client"), ("ssh-keygen", "openssh-client"), ("nsenter", "util-linux"),
        ("unshare", "util-linux"), ("flock", "util-linux"), ("setsid", "util-linux"), ("mount", "mount"),
    ]
    /// NET_ADMIN, SYS_CHROOT, SYS_ADMIN and MKNOD, by the kernel's numbers.
    private static let rights: [(UInt64, String)] = [
        (12, "CAP_NET_ADMIN"), (18, "CAP_SYS_CHROOT"), (21, "CAP_SYS_ADMIN"), (27, "CAP_MKNOD"),
    ]

    /// Why no hosts can run on this machine; empty if they can.
    static func problems() -> [String] {
        guard systemName() == "Linux" else { return ["this is not Linux, and hosts are made of Linux's namespaces"] }
        guard geteuid() == 0 else { return ["this needs root (`sudo`)"] }
        let groups = ControlGroups.ofThisMachine()
        return missingRights() + missingFeatures() + missingControllers(groups) + missingTools()
    }

    /// - Throws: all problems in one refusal.
    static func check() throws(LabError) {
        let problems = problems()
        guard problems.isEmpty else {
            throw LabError(
                .refused, "lab", "this machine cannot carry hosts: \(problems.joined(separator: "; "))",
                hint: "docs/lab.md lists what a lab needs")
        }
    }

    static func checkRoot() throws(LabError) {
        guard geteuid() == 0 else {
            throw LabError(.refused, "lab", "this needs root", hint: "run it again with `sudo`")
        }
    }

    static func missingTools(in path: String = systemPath) -> [String] {
        let folders = path.split(separator: ":")
        let missing = tools.filter { tool in !folders.contains { access("\($0)/\(tool.0)", X_OK) == 0 } }
        guard !missing.isEmpty else { return [] }
        let packages = Set(missing.map(\.1)).sorted().joined(separator: " ")
        let names = missing.map { "`\($0.0)`" }.joined(separator: ", ")
        return ["\(names) not found (`apt-get install -y --no-install-recommends \(packages)`)"]
    }

    private static func missingRights() -> [String] {
        let held = Capabilities.ofThisProcess()
        let missing = rights.filter { !held.has($0.0) }.map(\.1)
        guard !missing.isEmpty else { return [] }
        return ["root lacks \(missing.joined(separator: ", ")) here (a container needs them added)"]
    }

    private static func missingFeatures() -> [String] {
        var missing: [String] = []
        if !(Files.text("/proc/filesystems") ?? "").contains("\toverlay\n") {
            missing.append("the kernel has no overlayfs (`modprobe overlay`)")
        }
        let namespaces = ["cgroup", "ipc", "mnt", "net", "pid", "uts"].filter { !Files.exists("/proc/self/ns/\($0)") }
        if !namespaces.isEmpty { missing.append("the kernel has no \(namespaces.joined(separator: ", ")) namespaces") }
        return missing
    }

    private static func missingControllers(_ groups: ControlGroups) -> [String] {
        guard !groups.missing.isEmpty else { return [] }
        let version = groups.isUnified ? 2 : 1
        let names = groups.missing.joined(separator: ", ")
        return ["no control groups of version \(version) for \(names) are mounted below `\(ControlGroups.root)`"]
    }

    /// Where a lab's disks may lie: the upper layer of an overlay cannot be an overlay itself.
    static func checkPlace(_ folder: String) throws(LabError) {
        guard let device = Files.identity(folder)?.device,
            fileSystem(of: device, mounts: Files.text("/proc/self/mountinfo") ?? "") == "overlay"
        else { return }
        throw LabError(
            .refused, "lab", "`\(folder)` lies on an overlay, which cannot carry the disks of hosts",
            hint: "choose a folder on a real disk with `--state` (in a container: a volume)")
    }

    /// The type of the mounted file system with this device number, from the text of `/proc/self/mountinfo`.
    static func fileSystem(of device: UInt64, mounts: String) -> String? {
        // the kernel's own packing of the two numbers, as <sys/sysmacros.h> unpacks it
        let number = "\((device >> 8) & 0xfff):\((device & 0xff) | ((device >> 12) & 0xfff00))"
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == number, let mark = fields.firstIndex(of: "-") else { continue }
            return fields.dropFirst(mark + 1).first.map(String.init)
        }
        return nil
    }

    private static func systemName() -> String {
        var name = utsname()
        guard uname(&name) == 0 else { return "" }
        return withUnsafePointer(to: &name.sysname) {
            $0.withMemoryRebound(to: CChar.self, capacity: 65) { String(cString: $0) }
        }
    }
}
