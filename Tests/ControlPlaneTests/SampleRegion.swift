// A region of five hosts as tests and the screenshot show it: three managers in three domains, two workers.

import ControlPlane
import FleetModel

enum SampleRegion {
    static let name: RegionID = "eu1"
    static let start = Timestamp(secondsSinceEpoch: 1_795_000_000)

    static func policy(hosts: Int = 5) -> FleetPolicy {
        FleetPolicy(
            region: name, domains: ["a", "b", "c"],
            clusters: [ClusterPolicy(name: "control", isControl: true, managers: 3)],
            hosts: (1...hosts).map { number in
                HostPolicy(
                    name: host(number), address: "198.18.1.\(number + 1)",
                    domain: ["a", "b", "c"][(number - 1) % 3], cluster: "control")
            }, controlPlane: ControlPlanePolicy(allowFrom: ["198.18.0.0/16"]))
    }

    static func host(_ number: Int) -> HostID { HostID("eu1-0\(number)") }

    static func role(_ number: Int) -> NodeRole { number <= 3 ? .manager : .worker }

    static func blueprint(generation: Int = 1, hosts: Int = 5) -> Blueprint {
        Blueprint(
            region: name, generation: generation, parent: generation - 1,
            clusters: [
                "control": DesiredCluster(
                    isControl: true, addressPool: "10.201.0.0/16", subnetBits: 24,
                    managers: [host(1), host(2), host(3)])
            ],
            hosts: Dictionary(
                uniqueKeysWithValues: (1...hosts).map { number in
                    let wanted = policy(hosts: hosts).hosts[number - 1]
                    return (
                        host(number),
                        DesiredHost(
                            address: wanted.address, domain: wanted.domain, cluster: "control", role: role(number))
                    )
                }),
            controlPlane: DesiredControlPlane(
                cluster: "control", home: host(1), image: "muster:2f6c1d0b9a47", port: 8443, allowFrom: []))
    }

    /// What is seen when all but `lost` answer.
    static func observation(hosts: Int = 5, lost: Set<Int> = [], at: Timestamp = start) -> FleetObservation {
        let nodes = (1...hosts).map { number in
            NodeFacts(
                id: NodeID("node\(number)"), hostname: host(number).rawValue, address: "198.18.1.\(number + 1)",
                role: role(number), state: lost.contains(number) ? "down" : "ready", isLeader: number == 1,
                reachability: number > 3 ? nil : lost.contains(number) ? "unreachable" : "reachable")
        }
        let seen = (1...hosts).map { number in
            (host(number), lost.contains(number) ? silence(number) : HostObservation.reachable(facts(number, nodes)))
        }
        return FleetObservation(takenAt: at, hosts: Dictionary(uniqueKeysWithValues: seen))
    }

    private static func silence(_ number: Int) -> HostObservation {
        .unreachable(
            FleetProblem(
                .unavailable, "host-unreachable", subject: "host `\(host(number))`",
                "no answer from `198.18.1.\(number + 1):22` within 10 s"))
    }

    private static func facts(_ number: Int, _ nodes: [NodeFacts]) -> HostFacts {
        HostFacts(
            identity: HostIdentity(hostname: host(number).rawValue, machineID: "m\(number)", bootID: "b\(number)"),
            operatingSystem: OperatingSystem(
                id: "debian", versionID: "12", prettyName: "Debian GNU/Linux 12 (bookworm)", initSystem: .systemd),
            capacity: HostCapacity(
                cpuMillicores: 4000, memoryMiB: 8192, memoryAvailableMiB: 8192 - 1100 * number, diskMiB: 80_000,
                diskFreeMiB: 52_000),
            kernel: KernelFeatures(release: "6.1.0-18-amd64"), packages: PackageFacts(),
            engine: EngineFacts(version: "20.10.24", isRunning: true),
            swarm: SwarmFacts(
                state: .active, nodeID: NodeID("node\(number)"), isManager: number <= 3,
                cluster: number <= 3 ? ClusterFacts(nodes: nodes) : nil))
    }
}
