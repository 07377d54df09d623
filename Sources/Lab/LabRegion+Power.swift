// A host's mains and its network cable, by hand: what a test does to a host that has to survive it.
import Glibc

extension LabRegion {
    /// A power cut: every process of the host is gone at once, and its address is silent. Its disk stays.
    package func kill(_ hosts: Int...) async throws(LabError) { try await kill(hosts) }

    package func kill(_ hosts: [Int]) async throws(LabError) {
        try Preflight.checkRoot()
        try checkKnown(hosts)
        let lock = try await locked()
        defer { withExtendedLifetime(lock) {} }
        let region = self
        try await blocking { () throws(LabError) in
            for host in hosts { try region.cutPower(of: host) }
        }
    }

    /// Gives power back, and waits until the hosts' sshd answer. A host that runs is left alone.
    package func start(_ hosts: Int...) async throws(LabError) { try await start(hosts) }

    package func start(_ hosts: [Int]) async throws(LabError) {
        try Preflight.checkRoot()
        try checkKnown(hosts)
        guard network.exists else { throw network.noLab }
        let lock = try await locked()
        defer { withExtendedLifetime(lock) {} }
        try await power(hosts)
    }

    /// Pulls the hosts' network cables; they run on. Holds over a reboot and a power cut, until `heal`.
    package func cut(_ hosts: Int...) async throws(LabError) { try await cut(hosts) }

    package func cut(_ hosts: [Int]) async throws(LabError) { try await plug(hosts, isCut: true) }

    /// Puts the cables back.
    package func heal(_ hosts: Int...) async throws(LabError) { try await heal(hosts) }

    package func heal(_ hosts: [Int]) async throws(LabError) { try await plug(hosts, isCut: false) }

    private func plug(_ hosts: [Int], isCut: Bool) async throws(LabError) {
        try Preflight.checkRoot()
        try checkKnown(hosts)
        let lock = try await locked()
        defer { withExtendedLifetime(lock) {} }
        for host in hosts {
            let mark = "\(disk(of: host))/cut"
            if isCut { try Files.write(mark, []) } else { unlink(mark) }
            // a host without power has no link to set; the mark tells its next boot
            let command = ["ip", "-n", name, "link", "set", "v\(host)", isCut ? "down" : "up"]
            let result = try await Subprocess(arguments: command, deadline: .seconds(30)).run()
            guard result.status == 0 || pid(of: host) == nil else {
                throw LabError(
                    .failed, "host `\(LabAddress.name(of: host))`", "cannot set its link: \(result.errors)",
                    hint: "see `muster lab ls`")
            }
        }
    }

    /// The supervisor first, else it would take the end of its init for what it waits for; then all in the host.
    func cutPower(of host: Int) throws(LabError) {
        let groups = ControlGroups.ofThisMachine()
        thaw(LabAddress.name(of: host), groups)
        let isGone =
            machine(of: host, groups).end(within: .seconds(10)) && processes(of: host, groups).end(within: .seconds(20))
        guard isGone else {
            throw LabError(
                .failed, "host `\(LabAddress.name(of: host))`", "was killed, but some of its processes still run",
                hint: "they hang in the kernel (`cat /proc/PID/stack`); try again later")
        }
        unlink("\(disk(of: host))/pid")
        let link = ["ip", "-n", name, "link", "del", "v\(host)"]
        _ = try Subprocess(arguments: link, deadline: .seconds(30)).runBlocking()
        NetworkNamespace(name: "\(name)-\(LabAddress.name(of: host))").remove()
    }

    /// A frozen process does not even take SIGKILL.
    func thaw(_ group: String, _ groups: ControlGroups) { setFrozen(group, false, groups) }

    /// False if the kernel refuses, or there is no such group.
    @discardableResult func setFrozen(_ group: String, _ isFrozen: Bool, _ groups: ControlGroups) -> Bool {
        if let folder = groups.folder(of: "freezer") {
            return Files.tell("\(folder)/\(name)/\(group)/freezer.state", isFrozen ? "FROZEN" : "THAWED")
        }
        return Files.tell("\(ControlGroups.root)/\(name)/\(group)/cgroup.freeze", isFrozen ? "1" : "0")
    }
}
