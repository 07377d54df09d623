// The arithmetic of majorities, by its own table: everything that decides about managers rests on it.
import FleetPlanner
import Testing

@Suite("Quorum") struct QuorumTests {
    @Test(
        "majority and tolerance of 1 to 7 managers",
        arguments: [
            (1, 1, 0), (2, 2, 0), (3, 2, 1), (4, 3, 1), (5, 3, 2), (6, 4, 2), (7, 4, 3),
        ])
    func majority(managers: Int, majority: Int, tolerance: Int) {
        #expect(Quorum.majority(of: managers) == majority)
        #expect(Quorum.tolerance(of: managers) == tolerance)
        #expect(managers - tolerance >= majority, "what is left after the losses is a majority")
    }

    @Test("the odd count is odd, at most what is wanted and there, and at most seven")
    func oddCount() {
        for wanted in 0...12 {
            for available in 0...12 {
                let count = Quorum.oddCount(wanted: wanted, available: available)
                #expect(count <= min(wanted, available, 7))
                #expect(count % 2 == 1 || min(wanted, available) == 0)
                #expect(count >= min(wanted, available, 7) - 1)
            }
        }
    }

    @Test(
        "losing a domain is survived only if no domain holds more managers than may be lost",
        arguments: [
            ([1, 1, 1], true), ([2, 1], false), ([2, 2, 1], true), ([3, 1, 1], false), ([1], false), ([], true),
        ])
    func domains(counts: [Int], survives: Bool) {
        #expect(Quorum.survivesLosingADomain(managersByDomain: counts) == survives)
    }
}
