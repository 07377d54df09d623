// Power and network come and go: what that does to scripts, engines, connections and Swarms.
package import FleetModel

extension SimulatedWorld {
    /// Power lost: what runs is gone, what lies on the disk stays.
    package func powerOff(_ name: HostID) {
        guard let host = hosts[name], host.isOn else { return }
        note("host \(name): power lost")
        host.isOn = false
        host.engine = nil
        host.lockHolder = nil
        host.acting = ActingScripts()
        for exchange in openExchanges(with: name) { cutConnection(exchange) }
        refreshSwarms()
    }

    /// Power lost for good.
    func kill(_ name: HostID) {
        hosts[name]?.isDead = true
        powerOff(name)
    }

    package func powerOn(_ name: HostID) {
        guard let host = hosts[name], !host.isOn, !host.isDead else { return }
        note("host \(name): power is back")
        host.isOn = true
        host.boots += 1
        host.isFrozen = false
        // Under systemd the package enables its service; under sysvinit a person or Muster starts it.
        guard host.system == .systemd, host.isEngineConfigured else { return }
        startEngineLater(name, boot: host.boots)
    }

    /// Troubles may begin again.
    func beginFaults() { areFaultsOver = false }

    /// Powers everything on, mends the network, thaws and frees: what faults did is over, what they left stays.
    package func endFaults() {
        note("troubles end")
        areFaultsOver = true
        joinTimeoutPercent = 0
        network = SimulatedNetwork()
        for name in hostNames {
            powerOn(name)
            guard let host = hosts[name] else { continue }
            host.isFrozen = false
            host.slowness = 1
            host.aptFailures = 0
            host.isPackageSourceUp = true
            host.isSwarmPortFiltered = false
            freeLock(name)
            host.freeDiskMiB = max(host.freeDiskMiB, 30_000)
        }
        refreshSwarms()
    }

    private func startEngineLater(_ name: HostID, boot: Int) {
        spawn { world in
            await world.time.wait(.seconds(2))
            await world.startEngine(name, boot: boot)
        }
    }

    private func startEngine(_ name: HostID, boot: Int) {
        guard let host = hosts[name], host.isOn, host.boots == boot else { return }
        start(engineOf: host)
    }

    /// The daemon is up and, where it was a member of a Swarm, on its way back into it.
    func start(engineOf host: SimulatedHost) {
        note("host \(host.name): engine runs")
        host.engine = SimulatedHost.Engine(isRunning: true, daemon: host.daemonFile)
        if host.membership != nil { host.membership?.state = .pending }
        host.activeAt = time.uptime() + host.random.milliseconds(500...3000)
        refreshSwarms()
    }

    // MARK: - Network

    /// Operators do not reach the host any more, or again.
    package func setCut(_ name: HostID, _ isCut: Bool) {
        note("host \(name): \(isCut ? "cut off from operators" : "reached by operators again")")
        if isCut { network.cut.insert(name) } else { network.cut.remove(name) }
        if isCut { for exchange in openExchanges(with: name) { cutConnection(exchange) } }
    }

    /// Puts hosts into a part of the network of their own; part 0 is where all others are.
    package func setPart(_ names: [HostID], _ part: Int) {
        note("hosts \(names): network part \(part)")
        for name in names { network.parts[name] = part }
        refreshSwarms()
    }

    /// In percent, how often the connection of one command to the host is lost.
    package func setLoss(_ name: HostID, percent: Int) { network.loss[name] = percent }

    // MARK: - Troubles of one host

    package func change(_ name: HostID, _ body: @Sendable (inout HostTroubles) -> Void) {
        guard let host = hosts[name] else { return }
        var troubles = HostTroubles(host)
        body(&troubles)
        troubles.apply(to: host)
        note("host \(name): \(troubles)")
    }
}

/// What may be wrong with one host but its power and network.
package struct HostTroubles: Sendable, CustomStringConvertible {
    package var slowness: Int
    package var isFrozen: Bool
    package var aptFailures: Int
    package var isPackageSourceUp: Bool
    package var freeDiskMiB: Int
    package var isSwarmPortFiltered: Bool
    package var clockSkew: Int
    package var lockHolder: String?

    init(_ host: SimulatedHost) {
        (slowness, isFrozen, aptFailures) = (host.slowness, host.isFrozen, host.aptFailures)
        (isPackageSourceUp, freeDiskMiB) = (host.isPackageSourceUp, host.freeDiskMiB)
        (isSwarmPortFiltered, clockSkew, lockHolder) = (host.isSwarmPortFiltered, host.clockSkew, host.lockHolder)
    }

    func apply(to host: SimulatedHost) {
        (host.slowness, host.isFrozen, host.aptFailures) = (slowness, isFrozen, aptFailures)
        (host.isPackageSourceUp, host.freeDiskMiB) = (isPackageSourceUp, freeDiskMiB)
        (host.isSwarmPortFiltered, host.clockSkew, host.lockHolder) = (isSwarmPortFiltered, clockSkew, lockHolder)
    }

    package var description: String {
        "slowness \(slowness), frozen \(isFrozen), apt failures \(aptFailures), source \(isPackageSourceUp), "
            + "free \(freeDiskMiB) MiB, filtered \(isSwarmPortFiltered), skew \(clockSkew), lock \(lockHolder ?? "free")"
    }
}
