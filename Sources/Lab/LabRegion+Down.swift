// `down`: ends everything that belongs to a lab, found by its name and not by what we remember of it, so that it works
// after a crash and any number of times; and then looks whether something is left.
import Glibc

extension LabRegion {
    /// Takes the lab down: processes, network, control groups, keys and disks. The shared layers stay unless `purge`.
    ///
    /// - Throws: *refused* when called from inside the lab's network; *failed* naming what is left.
    package func down(purge: Bool = false) async throws(LabError) {
        try Preflight.checkRoot()
        let region = self
        try await blocking { () throws(LabError) in try region.downBlocking() }
        if purge { try await purgeCache() }
    }

    func downBlocking() throws(LabError) {
        if let here = Files.identity("/proc/self/ns/net"), here == Files.identity(network.path) {
            throw LabError(
                .refused, subject, "cannot take down the network that we are in", hint: "leave `muster lab exec` first")
        }
        let lock = try LabLock(name)
        let groups = ControlGroups.ofThisMachine()
        endProcesses(groups)
        endVisitors()
        removeNamespaces()
        removeGroups(groups)
        try removeState()
        let left = leftovers(groups)
        guard left.isEmpty else {
            throw LabError(
                .failed, subject, "is not all gone, left are: \(left.joined(separator: ", "))",
                hint: "run `muster lab down` again in a while")
        }
        LabRegistry.forget(name)
        lock.removeFile()
    }

    /// Supervisors first: a host that is killed must not be booted again.
    private func endProcesses(_ groups: ControlGroups) {
        let folder = "\(groups.killFolder)/\(name)"
        for group in Files.names(folder) { thaw(group, groups) }
        _ = ProcessGroup(folder: "\(folder)/machines").end(within: .seconds(10))
        _ = ProcessGroup(folder: folder).end(within: .seconds(30))
    }

    /// What `exec` and `run` started and what still runs: they are asked to end, and then made to.
    private func endVisitors() {
        let start = ContinuousClock.now
        var asked: Set<pid_t> = []
        while case let pids = network.pids(), !pids.isEmpty, start.duration(to: .now) < .seconds(5) {
            let isOverdue = start.duration(to: .now) > .seconds(1)
            for pid in pids where isOverdue || asked.insert(pid).inserted {
                Glibc.kill(pid, isOverdue ? SIGKILL : SIGTERM)
            }
            usleep(20_000)
        }
    }

    private func removeNamespaces() {
        for name in namespaceNames() { NetworkNamespace(name: name).remove() }
        // `ip netns add` mounts this folder on itself; the last one out takes that mount away too. Without force: it
        // fails, as it should, when someone else has just put a namespace there.
        if Files.names(NetworkNamespace.folder).isEmpty { umount2(NetworkNamespace.folder, 0) }
    }

    private func namespaceNames() -> [String] {
        Files.names(NetworkNamespace.folder).filter { other in
            guard other != name else { return true }
            guard other.hasPrefix("\(name)-h") else { return false }
            return LabAddress.host(named: String(other.dropFirst(name.count + 1))) != nil
        }
    }

    /// The kernel lets a group go only some time after its last process.
    private func removeGroups(_ groups: ControlGroups) {
        let start = ContinuousClock.now
        var left = groups.hierarchies.map { ProcessGroup(folder: "\($0.folder)/\(name)") }
        while !left.isEmpty {
            left = left.filter { !$0.remove() }
            if start.duration(to: .now) > .seconds(20) { return }
            if !left.isEmpty { usleep(20_000) }
        }
    }

    /// Only what `up` made: the folder may be the user's own.
    private func removeState() throws(LabError) {
        let made = ["hosts", "scripts", "known_hosts", "id_ed25519", "id_ed25519.pub", "env", "name"]
        let paths = made.map { "\(state)/\($0)" }
        let result = try Subprocess(
            arguments: ["rm", "-rf", "--one-file-system", "--"] + paths, deadline: .seconds(300)
        ).runBlocking()
        guard result.status == 0 else {
            throw LabError(.failed, subject, "cannot remove its disks: \(result.errors)", hint: "see `\(state)`")
        }
        rmdir(state)
    }

    /// What should be gone and is not.
    func leftovers(_ groups: ControlGroups) -> [String] {
        let kept = groups.hierarchies.map { "\($0.folder)/\(name)" }.filter(Files.exists)
        let pids = ProcessGroup(folder: "\(groups.killFolder)/\(name)").pids() + network.pids()
        let mounts = (Files.text("/proc/self/mounts") ?? "").split(separator: "\n").filter { line in
            line.contains(" \(state)/") || line.contains(" \(NetworkNamespace.folder)/\(name) ")
        }
        return kept.map { "control group `\($0)`" } + pids.map { "process \($0)" }
            + namespaceNames().map { "namespace `\($0)`" } + mounts.map { "mount `\($0)`" }
            + (Files.exists(hostsFolder) ? ["folder `\(hostsFolder)`"] : [])
    }

    /// Takes the shared layers away, unless another lab stands on them.
    private func purgeCache() async throws(LabError) {
        let others = LabRegistry.entries().filter { $0.name != name && $0.cache == cache }
        guard others.isEmpty else {
            let names = others.map { "`\($0.state)`" }.joined(separator: ", ")
            throw LabError(
                .refused, "lab", "the layers in `\(cache)` carry other labs: \(names)", hint: "take those down first")
        }
        let result = try await Subprocess(
            arguments: ["rm", "-rf", "--one-file-system", "--", cache], deadline: .seconds(300)
        ).run()
        guard result.status == 0 else {
            throw LabError(.failed, "lab", "cannot remove `\(cache)`: \(result.errors)", hint: "remove it by hand")
        }
    }
}
