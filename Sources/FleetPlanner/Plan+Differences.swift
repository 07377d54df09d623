// Whether the hosts are still as a plan found them (I3): compared by `muster apply` and by the control plane alike.
package import FleetModel

extension Plan {
    /// What is other than the planner found it, host by host; empty when the plan may run.
    package func differences(from observation: FleetObservation) -> [FleetProblem] {
        preconditions.sorted { $0.key < $1.key }.flatMap { host, expected in
            expected.differences(observed: observation.hosts[host]).map { difference in
                FleetProblem(
                    .refused, "plan-stale", subject: "host `\(host)`", "is not as the plan found it: \(difference)",
                    hint: "plan again")
            }
        }
    }
}
