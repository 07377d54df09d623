// What came of a plan: a line for every host, every step's time, and the exit code that follows.
package import FleetModel

/// The result of one step.
package struct StepResult: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case changed
        case unchanged
        case failed(FleetProblem)
        /// Did not start, because this one failed.
        case skipped(because: StepID)
        /// Did not start, because the run stopped before its turn came.
        case unstarted(StopReason)
    }

    package var step: Step
    package var outcome: Outcome
    /// From its start to its verification.
    package var duration: Duration

    package init(step: Step, outcome: Outcome, duration: Duration) {
        (self.step, self.outcome, self.duration) = (step, outcome, duration)
    }

    package var isSuccess: Bool { outcome == .changed || outcome == .unchanged }

    /// Whether it was started.
    package var hasRun: Bool {
        switch outcome {
        case .changed, .unchanged, .failed: true
        case .skipped, .unstarted: false
        }
    }
}

/// What came of a plan.
package struct ApplyReport: Sendable {
    package var plan: Plan
    package var results: [StepResult]
    /// Wall time of the whole.
    package var duration: Duration
    /// Why the run ended before its plan did; nil when it did not.
    package var stop: StopReason?

    package init(plan: Plan, results: [StepResult], duration: Duration, stop: StopReason? = nil) {
        (self.plan, self.results, self.duration, self.stop) = (plan, results, duration, stop)
    }

    /// The target without the hosts that are gone now; nil when none is.
    package var settled: Blueprint? { plan.settled(verified: Set(results.filter(\.isSuccess).map(\.step.id))) }

    /// Acts that changed something on a host.
    package var remoteWrites: Int { results.filter { $0.outcome == .changed }.count }

    /// Hosts for which something failed, with the first thing that did.
    package var failures: [HostID: FleetProblem] {
        var all: [HostID: FleetProblem] = [:]
        for result in results {
            if case .failed(let problem) = result.outcome, all[result.step.subject] == nil {
                all[result.step.subject] = problem
            }
        }
        return all
    }

    /// Hosts that took no part or failed.
    package var lostHosts: Set<HostID> {
        let quarantined = plan.report.filter { $0.kind == .quarantined }.compactMap(\.problem.hostName)
        return Set(quarantined).union(failures.keys)
    }

    /// 0 done, 1 failed, 4 done but for hosts inside the budget, 130 interrupted (design.md §4).
    package func exitCode(allowedFailures: Int) -> Int32 {
        switch stop {
        case .interrupted?: return 130
        case .budget?, .leaseLost?: return 1
        case nil: break
        }
        let region = results.contains { result in
            guard !result.isSuccess else { return false }
            switch result.step.action {
            case .startControlPlane, .handOff, .removeControlPlane, .initSwarm: return true
            case .installEngine, .authorizeRegionKey, .resetSwarm, .joinSwarm, .promoteNode, .drainNode, .activateNode,
                .demoteNode, .removeNode, .evictSwarm, .adoptSwarm, .labelNode, .loadImage, .leaveSwarm, .restoreHost:
                return false
            }
        }
        if region || lostHosts.count > allowedFailures { return 1 }
        return lostHosts.isEmpty ? 0 : 4
    }

    /// Seconds spent by kind of step, the longest first; steps overlap, so the sum is more than the wall time.
    package var timeByWord: [(word: String, seconds: Double, count: Int)] {
        var sums: [String: (Double, Int)] = [:]
        for result in results where result.hasRun {
            let sum = sums[result.step.action.word] ?? (0, 0)
            sums[result.step.action.word] = (sum.0 + result.duration / .seconds(1), sum.1 + 1)
        }
        return sums.map { ($0.key, $0.value.0, $0.value.1) }.sorted { ($1.seconds, $0.word) < ($0.seconds, $1.word) }
    }
}

extension FleetProblem {
    /// The host that the problem is about, when it is about one.
    package var hostName: HostID? {
        guard subject.hasPrefix("host `"), subject.hasSuffix("`") else { return nil }
        return HostID(subject.dropFirst(6).dropLast())
    }
}
