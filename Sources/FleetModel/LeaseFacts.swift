// The lease of a host as a probe read it: who may change the host, under which epoch, and whether that still holds.

/// One host's /etc/muster/lease.
package struct LeaseFacts: Hashable, Codable, Sendable {
    /// `user@machine/…` or `control-plane/…`: the same in all runs from one region folder.
    package var owner: String
    /// The highest epoch that this host has seen.
    package var epoch: Int
    package var plan: PlanID
    /// When the owner took it, by the host's wall clock: for people only, never for a decision (F46).
    package var since: Timestamp
    /// Whether it holds now, by that host's boot id and uptime.
    package var isLive: Bool
    /// Its owner gave it back at the end of a run, which only the anchor is told.
    package var isReleased: Bool

    package init(
        owner: String, epoch: Int, plan: PlanID, since: Timestamp, isLive: Bool, isReleased: Bool = false
    ) {
        (self.owner, self.epoch, self.plan, self.since) = (owner, epoch, plan, since)
        (self.isLive, self.isReleased) = (isLive, isReleased)
    }
}
