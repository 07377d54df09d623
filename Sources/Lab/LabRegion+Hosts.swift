// What is there: read from the disks' folders and from the control groups each time, never remembered.
import Glibc

extension LabRegion {
    /// All hosts of the lab, by number; those without power too.
    package func hosts() -> [LabHost] {
        let groups = ControlGroups.ofThisMachine()
        let indices = Files.names(hostsFolder).compactMap { $0.hasPrefix("h") ? LabAddress.host(named: $0) : nil }
        return indices.sorted().map { host($0, groups) }
    }

    private func host(_ index: Int, _ groups: ControlGroups) -> LabHost {
        let pid = pid(of: index)
        let isPowered = !machine(of: index, groups).pids().isEmpty
        let state: LabHost.State =
            if pid == nil { isPowered ? .booting : .off } else { isCut(index) ? .cut : .up }
        return LabHost(
            index: index, name: LabAddress.name(of: index), address: address(of: index), flavour: flavour(of: index),
            state: state, pid: pid, hasEngine: Files.line("\(disk(of: index))/engine") == "yes",
            faults: marks(of: index).map(\.text))
    }

    func flavour(of host: Int) -> LabFlavour {
        Files.line("\(disk(of: host))/flavour").flatMap(LabFlavour.init(rawValue:)) ?? .plain
    }

    func isCut(_ host: Int) -> Bool { Files.exists("\(disk(of: host))/cut") }

    /// The host's pid 1. A number alone may by now be someone else's: it has to be in the host's own group.
    func pid(of host: Int) -> pid_t? {
        guard let pid = Files.line("\(disk(of: host))/pid").flatMap({ pid_t($0) }),
            let groups = Files.text("/proc/\(pid)/cgroup")
        else { return nil }
        let own = "/\(name)/\(LabAddress.name(of: host))/"  // with its end, or h1 would answer for h10
        return groups.split(separator: "\n").contains { "\($0)/".contains(own) } ? pid : nil
    }

    /// The group of a host's supervisor; not empty means that it has power.
    func machine(of host: Int, _ groups: ControlGroups) -> ProcessGroup {
        ProcessGroup(folder: "\(groups.killFolder)/\(name)/machines/\(LabAddress.name(of: host))")
    }

    /// The group of all that runs in a host.
    func processes(of host: Int, _ groups: ControlGroups) -> ProcessGroup {
        ProcessGroup(folder: "\(groups.killFolder)/\(name)/\(LabAddress.name(of: host))")
    }

    /// - Throws: *rejected*, naming every host that this lab does not have.
    package func checkKnown(_ hosts: [Int]) throws(LabError) {
        let unknown = hosts.filter { !Files.isFolder(disk(of: $0)) }
        guard !unknown.isEmpty else { return }
        let names = unknown.map { "`\(LabAddress.name(of: $0))`" }.joined(separator: ", ")
        throw LabError(.rejected, subject, "has no host \(names)", hint: "`muster lab ls` shows the hosts that it has")
    }
}
