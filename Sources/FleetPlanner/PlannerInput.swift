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
    /// Hosts that neither manifest nor target has and whose nodes carry this region's label (F22), once somebody has
    /// looked at them: see `Plan.forgotten`.
    package private(set) var forgotten: [HostID: DesiredHost]

    package init(
        policy: FleetPolicy, observation: FleetObservation, parent: Blueprint? = nil, image: String,
        isHandedOff: Bool = false, regionKey: String? = nil, intents: FleetIntents = FleetIntents(),
        forgotten: [HostID: DesiredHost] = [:]
    ) {
        (self.policy, self.observation, self.parent) = (policy, observation, parent)
        (self.image, self.isHandedOff, self.intents, self.forgotten) = (image, isHandedOff, intents, forgotten)
        self.regionKey = regionKey
        leaving = policy.leaving(after: parent) + forgotten.leaving
    }

    /// Hosts that the target has and the manifest has not, and forgotten ones; they are observed with the others.
    package private(set) var leaving: [HostPolicy]

    /// The same with hosts that were found, and with what was seen of them, too.
    package func finding(_ hosts: [HostID: DesiredHost], seen: FleetObservation) -> PlannerInput {
        var whole = self
        (whole.observation, whole.forgotten) = (seen, hosts)
        whole.leaving = policy.leaving(after: parent) + hosts.leaving
        return whole
    }

    /// Home folder of the account that Muster logs in to.
    var home: String { policy.portable.access.accountHome }
}
