// The one port through which the control plane touches hosts: `muster serve` meets it over SSH with the region's key,
// tests in memory. Nothing else in this module leaves the machine.

package import FleetModel

/// What the control plane asks of the world.
package protocol RegionOperations: Sendable {
    /// Looks at every host of `policy`. A host that does not answer is in the observation as such; this never throws.
    func observe(_ policy: FleetPolicy) async -> (observation: FleetObservation, execs: [HostID: Int])

    /// The plan from `observation` to what `policy` wants; pure. Throws a `FleetProblem` when no plan can be made.
    func plan(_ policy: FleetPolicy, observation: FleetObservation, parent: Blueprint?) throws -> Plan

    /// The witnesses that the control cluster holds, read from the first manager that answers.
    /// Throws when no manager answers: no answer is not the same as no witness.
    func witnesses(_ policy: FleetPolicy) async throws -> [Witness]

    /// Writes a witness, and removes those that `Witness.superseded` names. Idempotent.
    func record(_ witness: Witness, policy: FleetPolicy) async throws
}
