// Where this machine keeps its control groups, of version 1, of version 2, or of both. A host gets a group of each
// hierarchy *before* it unshares, so that they are the roots of its own hierarchies, and all that it ever starts can be
// found, measured and ended from outside.
import Glibc

struct ControlGroups: Equatable, Sendable {
    struct Hierarchy: Equatable, Sendable {
        /// What `mount -o` wants to show it again: `cpu,cpuacct`, `name=systemd`, `unified`.
        let options: String
        let folder: String
    }

    let hierarchies: [Hierarchy]
    /// The controllers that the root of version 2 gives.
    let unifiedControllers: [String]

    /// What Docker needs of version 1 to run at all, and what of version 2.
    static let required = ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids"]
    static let requiredUnified = ["cpuset", "cpu", "io", "memory", "pids"]
    static let root = "/sys/fs/cgroup"
    /// Options of a mount that are not names of controllers.
    private static let noise: Set<Substring> = [
        "rw", "ro", "nosuid", "nodev", "noexec", "relatime", "noatime", "xattr", "clone_children",
    ]

    /// - Parameters:
    ///   - mounts: the text of `/proc/mounts`.
    ///   - unifiedControllers: the text of `cgroup.controllers` at the root of version 2.
    init(mounts: String, unifiedControllers: String = "") {
        self.unifiedControllers = unifiedControllers.split(whereSeparator: \.isWhitespace).map(String.init)
        var found: [Hierarchy] = []
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 3 else { continue }
            let folder = String(fields[1])
            if fields[2] == "cgroup2" { found.append(Hierarchy(options: "unified", folder: folder)) }
            guard fields[2] == "cgroup" else { continue }
            let words = fields[3].split(separator: ",").filter { word in
                !Self.noise.contains(word) && !word.hasPrefix("release_agent=")
            }
            found.append(Hierarchy(options: words.joined(separator: ","), folder: folder))
        }
        hierarchies = found
    }

    static func ofThisMachine() -> ControlGroups {
        ControlGroups(
            mounts: Files.text("/proc/mounts") ?? "",
            unifiedControllers: Files.text("\(root)/cgroup.controllers") ?? "")
    }

    /// Whether there is version 2 and nothing else, as systemd sets it up by default.
    var isUnified: Bool { hierarchies == [Hierarchy(options: "unified", folder: Self.root)] }

    /// The required controllers that no mounted hierarchy holds.
    var missing: [String] {
        if isUnified { return Self.requiredUnified.filter { !unifiedControllers.contains($0) } }
        let present = Set(hierarchies.flatMap { $0.options.split(separator: ",").map(String.init) })
        return Self.required.filter { !present.contains($0) }
    }

    /// The folder of the hierarchy by which processes are counted and ended.
    var killFolder: String { folder(of: "pids") ?? (isUnified ? Self.root : "\(Self.root)/pids") }

    func folder(of controller: String) -> String? {
        hierarchies.first { $0.options.split(separator: ",").contains { $0 == controller } }?.folder
    }

    /// As the scripts take it.
    var words: String { hierarchies.map { "\($0.options)@\($0.folder)" }.joined(separator: " ") }
}

/// One control group and all below it.
struct ProcessGroup {
    let folder: String

    /// Every process in it, those in groups below included.
    func pids() -> [pid_t] {
        var found = (Files.text("\(folder)/cgroup.procs") ?? "").split(separator: "\n").compactMap { pid_t($0) }
        for name in Files.names(folder) where Files.isFolder("\(folder)/\(name)") {
            found += ProcessGroup(folder: "\(folder)/\(name)").pids()
        }
        return found.filter { $0 > 0 }
    }

    /// Kills until nothing is left, since what is killed may have forked meanwhile; false if some outlive the deadline.
    func end(within deadline: Duration) -> Bool {
        let start = ContinuousClock.now
        while true {
            let left = pids()
            if left.isEmpty { return true }
            if start.duration(to: .now) > deadline { return false }
            for pid in left { kill(pid, SIGKILL) }
            usleep(10_000)  // a killed host takes 10-50 ms to unmount; polling faster only takes its CPU
        }
    }

    /// Removes the group and those below it; false if the kernel still holds one of them.
    @discardableResult
    func remove() -> Bool {
        for name in Files.names(folder) where Files.isFolder("\(folder)/\(name)") {
            ProcessGroup(folder: "\(folder)/\(name)").remove()
        }
        return rmdir(folder) == 0 || errno == ENOENT
    }
}
