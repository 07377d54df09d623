// The one port through which the control plane touches hosts: `muster serve` meets it over SSH with the region's key,
// tests in memory. Nothing else in this module leaves the machine.

package import FleetModel
package import FleetReconciler
package import InventoryStore

/// All that the execution of a plan needs.
package struct ExecutionOrder: Sendable {
    package var run: RunID
    package var id: PlanID
    package var plan: Plan
    package var policy: FleetPolicy
    /// Fresh facts of the hosts that the plan touches.
    package var observation: FleetObservation
    /// Where journal and facts go.
    package var inventory: Inventory

    package init(
        run: RunID, id: PlanID, plan: Plan, policy: FleetPolicy, observation: FleetObservation, inventory: Inventory
    ) {
        (self.run, self.id, self.plan, self.policy) = (run, id, plan, policy)
        (self.observation, self.inventory) = (observation, inventory)
    }
}

/// What the control plane asks of the world.
package protocol RegionOperations: Sendable {
    /// Looks at every host of `policy` and at `leaving`. A host that does not answer is in the observation as such;
    /// this never throws.
    func observe(
        _ policy: FleetPolicy, leaving: [HostPolicy]
    ) async -> (observation: FleetObservation, execs: [HostID: Int])

    /// The plan from `observation` to what `policy` wants; pure. Throws a `FleetProblem` when no plan can be made.
    /// `forgotten`: what an earlier plan found and nobody knew, once it was looked at.
    func plan(
        _ policy: FleetPolicy, observation: FleetObservation, parent: Blueprint?, intents: FleetIntents,
        forgotten: [HostID: DesiredHost]
    ) throws -> Plan

    /// The public half of the key with which it logs in: `ssh-ed25519 AAAA…`.
    func regionPublicKey() throws -> String

    /// Executes a plan to its end, or until it is to stop: then what is in hand is ended, and nothing new is begun. It
    /// holds the region's lease on the hosts as `control-plane/<region>`, so that an operator's machine that missed the
    /// hand off is fenced. A step that fails is in the report; it throws when nothing could be run or noted.
    func apply(
        _ order: ExecutionOrder, stop: StopSignal, progress: @escaping @Sendable (ProgressEvent) -> Void
    ) async throws -> ApplyReport

    /// The witnesses that the control cluster holds, read from the first manager that answers.
    /// Throws when no manager answers: no answer is not the same as no witness.
    /// `managers`: the control cluster's, as far as they are known; they are asked before others of its hosts.
    func witnesses(_ policy: FleetPolicy, managers: [HostID]) async throws -> [Witness]

    /// Writes a witness, and removes those that `Witness.superseded` names. Idempotent.
    func record(_ witness: Witness, policy: FleetPolicy, managers: [HostID]) async throws
}
