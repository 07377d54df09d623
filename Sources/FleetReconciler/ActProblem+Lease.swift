// Who has the lease, since when and for which plan: what the second of two operators is told (F37).
import FleetModel

extension ActProblem {
    /// Somebody else was seen at work.
    func leased(by lease: LeaseFacts) -> FleetProblem {
        FleetProblem(
            .refused, "leased", subject: "host `\(host)`", "is being changed by \(Self.who(lease))",
            hint: "wait for that run to end; a run that was killed holds the region for up to a minute")
    }

    /// The script said `fail CODE OWNER SINCE PLAN EPOCH`; nil for other codes.
    func leaseProblem(code: String, text: String) -> FleetProblem? {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 4, let since = Int(words[1]), let epoch = Int(words[3]) else { return nil }
        let other = LeaseFacts(
            owner: words[0], epoch: epoch, plan: PlanID(words[2]), since: Timestamp(secondsSinceEpoch: since),
            isLive: true)
        switch code {
        case "leased": return leased(by: other)
        case "fenced":
            return FleetProblem(
                .refused, "fenced", subject: "host `\(host)`",
                "refuses this run, because it was changed by a later one: \(Self.who(other))",
                hint: "plan again; that run has the newer picture")
        case "lease-lost":
            return FleetProblem(
                .refused, "lease-lost", subject: "host `\(host)`",
                other.owner == "-" ? "no longer holds this run's lease" : "is now leased to \(Self.who(other))",
                hint: "plan again once nobody else is at work")
        default: return nil
        }
    }

    private static func who(_ lease: LeaseFacts) -> String {
        "`\(lease.owner)`, since \(lease.since), for plan `\(lease.plan)`"
    }
}
