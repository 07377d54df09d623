// How many connections are started at once: wider where the way is long and a wider wave starts more hosts a second,
// halved when sshds throw us out before their banner (F06), and widened again by successes. Pure but for a default
// clock, so that its arithmetic is tested without a network.

struct StartWindow {
    /// Taken at a start and given back at its end; tells to which width the start belonged.
    struct Place {
        fileprivate let epoch: Int
    }

    /// For round trips up to `shortTrip`.
    private let base: Int
    /// What the round trip would ask for.
    private(set) var limit: Int
    private(set) var size: Int
    private(set) var inUse = 0
    private var epoch = 0
    private var successes = 0
    private var resets: Set<SSHEndpoint> = []
    private var untilGrowth = 0
    private var hasBeenReset = false
    /// The latest, in a ring.
    private var trips: [Duration] = []
    private var nextTrip = 0
    private var wave = Wave()

    /// As many successes as the window is wide.
    private struct Wave {
        var start = Moment(nanoseconds: 0)
        var count = 0
        /// Hosts a second, of the wave before.
        var lastRate = 0.0
        /// The width before this one, when this one is on trial.
        var narrower: Int?
        /// Waves until a wider one is tried again.
        var rest = 0
    }

    /// A start takes seven round trips and about 1 ms of our CPU: 64 at once keep one core busy up to here.
    private static let shortTrip = Duration.milliseconds(10)
    /// As many as sessions are held open at most; asked for at 160 ms with a base of 64.
    private static let widest = 1024
    /// The median of so many decides: some far hosts among near ones change nothing.
    private static let tripCount = 15
    /// A wave that is wider by half and not faster by this has met another limit than the way: ours or the hosts'. At
    /// 1.1 chance decides, at 1.4 hardly any wave passes.
    private static let worthwhile = 1.2
    /// Waves that go by until a wider one is tried again.
    private static let pause = 4

    init(limit: Int) {
        base = max(1, limit)
        self.limit = base
        size = base
    }

    var hasRoom: Bool { inUse < size }

    mutating func take(at now: Moment = .now()) -> Place {
        if inUse == 0 {
            wave.start = now
            wave.count = 0
            wave.narrower = nil
        }
        inUse += 1
        return Place(epoch: epoch)
    }

    mutating func leave(_ place: Place) { inUse -= 1 }

    mutating func succeeded(after trip: Duration? = nil, at now: Moment = .now()) {
        if let trip { note(trip) }
        successes += 1
        if hasBeenReset { growSlowly() } else { endWave(at: now) }
    }

    /// Additive growth: one place for every two successes. Slower, and 300 hosts behind one throttled sshd take twice
    /// as long; one for each, and the width oscillates around `MaxStartups`.
    private mutating func growSlowly() {
        untilGrowth += 1
        if untilGrowth >= 2, size < limit {
            size += 1
            untilGrowth = 0
        }
    }

    /// A long way is one reason for a wide window, hosts or a core that are busy are one against it: so a wider wave is
    /// tried, and taken back when it starts no more hosts a second.
    private mutating func endWave(at now: Moment) {
        wave.count += 1
        if wave.count < size { return }
        let rate = Double(wave.count) / max(1e-6, (now - wave.start) / Duration.seconds(1))
        if let narrower = wave.narrower, rate < wave.lastRate * Self.worthwhile {
            size = max(base, min(narrower, limit))
            wave.narrower = nil
            wave.rest = Self.pause
        } else if wave.rest > 0 {
            wave.rest -= 1
        } else {
            wave.narrower = size < limit ? size : nil
            size = min(limit, size + max(1, size / 2))
        }
        wave.lastRate = rate
        wave.start = now
        wave.count = 0
    }

    private mutating func note(_ trip: Duration) {
        if trips.count < Self.tripCount { trips.append(trip) } else { trips[nextTrip] = trip }
        nextTrip = (nextTrip + 1) % Self.tripCount
        if trips.count < 3 { return }
        let factor = max(1, trips.sorted()[trips.count / 2] / Self.shortTrip)
        limit = max(base, min(Self.widest, Int(Double(base) * factor)))
        size = min(size, limit)
    }

    /// Halves once for all the resets of starts that were under way together, and only when resets are a pattern: at
    /// least two hosts and an eighth of what was started. A host that bans us must not slow the other 999.
    mutating func reset(_ place: Place, _ endpoint: SSHEndpoint) {
        guard place.epoch == epoch else { return }
        resets.insert(endpoint)
        guard resets.count >= max(2, (successes + resets.count) / 8) else { return }
        size = max(1, size / 2)
        hasBeenReset = true
        epoch += 1
        successes = 0
        resets = []
        untilGrowth = 0
    }
}
