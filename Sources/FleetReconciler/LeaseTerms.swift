// Under which name, epoch and plan a run asks for the right to change a region: what the scripts compare with a host's
// /etc/muster/lease (ADR 0011).
package import FleetModel

/// The lease that a run wants or has.
package struct LeaseTerms: Hashable, Sendable {
    /// `user@machine/…` or `control-plane/…`, without blanks: the same in all runs that one lock keeps apart.
    package var owner: String
    package var plan: PlanID
    /// Above all epochs that were seen when it was asked for; the anchor may give a higher one.
    package var epoch: Int
    /// How long it holds after each renewal, by the clock of the host.
    package var ttl: Duration
    /// The lease under which the region came to the owner: it is over, whatever a host remembers of it.
    package var handed: HandedLease?

    /// A run on another machine may begin this long after this one was killed. At half of it one slow answer of a host
    /// under load loses the lease; at twice of it people wait two minutes for a dead operator.
    package static let ttl = Duration.seconds(60)

    package init(
        owner: String, plan: PlanID, epoch: Int, ttl: Duration = Self.ttl, handed: HandedLease? = nil
    ) {
        self.owner = Self.plain(owner)
        (self.plan, self.epoch, self.ttl, self.handed) = (plan, epoch, ttl, handed)
    }

    /// Terms above everything that `observation` saw, and above what the owner was handed.
    package init(
        owner: String, plan: PlanID, above observation: FleetObservation, ttl: Duration = Self.ttl,
        handed: HandedLease? = nil
    ) {
        let seen = (observation.leases.map(\.epoch) + [handed?.epoch ?? 0]).max() ?? 0
        self.init(owner: owner, plan: plan, epoch: seen + 1, ttl: ttl, handed: handed)
    }

    /// `name` as a lease has it: two spellings of one owner would be two owners.
    package static func plain(_ name: String) -> String { String(name.map { isPlain($0) ? $0 : "-" }) }

    /// They stand in a line of shell between quotes and in a line of words: nothing else is let in.
    private static func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "@._-/".contains(character))
    }

    /// `OWNER PLAN SECONDS`.
    var words: [String] { [owner, plan.rawValue, String(ttl.components.seconds)] }
}

/// A lease that came along with the region when it was handed over: whoever held it has given the region away, and acts
/// under it no more (ADR 0026).
package struct HandedLease: Hashable, Sendable {
    package var owner: String
    package var epoch: Int

    package init(owner: String, epoch: Int) { (self.owner, self.epoch) = (owner, epoch) }

    package init(_ terms: LeaseTerms) { self.init(owner: terms.owner, epoch: terms.epoch) }

    /// From `text`; nil for anything else.
    package init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, let epoch = Int(words[1]) else { return nil }
        self.init(owner: String(words[0]), epoch: epoch)
    }

    /// `OWNER EPOCH`, as the inventory keeps it.
    package var text: String { "\(owner) \(epoch)" }

    /// A later lease of the same owner is none that was handed over: there somebody is still at work.
    func covers(_ lease: LeaseFacts) -> Bool { lease.owner == owner && lease.epoch <= epoch }
}

extension FleetObservation {
    /// The leases of all hosts that answered.
    package var leases: [LeaseFacts] { hosts.keys.sorted().compactMap { facts(of: $0)?.lease } }

    /// The newest lease that `owner` holds.
    package func newestLease(of owner: String) -> HandedLease? {
        let epoch = leases.filter { $0.owner == owner && $0.isLive }.map(\.epoch).max()
        return epoch.map { HandedLease(owner: owner, epoch: $0) }
    }

    /// The highest epoch that was given back, has ended, is `owner`'s own or was handed to it: whoever took it had seen
    /// that nobody else was at work, so no lease at or below it holds any more, whatever a host remembers of an earlier
    /// run.
    func settledEpoch(for owner: String, _ handed: HandedLease?) -> Int {
        leases.filter { $0.isReleased || !$0.isLive || $0.owner == owner || handed?.covers($0) == true }.map(\.epoch)
            .max() ?? 0
    }

    /// Why `owner` may change nothing now: somebody else is at work.
    package func refusal(of owner: String, _ handed: HandedLease? = nil) -> FleetProblem? {
        holder(otherThan: owner, handed).map { ActProblem(host: $0.host, word: "lease").leased(by: $0.lease) }
    }

    /// The host and the lease of somebody else who is at work.
    private func holder(otherThan owner: String, _ handed: HandedLease?) -> (host: HostID, lease: LeaseFacts)? {
        let settled = settledEpoch(for: owner, handed)
        for host in hosts.keys.sorted() {
            guard let lease = facts(of: host)?.lease, lease.isLive, lease.owner != owner, lease.epoch > settled
            else { continue }
            return (host, lease)
        }
        return nil
    }
}
