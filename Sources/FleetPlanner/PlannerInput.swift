// All that the planner is given. There is nothing else: no clock, no randomness, no files (the same input, same bytes).
package import FleetModel

/// What a plan is made from.
package struct PlannerInput: Sendable {
    package var policy: FleetPolicy
    package var observation: FleetObservation
    /// The blueprint that is the target now; nil before the first.
    package var parent: Blueprint?
    /// Reference of the control plane's image, which is the running tool's own.
    package var image: String
    /// Whether the control plane already owns the region, so that no hand off is due.
    package var isHandedOff: Bool
    /// The region's public key that is to be let in, `ssh-ed25519 AAAA…`; nil before it is made.
    package var regionKey: String?
    /// What people asked for besides the manifest.
    package var intents: FleetIntents

    package init(
        policy: FleetPolicy, observation: FleetObservation, parent: Blueprint? = nil, image: String,
        isHandedOff: Bool = false, regionKey: String? = nil, intents: FleetIntents = FleetIntents()
    ) {
        (self.policy, self.observation, self.parent) = (policy, observation, parent)
        (self.image, self.isHandedOff, self.intents) = (image, isHandedOff, intents)
        self.regionKey = regionKey
        leaving = policy.leaving(after: parent)
    }

    /// Hosts that the target has and the manifest has not; they are observed with the others.
    package let leaving: [HostPolicy]

    /// Home folder of the account that Muster logs in to.
    var home: String { policy.portable.access.accountHome }
}
