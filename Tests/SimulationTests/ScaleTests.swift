// What a simulated host costs: ten thousand of them must be made and looked at while somebody waits for a test.
import FleetModel
import FleetReconciler
import FleetSimulator
import Foundation
import Testing

@Suite("Simulated scale", .serialized) struct ScaleTests {
    private static let hosts = 10_000
    /// In a debug build on one core: at half of it a seed with many hosts costs more than its run.
    private static let leastPerSecond = 1000.0
    /// At twice of it ten thousand hosts take a machine of 2 GB.
    private static let mostMegabytes = 0.1

    /// Resident memory of this process in bytes.
    private static func memory() throws -> Int {
        let text = String(decoding: try Data(contentsOf: URL(filePath: "/proc/self/statm")), as: UTF8.self)
        let pages = try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        return pages * 4096
    }

    private static var policy: FleetPolicy {
        let hosts = (0..<hosts).map { number in
            HostPolicy(
                name: HostID("h\(number)"), address: "10.\(number / 62_500).\(number / 250 % 250).\(number % 250 + 1)",
                domain: DomainID("d\(number % 3)"), cluster: "control")
        }
        return FleetPolicy(
            region: "eu1", domains: ["d0", "d1", "d2"],
            clusters: [ClusterPolicy(name: "control", isControl: true, managers: 5)], hosts: hosts)
    }

    @Test("10,000 hosts: made at 1000 a second, 0.1 MB each, and observed in virtual time")
    func tenThousand() throws {
        let (time, policy, before) = (VirtualTime(), Self.policy, try Self.memory())
        let world = SimulatedWorld(seed: 1, time: time)
        let start = ContinuousClock.now
        _ = time.run { await world.addHosts(of: policy) }
        let making = start.duration(to: .now) / .seconds(1)
        let megabytes = Double(try Self.memory() - before) / 1_000_000 / Double(Self.hosts)
        let looking = ContinuousClock.now
        let seen = time.run { await SimulatedOperator(world, policy).look() }
        let observing = looking.duration(to: .now) / .seconds(1)
        let virtual = time.uptime() / .seconds(1)
        #expect(seen?.hosts.values.filter { if case .reachable = $0 { true } else { false } }.count == Self.hosts)
        #expect(Double(Self.hosts) / making >= Self.leastPerSecond, "made in \(making) s")
        #expect(megabytes <= Self.mostMegabytes, "\(megabytes) MB a host")
        print(
            "simulator: \(Self.hosts) hosts made in \(making) s, \(megabytes) MB each; observed in \(observing) s, "
                + "\(virtual) s of virtual time")
    }
}
