// How long a run waits for the managers of a Swarm to agree on a leader again.
import FleetModel

/// One wait, in rounds.
struct Patience {
    private let clock: any FleetClock
    private let start: Duration

    /// A new leader was there after 10 to 16 s when the old one was killed, cut off or frozen; twice that on a machine
    /// under load. At half of it slow elections fail steps; twice of it only delays the news of a lost majority.
    private static let limit = Duration.seconds(60)
    private static let pause = Duration.seconds(2)

    init(clock: any FleetClock) { (self.clock, start) = (clock, clock.uptime()) }

    /// Waits a moment; false when waiting is of no use or has been long enough.
    /// - Parameter candidates: how many hosts were asked; a single one that is out of reach is not waited for.
    func wait(for problem: FleetProblem, candidates: Int) async -> Bool {
        guard candidates > 1 || problem.code == "no-leader", clock.uptime() - start < Self.limit else { return false }
        do { try await clock.sleep(for: Self.pause) } catch { return false }
        return true
    }
}
