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

    /// A run on another machine may begin this long after this one was killed. At half of it one slow answer of a host
    /// under load loses the lease; at twice of it people wait two minutes for a dead operator.
    package static let ttl = Duration.seconds(60)

    package init(owner: String, plan: PlanID, epoch: Int, ttl: Duration = Self.ttl) {
        self.owner = String(owner.map { Self.isPlain($0) ? $0 : "-" })
        (self.plan, self.epoch, self.ttl) = (plan, epoch, ttl)
    }

    /// Terms above everything that `observation` saw.
    package init(owner: String, plan: PlanID, above observation: FleetObservation, ttl: Duration = Self.ttl) {
        self.init(owner: owner, plan: plan, epoch: (observation.leases.map(\.epoch).max() ?? 0) + 1, ttl: ttl)
    }

    /// They stand in a line of shell between quotes and in a line of words: nothing else is let in.
    private static func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "@._-/".contains(character))
    }

    /// `OWNER PLAN SECONDS`.
    var words: [String] { [owner, plan.rawValue, String(ttl.components.seconds)] }
}

extension FleetObservation {
    /// The leases of all hosts that answered.
    package var leases: [LeaseFacts] { hosts.keys.sorted().compactMap { facts(of: $0)?.lease } }

    /// The highest epoch that was given back, has ended, or is `owner`'s own: whoever took it had seen that nobody else
    /// was at work, so no lease at or below it holds any more, whatever a host remembers of an earlier run.
    func settledEpoch(for owner: String) -> Int {
        leases.filter { $0.isReleased || !$0.isLive || $0.owner == owner }.map(\.epoch).max() ?? 0
    }

    /// Why `owner` may change nothing now: somebody else is at work.
    package func refusal(of owner: String) -> FleetProblem? {
        holder(otherThan: owner).map { ActProblem(host: $0.host, word: "lease").leased(by: $0.lease) }
    }

    /// The host and the lease of somebody else who is at work.
    func holder(otherThan owner: String) -> (host: HostID, lease: LeaseFacts)? {
        let settled = settledEpoch(for: owner)
        for host in hosts.keys.sorted() {
            guard let lease = facts(of: host)?.lease, lease.isLive, lease.owner != owner, lease.epoch > settled
            else { continue }
            return (host, lease)
        }
        return nil
    }
}
