// `muster plan-timing N`, for `make bench`: how long the planner thinks about a region of N bare hosts. Facts are
// made up in memory, so it is the planner's own time: no connection, no file.
import ArgumentParser
import FleetModel
import FleetPlanner

struct PlanTimingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan-timing", abstract: "Time the planner on N bare hosts that exist in memory only.",
        discussion: "Example: muster plan-timing 1000", shouldDisplay: false)

    @Argument(help: "How many hosts: 3 to 60,000.") var hosts: Int

    func validate() throws {
        // Three managers; two bytes of an address number the rest.
        guard (3...60_000).contains(hosts) else { throw ValidationError("`\(hosts)` hosts: give 3 to 60000") }
    }

    func run() throws {
        let input = BareRegion(hosts: hosts).input
        var steps = 0
        let time = ContinuousClock().measure { steps = RegionPlanner.plan(input).steps.count }
        let milliseconds = (time / .microseconds(1)).rounded() / 1000
        try Console.jsonLine(PlanTiming(hosts: hosts, steps: steps, milliseconds: milliseconds))
    }
}

/// What it prints.
struct PlanTiming: Encodable {
    var schema = 1
    var hosts: Int
    var steps: Int
    var milliseconds: Double
}

/// A region in which nothing has been done yet: its plan is the longest that there is.
private struct BareRegion {
    let hosts: Int

    var input: PlannerInput {
        let policies = (0..<hosts).map { number in
            HostPolicy(
                name: HostID("h\(number)"), address: address(number), domain: DomainID("d\(number % 3)"),
                cluster: ClusterID("control"))
        }
        let policy = FleetPolicy(
            region: RegionID("timing"), domains: (0..<3).map { DomainID("d\($0)") },
            clusters: [ClusterPolicy(name: ClusterID("control"), isControl: true, managers: 3)], hosts: policies)
        let seen = policies.map { ($0.name, HostObservation.reachable(facts(of: $0))) }
        let observation = FleetObservation(
            takenAt: Timestamp(secondsSinceEpoch: 1_800_000_000), hosts: Dictionary(uniqueKeysWithValues: seen))
        return PlannerInput(policy: policy, observation: observation, image: "muster:000000000000")
    }

    private func address(_ number: Int) -> String { "198.18.\(number / 250).\(number % 250 + 1)" }

    private func facts(of host: HostPolicy) -> HostFacts {
        HostFacts(
            identity: HostIdentity(
                hostname: host.name.rawValue, machineID: "machine-\(host.name)", bootID: "boot-\(host.name)",
                addresses: [host.address]),
            operatingSystem: OperatingSystem(
                id: "debian", versionID: "12", prettyName: "Debian GNU/Linux 12", initSystem: .systemd),
            capacity: HostCapacity(
                cpuMillicores: 4000, memoryMiB: 8192, memoryAvailableMiB: 7000, diskMiB: 40_000, diskFreeMiB: 30_000),
            kernel: KernelFeatures(release: "6.1.0"), packages: PackageFacts(), routes: ["198.18.0.0/15"])
    }
}
