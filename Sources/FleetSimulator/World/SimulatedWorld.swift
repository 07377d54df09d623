// The simulated world: hosts, Swarms, a network and what happens to them. One actor holds all of it, and it runs on the
// one thread of its virtual time, so the same seed gives the same history to the byte (I8).
package import FleetModel

/// Everything that a region of real machines would be, in memory.
package actor SimulatedWorld {
    /// Something that was really changed somewhere: what must happen once.
    package struct Effect: Hashable, Sendable, CustomStringConvertible {
        package let kind: String
        package let subject: String
        package var description: String { "\(kind) \(subject)" }
    }

    package nonisolated let time: VirtualTime
    package nonisolated let seed: UInt64
    var random: SeededRandom
    var network = SimulatedNetwork()
    private(set) var hosts: [HostID: SimulatedHost] = [:]
    /// Names in the order in which the hosts were added: the order of every walk over them.
    private(set) var hostNames: [HostID] = []
    var swarms: [String: SimulatedSwarm] = [:]
    var exchanges: [Int: Exchange] = [:]
    var exchangeSerial = 0
    var processSerial = 0
    var planSerial = 0
    /// So many of a hundred joins report a time-out and still succeed (F28).
    package var joinTimeoutPercent = 0
    /// No trouble begins any more.
    var areFaultsOver = false
    /// Calls of ports until the operator's process dies.
    private var callsToDeath: Int?
    /// Whether some process was killed.
    var hasKilledOperator = false
    /// A region that goes may lose the majority of its Swarms.
    package var isTearingDown = false
    /// Hosts of which people were told that something stays there.
    var leftBehind: Set<HostID> = []
    /// Clusters that were in a manifest and are in none any more: their Swarms go.
    private(set) var givenUp: Set<String> = []
    private var wanted: Set<String> = []
    var inventories: [String: SimulatedInventory] = [:]
    /// Places where something can go wrong, counted as they are passed.
    package internal(set) var points: [InjectionPoint] = []
    var injection: Injection?
    package private(set) var effects: [Effect] = []
    package private(set) var trace: [String] = []
    /// Broken promises that were seen while they were broken.
    package private(set) var violations: [String] = []

    package init(seed: UInt64, time: VirtualTime = VirtualTime()) {
        (self.seed, self.time) = (seed, time)
        random = SeededRandom(seed: seed)
    }

    /// A new host with sshd and a package source and nothing else.
    package func addHost(
        _ name: HostID, address: String, system: OperatingSystem.InitSystem = .systemd
    ) {
        precondition(hosts[name] == nil, "host \(name) is there already")
        hosts[name] = SimulatedHost(
            name: name, address: address, system: system, random: SeededRandom(seed: seed, name: name.rawValue))
        hostNames.append(name)
    }

    /// A manifest comes into force: its hosts are there, and clusters that it has no more may go.
    package func addHosts(of policy: FleetPolicy, system: OperatingSystem.InitSystem = .systemd) {
        let clusters = Set(policy.clusters.map(\.name.rawValue))
        givenUp = givenUp.union(wanted).subtracting(clusters)
        wanted.formUnion(clusters)
        for host in policy.hosts where hosts[host.name] == nil {
            addHost(host.name, address: host.address, system: system)
        }
    }

    func host(at address: String) -> SimulatedHost? {
        hostNames.lazy.compactMap { self.hosts[$0] }.first { $0.address == address }
    }

    /// Starts something that goes on by itself, as programs on hosts do.
    nonisolated func spawn(_ body: @escaping @Sendable (SimulatedWorld) async -> Void) {
        _ = Task(executorPreference: time) { await body(self) }
    }

    /// The process that makes the call of this number, from now on, is killed.
    func killOperatorAtCall(_ call: Int) { callsToDeath = call }

    /// Counts a call of a port; whether it is the one at which its process dies.
    func isLastCall() -> Bool {
        guard let calls = callsToDeath, !areFaultsOver else { return false }
        callsToDeath = calls == 1 ? nil : calls - 1
        return calls == 1
    }

    // MARK: - History

    func note(_ line: @autoclosure () -> String) {
        let milliseconds = Int(time.uptime() / .milliseconds(1))
        trace.append("\(milliseconds / 1000).\(String(milliseconds % 1000 + 1000).dropFirst()) \(line())")
    }

    func effect(_ kind: String, _ subject: String) {
        effects.append(Effect(kind: kind, subject: subject))
        note("effect: \(kind) \(subject)")
    }

    func violation(_ text: String) {
        violations.append(text)
        note("VIOLATION: \(text)")
    }

    /// What remains on every host of what Muster may make, in order of the hosts.
    package func remains() -> [String] {
        hostNames.compactMap { hosts[$0] }.map { "\($0.name): \($0.remains)" }
    }

    func remains(of names: [HostID]) -> [String] { names.map { "\($0): \(remains(of: $0))" } }

    /// The same of one host.
    func remains(of name: HostID) -> String { hosts[name]?.remains ?? "" }
}
