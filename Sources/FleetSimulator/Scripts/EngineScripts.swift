// install-engine.sh and restore-host.sh on a simulated host, with the package manager that they need.
import FleetModel

extension SimulatedWorld {
    /// What `docker.io` brings with it.
    static let enginePackages = ["containerd", "docker.io", "iptables", "runc"]

    func installEngine(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try claim(run)
        let (host, version, daemon) = (run.host, run.argument(1), run.argument(2))
        let keys = run.argument(3).split(separator: " ").map(String.init)
        let isFinished = try await finishPackages(run)
        let isNew = !host.hasEngineInstalled
        if isNew { try await readSources(run, version) }
        let isRewritten = daemon != "-" && host.daemonFile != daemon
        if isRewritten { try await writeDaemonFile(run, daemon, keys) }
        if isNew {
            try await stroke(run, 5...20, "before packages are written down")
            host.madeAdd("packages", Self.enginePackages, region: run.region)
            try await installPackages(run)
        }
        let isStarted = try await startEngine(run, isRestart: isRewritten && !isNew)
        guard try await poll(run, seconds: 60, { host.isEngineRunning }) else {
            throw .fails("start-engine", "the engine does not answer after 60 s:")
        }
        if !isNew && !isRewritten && !isStarted && !isFinished { return Self.unchanged }
        return [
            "changed" + (isNew ? " installed docker.io" : "") + (isRewritten ? " daemon.json" : "")
                + (isStarted ? " started" : "")
        ]
    }

    private func readSources(_ run: ScriptRun, _ version: String) async throws(ScriptStop) {
        try await stroke(run, 500...3000, "apt update")
        guard run.host.isPackageSourceUp else {
            throw .fails("package-source", "E: Failed to fetch: Could not connect")
        }
        guard version == "-" || version.hasPrefix("20.10") else {
            throw .fails("no-such-version", "\(version); the source has 20.10.24+dfsg1-1")
        }
    }

    private func writeDaemonFile(_ run: ScriptRun, _ daemon: String, _ keys: [String]) async throws(ScriptStop) {
        let host = run.host
        let present = host.daemonFile
        if present == nil {
            try await stroke(run, 1...5, "before daemon.json is written down")
            host.madeAdd("files", ["/etc/docker/daemon.json"], region: run.region)
        }
        let added = keys.filter { present?.contains("\"\($0)\"") != true }
        if !added.isEmpty {
            try await stroke(run, 1...5, "before its keys are written down")
            host.madeAdd("daemonKeys", added, region: run.region)
        }
        try await stroke(run, 1...5, "before daemon.json")
        guard host.freeDiskMiB > 0 else { throw .fails("write-daemon", "/etc/docker/daemon.json") }
        host.daemonFile = daemon
        effect("daemon.json written", host.name.rawValue)
    }

    /// `apt-get install`: waits up to 300 s for the lock, unpacks, configures; in between it can be cut off.
    private func installPackages(_ run: ScriptRun) async throws(ScriptStop) {
        let host = run.host
        guard try await poll(run, seconds: 300, { host.lockHolder == nil }) else {
            throw .fails("package-install", "E: Could not get lock /var/lib/dpkg/lock-frontend")
        }
        host.lockHolder = "4711 apt-get"
        try await stroke(run, 2000...15_000, "before packages are unpacked")
        guard host.aptFailures == 0, host.freeDiskMiB >= 400 else {
            host.aptFailures = max(0, host.aptFailures - 1)
            host.lockHolder = nil
            throw .fails(
                "package-install", host.freeDiskMiB < 400 ? "No space left on device" : "E: dpkg was interrupted")
        }
        for package in Self.enginePackages where host.packages[package] == nil { host.packages[package] = .unpacked }
        try await stroke(run, 1000...8000, "before packages are configured")
        configurePackages(of: host)
    }

    /// Configures what a run of ours that was cut off has left unpacked; whether there was anything.
    private func finishPackages(_ run: ScriptRun) async throws(ScriptStop) -> Bool {
        let host = run.host
        let isHalfDone = { host.packages.contains { $0.value == .unpacked && host.madeHas("packages", $0.key) } }
        guard isHalfDone() else { return false }
        guard try await poll(run, seconds: 300, { host.lockHolder == nil }) else {
            throw .fails("package-install", "E: Could not get lock /var/lib/dpkg/lock-frontend")
        }
        // The run that held the lock was another of ours, and has finished them.
        guard isHalfDone() else { return true }
        host.lockHolder = "4712 dpkg"
        try await stroke(run, 1000...8000, "before packages are finished")
        configurePackages(of: host)
        return true
    }

    private func configurePackages(of host: SimulatedHost) {
        for package in Self.enginePackages { host.packages[package] = .installed }
        host.lockHolder = nil
        effect("packages installed", host.name.rawValue)
        if host.system == .systemd { start(engineOf: host) }
    }

    /// Starts or restarts the service as the host's init system does; whether it was started.
    private func startEngine(_ run: ScriptRun, isRestart: Bool) async throws(ScriptStop) -> Bool {
        let host = run.host
        if host.isEngineRunning && !isRestart { return false }
        try await stroke(run, 50...200, "before the engine starts")
        guard host.isEngineConfigured else {
            throw .fails("start-engine", "Failed to start docker.service: dependency failed")
        }
        if host.isEngineRunning { stop(engineOf: host, "restart of the engine on \(host.name)") }
        try await stroke(run, 500...3000, "while the engine starts")
        start(engineOf: host)
        effect(isRestart ? "engine restarted" : "engine started", host.name.rawValue)
        return !isRestart
    }

    func stop(engineOf host: SimulatedHost, _ what: String) {
        watchingQuorum(swarm(of: host), what) { host.engine = nil }
    }

    // MARK: - restore-host

    func restoreHost(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        let wasThere = run.host.made != nil || run.host.lease != nil
        try claim(run)
        let (host, delete, daemon) = (run.host, run.argument(2) == "yes", run.argument(3))
        if host.made == nil {
            host.lease = nil
            return wasThere ? Self.changed : Self.unchanged
        }
        if host.isEngineRunning {
            guard host.swarmState == .inactive else { throw .fails("still-in-swarm", "leave the Swarm first") }
            try await stroke(run, 50...200, "before volumes go")
            host.volumes = host.volumes.filter { $0.value != run.region }
            host.images.subtract(host.made?["images"] ?? [])
        }
        var kept = ""
        if host.made?["packages"]?.isEmpty == false { kept = try await removePackages(run, delete: delete) }
        if daemon != "-", host.daemonFile != nil {
            try await stroke(run, 500...2000, "before daemon.json is put back")
            host.daemonFile = daemon
            if host.isEngineRunning { start(engineOf: host) }
        }
        try leaseKept(run)
        if host.made?["files"]?.contains("/etc/docker/daemon.json") == true { host.daemonFile = nil }
        try await stroke(run, 1...5, "before the key's line goes")
        host.authorizedKeys.removeAll { $0.hasSuffix(" muster:\(run.region)") }
        try await stroke(run, 1...5, "before /etc/muster goes")
        try leaseKept(run)
        host.made = nil
        host.madeRegion = ""
        host.lease = nil
        effect("host restored", host.name.rawValue)
        return ["changed \(kept)"]
    }

    private func removePackages(_ run: ScriptRun, delete: Bool) async throws(ScriptStop) -> String {
        let host = run.host
        let keeps = !delete && host.isEngineRunning && !host.volumes.isEmpty
        try await stroke(run, 500...2000, "before the engine stops")
        host.engine = nil
        guard try await poll(run, seconds: 300, { host.lockHolder == nil }) else {
            throw .fails("remove-packages", "E: Could not get lock /var/lib/dpkg/lock-frontend")
        }
        try await stroke(run, 1000...5000, "before packages go")
        if host.hasEngineInstalled { effect("packages removed", host.name.rawValue) }
        for package in host.made?["packages"] ?? [] { host.packages[package] = nil }
        if !keeps {
            host.images = []
            host.volumes = [:]
            host.daemonFile = nil
            host.membership = nil
        }
        return keeps ? "volumes in /var/lib/docker" : ""
    }
}
