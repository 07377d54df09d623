// The journal's side of a run: which entry is written when. An entry is durable before what it announces happens, and
// a host's life changes with the entry that says why (decision 5).
import FleetModel

/// Writes the entries of one run.
struct StepJournal: Sendable {
    let store: any FleetStore
    let clock: any FleetClock
    let region: RegionID
    let plan: PlanID

    /// All steps of a plan in one transaction: 1000 hosts have thousands of them.
    func intend(_ steps: [Step]) async throws(FleetProblem) {
        if !steps.isEmpty { try await store.record(steps.map { entry($0, .intended) }) }
    }

    /// Its command may reach the host from now on.
    func started(_ step: Step) async throws(FleetProblem) { try await store.record(entry(step, .started), life: nil) }

    /// Its command came back well; what it did is still to be seen.
    func done(_ step: Step) async throws(FleetProblem) { try await store.record(entry(step, .done), life: nil) }

    func ended(_ result: StepResult) async throws(FleetProblem) {
        let step = result.step
        switch result.outcome {
        case .changed, .unchanged:
            let isChange = result.outcome == .changed
            try await store.record(entry(step, .verified, isChange: isChange), life: step.action.lifeAfter)
        case .failed(let problem):
            let phase: JournalEntry.Phase = problem.code == "connection-lost" ? .unknown : .failed
            // Another operator's lease says nothing against the host.
            let life: HostLife? = problem.isLeaseTrouble ? nil : .quarantined
            try await store.record(entry(step, phase, detail: problem.description), life: life)
        case .skipped, .unstarted: return
        }
    }

    private func entry(
        _ step: Step, _ phase: JournalEntry.Phase, isChange: Bool? = nil, detail: String = ""
    ) -> JournalEntry {
        JournalEntry(
            at: clock.now(), region: region, plan: plan, step: step.id, host: step.subject, phase: phase,
            isChange: isChange, detail: detail)
    }
}
