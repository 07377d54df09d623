// Run: one execution of plans by the control plane, as its inventory keeps it and as those who watch it read it.

/// One execution. A run outlives the process that began it: after a restart it goes on with a plan made anew.
package struct Run: Hashable, Codable, Sendable {
    package enum State: String, Codable, Sendable, CaseIterable {
        case running
        /// Told to stop: what is in hand is finished, nothing new is begun.
        case cancelling
        case done, failed, cancelled

        package var isEnded: Bool {
            switch self {
            case .running, .cancelling: false
            case .done, .failed, .cancelled: true
            }
        }
    }

    package var id: RunID
    /// The plan that it executes now.
    package var plan: PlanID
    /// Who began it: a token's name.
    package var actor: String
    package var state: State
    package var startedAt: Timestamp
    package var endedAt: Timestamp?
    /// What came of it, once it has ended.
    package var outcome: RunOutcome?

    package init(
        id: RunID, plan: PlanID, actor: String, state: State = .running, startedAt: Timestamp,
        endedAt: Timestamp? = nil, outcome: RunOutcome? = nil
    ) {
        (self.id, self.plan, self.actor, self.state) = (id, plan, actor, state)
        (self.startedAt, self.endedAt, self.outcome) = (startedAt, endedAt, outcome)
    }
}

/// What came of a run.
package struct RunOutcome: Hashable, Codable, Sendable {
    /// As the command line's: 0 done, 1 failed, 4 done but for hosts inside the budget, 130 cancelled.
    package var exitCode: Int
    /// Acts that changed something on a host.
    package var remoteWrites: Int
    package var isBudgetExceeded: Bool
    /// Why it ended when no step's failure says so.
    package var problem: FleetProblem?

    package init(exitCode: Int, remoteWrites: Int, isBudgetExceeded: Bool = false, problem: FleetProblem? = nil) {
        (self.exitCode, self.remoteWrites) = (exitCode, remoteWrites)
        (self.isBudgetExceeded, self.problem) = (isBudgetExceeded, problem)
    }

    package var state: Run.State {
        switch exitCode {
        case 0, 4: .done
        case 130: .cancelled
        case _: .failed
        }
    }
}

/// Something that happened in a run. Its sequence is where a reader whose connection was lost goes on.
package struct RunEvent: Hashable, Codable, Sendable {
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// The run executes `plan` from here on: its first, or one made anew after a restart.
        case planned
        /// `step` began.
        case started
        /// `step` ended as `outcome` says.
        case finished
        /// The run ended; nothing follows.
        case ended
    }

    package enum StepOutcome: String, Codable, Sendable, CaseIterable {
        case changed, unchanged, failed, skipped, unstarted
    }

    package var sequence: Int
    package var at: Timestamp
    package var kind: Kind
    package var plan: PlanID?
    package var step: StepID?
    package var outcome: StepOutcome?
    /// Why the step failed.
    package var problem: FleetProblem?
    /// The step whose failure made this one be skipped.
    package var because: StepID?
    /// How long the step took.
    package var milliseconds: Int?
    /// What came of the run, with `ended`.
    package var result: RunOutcome?

    package init(sequence: Int = 0, at: Timestamp, kind: Kind) {
        (self.sequence, self.at, self.kind) = (sequence, at, kind)
    }
}

/// What a plan was asked for. Kept with the plan, because its policy becomes the region's only when the plan runs.
package struct PlanOrder: Hashable, Codable, Sendable {
    package var policy: FleetPolicy
    /// SHA-256 of the policy that was the region's when the plan was made: a plan from the past must not bring it back.
    package var base: String
    package var intents: FleetIntents
    /// The number that people agreed to, when the plan wanted one (F44).
    package var approved: Int?

    package init(policy: FleetPolicy, base: String, intents: FleetIntents = FleetIntents(), approved: Int? = nil) {
        (self.policy, self.base, self.intents, self.approved) = (policy, base, intents, approved)
    }
}

/// The right to change a region, as its control plane lends it to one run at a time.
package struct RunLease: Hashable, Codable, Sendable {
    package var run: RunID
    package var plan: PlanID
    /// Who began the run.
    package var holder: String
    /// The region's epoch when it was taken.
    package var epoch: Int
    package var since: Timestamp

    package init(run: RunID, plan: PlanID, holder: String, epoch: Int, since: Timestamp) {
        (self.run, self.plan, self.holder, self.epoch, self.since) = (run, plan, holder, epoch, since)
    }
}
