// How many connections are started at once: wide by default, halved when sshds throw us out before their banner (F06),
// and widened again by successes. Pure, so that its arithmetic is tested without a network.

struct StartWindow {
    /// Taken at a start and given back at its end; tells to which width the start belonged.
    struct Place {
        fileprivate let epoch: Int
    }

    let limit: Int
    private(set) var size: Int
    private(set) var inUse = 0
    private var epoch = 0
    private var successes = 0
    private var resets: Set<SSHEndpoint> = []
    private var untilGrowth = 0

    init(limit: Int) {
        self.limit = max(1, limit)
        size = self.limit
    }

    var hasRoom: Bool { inUse < size }

    mutating func take() -> Place {
        inUse += 1
        return Place(epoch: epoch)
    }

    mutating func leave(_ place: Place) { inUse -= 1 }

    /// Additive growth: one place for every two successes. Slower, and 300 hosts behind one throttled sshd take twice
    /// as long; one for each, and the width oscillates around `MaxStartups`.
    mutating func succeeded() {
        successes += 1
        untilGrowth += 1
        if untilGrowth >= 2, size < limit {
            size += 1
            untilGrowth = 0
        }
    }

    /// Halves once for all the resets of starts that were under way together, and only when resets are a pattern: at
    /// least two hosts and an eighth of what was started. A host that bans us must not slow the other 999.
    mutating func reset(_ place: Place, _ endpoint: SSHEndpoint) {
        guard place.epoch == epoch else { return }
        resets.insert(endpoint)
        guard resets.count >= max(2, (successes + resets.count) / 8) else { return }
        size = max(1, size / 2)
        epoch += 1
        successes = 0
        resets = []
        untilGrowth = 0
    }
}
