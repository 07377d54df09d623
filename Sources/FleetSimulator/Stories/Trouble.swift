// One trouble of a simulated life: what it is, whom it meets and when. Each names the fault of docs/faults.md.
package import FleetModel

/// A trouble with its time.
package struct Trouble: Sendable, CustomStringConvertible {
    enum Kind: Sendable {
        /// F39: power lost for so long.
        case powerLoss(HostID, for: Duration)
        /// F08, F09: operators lose the host for so long.
        case cut(HostID, for: Duration)
        /// F09: so many of a hundred commands lose their connection.
        case flaky(HostID, percent: Int)
        /// F47: everything takes so many times longer.
        case slow(HostID, times: Int)
        /// F47: takes commands and never answers.
        case frozen(HostID)
        /// F27: the leader of the host's Swarm loses its power for so long.
        case leaderLost(HostID, for: Duration)
        /// F26.
        case tokensRotated(HostID)
        /// F28: so many of a hundred joins report a time-out and go on.
        case joinTimeouts(percent: Int)
        /// F25: so many installations fail.
        case aptFails(HostID, times: Int)
        /// F25: the package source cannot be reached.
        case sourceDown(HostID)
        /// F14: somebody holds dpkg's lock for so long.
        case lockHeld(HostID, for: Duration)
        /// F15.
        case diskFull(HostID)
        /// F19: the Swarm's port is filtered.
        case portFiltered(HostID)
        /// A part of the hosts lies apart from the others for so long.
        case partition([HostID], for: Duration)
        /// F38: the operator's process dies at the call of this number.
        case operatorKilled(call: Int)
        /// F37: somebody at another machine runs the command, too.
        case secondOperator
    }

    let kind: Kind
    let at: Duration

    package init(_ policy: FleetPolicy, _ random: inout SeededRandom) {
        let host = random.one(of: policy.hosts).name
        // A bring-up takes 30 to 90 seconds of virtual time: most troubles come while it runs.
        at = random.chance(30) ? .zero : random.milliseconds(0...90_000)
        let long = random.milliseconds(1000...600_000)
        kind =
            switch random.number(0...15) {
            case 0: .powerLoss(host, for: long)
            case 1: .cut(host, for: long)
            case 2: .flaky(host, percent: random.one(of: [5, 20, 50]))
            case 3: .slow(host, times: random.one(of: [3, 10, 40]))
            case 4: .frozen(host)
            case 5: .leaderLost(host, for: long)
            case 6: .tokensRotated(host)
            case 7: .joinTimeouts(percent: random.one(of: [10, 50, 100]))
            case 8: .aptFails(host, times: random.number(1...3))
            case 9: .sourceDown(host)
            case 10: .lockHeld(host, for: long)
            case 11: .diskFull(host)
            case 12: .portFiltered(host)
            case 13: .partition(policy.hosts.map(\.name).filter { _ in random.chance(40) }, for: long)
            case 14: .secondOperator
            case _: .operatorKilled(call: random.number(1...300))
            }
    }

    package var description: String { "\(kind) at \(Int(at / .milliseconds(1))) ms" }
}

extension SimulatedWorld {
    /// Lets the trouble happen at its time.
    func schedule(_ trouble: Trouble, _ policy: FleetPolicy) {
        if case .operatorKilled(let call) = trouble.kind { return killOperatorAtCall(call) }
        guard trouble.at > .zero else { return begin(trouble.kind, policy) }
        spawn { world in
            await world.time.wait(trouble.at)
            await world.begin(trouble.kind, policy)
        }
    }

    private func begin(_ kind: Trouble.Kind, _ policy: FleetPolicy) {
        guard !areFaultsOver else { return }
        switch kind {
        case .powerLoss(let host, let long):
            powerOff(host)
            later(long) { await $0.powerOn(host) }
        case .cut(let host, let long):
            setCut(host, true)
            later(long) { await $0.setCut(host, false) }
        case .flaky(let host, let percent): setLoss(host, percent: percent)
        case .slow(let host, let times): change(host) { $0.slowness = times }
        case .frozen(let host): change(host) { $0.isFrozen = true }
        case .leaderLost(let host, let long):
            guard let leader = killLeader(ofSwarmOf: host) else { return }
            later(long) { await $0.powerOn(leader) }
        case .tokensRotated(let host): rotateTokens(on: host)
        case .joinTimeouts(let percent): joinTimeoutPercent = percent
        case .aptFails(let host, let times): change(host) { $0.aptFailures = times }
        case .sourceDown(let host): change(host) { $0.isPackageSourceUp = false }
        case .lockHeld(let host, let long):
            guard hosts[host]?.lockHolder == nil else { return }
            change(host) { $0.lockHolder = Self.otherHolder }
            later(long) { await $0.freeLock(host) }
        case .diskFull(let host): change(host) { $0.freeDiskMiB = 0 }
        case .portFiltered(let host): change(host) { $0.isSwarmPortFiltered = true }
        case .partition(let hosts, let long):
            setPart(hosts, 1)
            later(long) { await $0.setPart(hosts, 0) }
        case .secondOperator: spawn { _ = await SimulatedOperator($0, policy, folder: "laptop").up() }
        case .operatorKilled: return
        }
    }

    func later(_ long: Duration, _ body: @escaping @Sendable (SimulatedWorld) async -> Void) {
        spawn { world in
            await world.time.wait(long)
            await body(world)
        }
    }

    private static let otherHolder = "815 unattended-upgr"

    func freeLock(_ name: HostID) {
        if hosts[name]?.lockHolder == Self.otherHolder { change(name) { $0.lockHolder = nil } }
    }
}
