// The durable record of every step: written before and after each, so that a killed run can go on (decision 5).

/// What became of one step at one time.
package struct JournalEntry: Hashable, Codable, Sendable {
    package enum Phase: String, Codable, Sendable, CaseIterable {
        /// Planned, not begun.
        case intended
        /// Its command may have reached the host.
        case started
        /// Its command came back well.
        case done
        /// The second check saw the desired state.
        case verified
        /// It did not work; the reason is in `detail`.
        case failed
        /// The connection was lost in the middle: look again.
        case unknown
    }

    /// Position in the journal, given by the store; 0 before that.
    package var sequence: Int
    package var at: Timestamp
    package var region: RegionID
    package var plan: PlanID
    package var step: StepID
    package var host: HostID
    package var phase: Phase
    /// Whether the step changed the host; nil until known.
    package var isChange: Bool?
    /// One line for people; never a secret.
    package var detail: String

    package init(
        sequence: Int = 0, at: Timestamp, region: RegionID, plan: PlanID, step: StepID, host: HostID, phase: Phase,
        isChange: Bool? = nil, detail: String = ""
    ) {
        (self.sequence, self.at, self.region, self.plan, self.step) = (sequence, at, region, plan, step)
        (self.host, self.phase, self.isChange, self.detail) = (host, phase, isChange, detail)
    }
}

/// A line of the audit log and of the event stream: what happened, by whom.
package struct FleetEvent: Hashable, Codable, Sendable {
    package var sequence: Int
    package var at: Timestamp
    /// `plan`, `step`, `host`, `hand-off`, `token`, `drift` …
    package var kind: String
    /// Who caused it: an operator's token name, `control-plane`, `operator`.
    package var actor: String
    /// With its kind, as in errors: "host `h3`".
    package var subject: String
    package var message: String

    package init(
        sequence: Int = 0, at: Timestamp, kind: String, actor: String, subject: String, message: String
    ) {
        (self.sequence, self.at, self.kind) = (sequence, at, kind)
        (self.actor, self.subject, self.message) = (actor, subject, message)
    }
}
