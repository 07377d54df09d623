// `up`: from nothing, or from whatever is there, to N hosts that answer. Every step is skipped if it is done already.
import Glibc

extension LabRegion {
    /// How long all hosts together may take to their sshd: 0.3 s was measured for a plain one, 2 s for systemd, and
    /// 100 s for two systemd hosts with their engines on an emulated CPU. A host whose init ends is given up at once.
    private static func bootDeadline(_ count: Int) -> Duration { .seconds(120 + count) }

    /// Makes hosts `h1` … `h<count>` as far as they are missing, starts those that are off, and waits until each one's
    /// sshd answers. Running hosts are left alone, and so is the flavour of those that exist.
    ///
    /// - Parameters:
    ///   - flavour: of hosts that are made now.
    ///   - engine: whether hosts that are made now have the container engine installed.
    ///   - progress: gets a line now and then.
    /// - Throws: *refused* with all that this machine lacks; *unavailable* naming the hosts that did not come up.
    package func up(
        count: Int, flavour: LabFlavour = .plain, engine: Bool = false,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(LabError) {
        guard (1...LabAddress.mostHosts).contains(count) else {
            throw LabError(
                .rejected, "lab", "cannot make \(count) hosts", hint: "ask for 1 to \(LabAddress.mostHosts)")
        }
        try Preflight.check()
        let lock = try await locked()
        defer { withExtendedLifetime(lock) {} }
        try makeState()
        let layers = try await Preparation(cache: cache)
            .prepared(flavour, engine: engine, scripts: scriptsFolder, progress: progress)
        try await runScript("region.sh", [], extra: ["LAB_REPOSITORY": "\(layers)/repo"])
        try await makeHosts(1...count, flavour, engine: engine, layers: layers)
        try await power(Array(1...count))
    }

    /// Gives power to those of the hosts that have none, and waits for all of them.
    func power(_ hosts: [Int]) async throws(LabError) {
        let groups = ControlGroups.ofThisMachine()
        let dark = hosts.filter { machine(of: $0, groups).pids().isEmpty }
        if !dark.isEmpty { try await runScript("start.sh", dark.map(String.init)) }
        try await waitForHosts(hosts.filter { !isCut($0) })
    }

    /// Waits until the hosts' sshd answer.
    package func waitForHosts(_ hosts: [Int]) async throws(LabError) {
        let region = self
        let silent = try await blocking { () throws(LabError) in
            let wait = BannerWait(network: region.network) { host in
                if region.pid(of: host) != nil { return .attempt }
                return Files.exists("\(region.disk(of: host))/ended") ? .givenUp : .wait
            }
            return try wait.silentHosts(of: hosts, within: Self.bootDeadline(hosts.count))
        }
        guard silent.isEmpty else { throw didNotComeUp(silent) }
    }

    private func didNotComeUp(_ hosts: [Int]) -> LabError {
        let reasons = hosts.map { host in
            let log = "\(disk(of: host))/boot.log"
            let last = Files.text(log)?.split(separator: "\n").last.map { ": `\($0)`" } ?? ""
            let ended = Files.line("\(disk(of: host))/ended").map { "its init ended with status \($0)" }
            return "`\(LabAddress.name(of: host))` (\(ended ?? "its sshd does not answer")\(last), log `\(log)`)"
        }
        return LabError(
            .unavailable, subject, "did not come up: \(reasons.joined(separator: ", "))",
            hint: "read the log, then `muster lab start` them again")
    }

    private func makeState() throws(LabError) {
        if let other = LabRegistry.entry(named: name), other.state != state {
            throw LabError(
                .refused, subject, "its name belongs to the lab in `\(other.state)`", hint: "choose another `--name`")
        }
        try Files.makeFolder(hostsFolder)
        try Preflight.checkPlace(hostsFolder)
        let owner = LabRegistry.entry(named: name)?.owner
        try LabRegistry.record(entry(owner: owner))
        try Files.write("\(state)/name", Array("\(name)\n".utf8))
        try LabScripts.lay(into: scriptsFolder)
        let text = "export MUSTER_LAB=\(state)\nexport MUSTER_KEY=\(clientKeyPath)\n"
        try Files.write(environmentPath, Array(text.utf8))
        guard !Files.exists(clientKeyPath) else { return }
        let command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "muster-lab", "-f", clientKeyPath]
        let result = try Subprocess(arguments: command, deadline: .seconds(30)).runBlocking()
        guard result.status == 0 else {
            throw LabError(.failed, subject, "cannot make a key: \(result.errors)", hint: "see `\(state)`")
        }
    }

    private func makeHosts(
        _ hosts: ClosedRange<Int>, _ flavour: LabFlavour, engine: Bool, layers: String
    ) async throws(LabError) {
        let missing = hosts.filter { !Files.isFolder(disk(of: $0)) }
        // someone may have removed the folder of a running lab
        for host in missing where !processes(of: host, .ofThisMachine()).pids().isEmpty { try cutPower(of: host) }
        let extra = [
            "LAB_LAYERS": Preparation.lowerFolders(layers, flavour, engine: engine), "LAB_FLAVOUR": flavour.rawValue,
            "LAB_ENGINE": engine ? "yes" : "no",
        ]
        if !missing.isEmpty {
            try await runScript("create.sh", missing.map { "\($0)=\(address(of: $0))" }, extra: extra)
        }
        let lines = self.hosts().compactMap { host in
            Files.line("\(disk(of: host.index))/host_key.pub").map { key in
                "\(host.address) \(key.split(separator: " ").prefix(2).joined(separator: " "))\n"
            }
        }
        try Files.write(knownHostsPath, Array(lines.joined().utf8))
    }
}
