// Making faults and taking them away again: in the host by a script, between hosts by a filter on the lab's bridge, and
// around a host by its control group.
import Glibc

extension LabRegion {
    /// Gives a running host a fault; one that it has already is made anew with the new value.
    ///
    /// - Parameter value: what the fault takes (`LabFault.usage`), its default if none.
    /// - Throws: *rejected* for a value that it does not take; *refused* if the host has no power.
    package func addFault(_ fault: LabFault, _ value: String? = nil, to host: Int) async throws(LabError) {
        try Preflight.checkRoot()
        try checkKnown([host])
        let mark = FaultMarks.Mark(fault: fault, value: try fault.value(value))
        if let other = LabAddress.host(named: mark.value), case .otherHost = fault.takes { try checkKnown([other]) }
        let lock = try await locked()
        defer { withExtendedLifetime(lock) {} }
        if marks(of: host).contains(where: { $0.fault == fault }) { try await undo(fault, on: host) }
        if case .host = fault.place { _ = try poweredPID(of: host, fault) }
        if fault.place == .host(needsOwnDisk: true) { try await giveOwnDisk(to: host) }
        // Before the deed: what was half made can then be cleared.
        try faultMarks(of: host).set(mark)
        try await make(mark, on: host)
    }

    /// Takes a fault away; nothing happens if the host does not have it.
    package func clearFault(_ fault: LabFault, from host: Int) async throws(LabError) {
        try Preflight.checkRoot()
        try checkKnown([host])
        let lock = try await locked()
        defer { withExtendedLifetime(lock) {} }
        if marks(of: host).contains(where: { $0.fault == fault }) { try await undo(fault, on: host) }
    }

    /// Takes all faults of a host away, the last in the list of faults first: what runs frozen has to thaw before a
    /// script can run in it.
    package func clearFaults(from host: Int) async throws(LabError) {
        try checkKnown([host])
        for mark in marks(of: host).reversed() { try await clearFault(mark.fault, from: host) }
    }

    func marks(of host: Int) -> [FaultMarks.Mark] { faultMarks(of: host).all(hasPower: pid(of: host) != nil) }

    private func faultMarks(of host: Int) -> FaultMarks { FaultMarks(folder: "\(disk(of: host))/faults") }

    private func make(_ mark: FaultMarks.Mark, on host: Int) async throws(LabError) {
        switch mark.fault.place {
        case .network: try await filter()
        case .freezer: try freeze(host)
        case .host:
            var words = [mark.value]
            if mark.fault == .clone { words = try identity(of: mark.value) }
            if mark.fault == .skewedClock { words = [mark.value.hasPrefix("-") ? mark.value : "+\(mark.value)"] }
            let carry = mark.fault == .skewedClock ? try fakeClock() : nil
            try await runInHost(host, ["add", mark.fault.rawValue] + words, mark.fault, carrying: carry)
            try await waitForHosts([host])
        }
    }

    private func undo(_ fault: LabFault, on host: Int) async throws(LabError) {
        switch fault.place {
        case .network:
            faultMarks(of: host).remove(fault)
            try await filter()
        case .freezer: thaw(LabAddress.name(of: host), .ofThisMachine())
        case .host:
            try await runInHost(host, ["clear", fault.rawValue], fault)
            try await waitForHosts([host])
        }
        faultMarks(of: host).remove(fault)
    }

    /// Boots the host from a copy of its disk in memory, whose size `full-disk` moves.
    private func giveOwnDisk(to host: Int) async throws(LabError) {
        let mark = "\(disk(of: host))/own-disk"
        guard !Files.exists(mark) else { return }
        let region = self
        try await blocking { () throws(LabError) in try region.cutPower(of: host) }
        try Files.write(mark, [])
        try await power([host])
    }

    private func freeze(_ host: Int) throws(LabError) {
        guard setFrozen(LabAddress.name(of: host), true, .ofThisMachine()) else {
            throw .system("host `\(LabAddress.name(of: host))`", "freeze it")
        }
    }

    /// The other host's machine-id and name, as its disk was made with.
    private func identity(of name: String) throws(LabError) -> [String] {
        guard let other = LabAddress.host(named: name),
            let machine = Files.line("\(disk(of: other))/upper/etc/machine-id")
        else {
            throw LabError(.failed, "host `\(name)`", "its machine-id cannot be read", hint: "see `\(hostsFolder)`")
        }
        return [machine, name]
    }

    /// Debian's libfaketime on this machine, which is of the same suite as the hosts.
    private func fakeClock() throws(LabError) -> String {
        let found = Files.names("/usr/lib").map { "/usr/lib/\($0)/faketime/libfaketimeMT.so.1" }.first(
            where: Files.exists)
        guard let found else {
            throw LabError(
                .refused, "fault `skewed-clock`", "libfaketime is not on this machine",
                hint: "`apt-get install -y --no-install-recommends libfaketime`")
        }
        return found
    }

    private func poweredPID(of host: Int, _ fault: LabFault) throws(LabError) -> pid_t {
        if let pid = pid(of: host) { return pid }
        throw LabError(
            .refused, "host `\(LabAddress.name(of: host))`",
            "`\(fault.rawValue)` is made and cleared in the running host, and this one has no power",
            hint: "run `muster lab start \(host)` first")
    }

    private func runInHost(
        _ host: Int, _ words: [String], _ fault: LabFault, carrying: String? = nil
    ) async throws(LabError) {
        let pid = try poweredPID(of: host, fault)
        let name = LabAddress.name(of: host)
        let result = try await Subprocess(
            arguments: ["sh", "\(scriptsFolder)/enter.sh", name, "\(pid)"] + words,
            environment: scriptEnvironment.merging(["LAB_CARRY": carrying ?? ""]) { $1 },
            input: LabScripts.bytes("fault.sh"),
            deadline: .seconds(90)  // a Swarm takes 1 s, an engine that still starts up to 30 s
        ).run()
        guard result.status == 0 else {
            let last = result.errors.split(separator: "\n").last.map(String.init) ?? "status \(result.status)"
            throw LabError(
                .failed, "host `\(name)`", "`\(words.prefix(2).joined(separator: " "))` failed: `\(last)`",
                hint: "`muster lab fault clear \(fault.rawValue) \(host)` undoes what was made of it")
        }
    }
}
