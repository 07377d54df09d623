// What is to happen in a simulated region, as values: bring-up, growth, removal, tear-down.
package import FleetModel

/// One thing that people want of a region.
package struct Story: Sendable {
    package let name: String
    /// The policy before.
    package let start: FleetPolicy
    /// The policy that the run in question works for.
    package let end: FleetPolicy
    package let isDown: Bool
    /// Whether the region is brought up first, undisturbed.
    package let isPrepared: Bool

    package static func bringUp(_ policy: FleetPolicy) -> Story {
        Story(name: "bring-up", start: policy, end: policy, isDown: false, isPrepared: false)
    }

    package static func down(_ policy: FleetPolicy) -> Story {
        Story(name: "down", start: policy, end: policy, isDown: true, isPrepared: true)
    }

    package static func change(_ name: String, from start: FleetPolicy, to end: FleetPolicy) -> Story {
        Story(name: name, start: start, end: end, isDown: false, isPrepared: true)
    }
}

/// How a story came out.
package struct StoryEnd: Sendable {
    /// The points that the run in question passed.
    package var points: [InjectionPoint]
    package var effects: [SimulatedWorld.Effect]
    package var state: [String]
    /// What is wrong, in words.
    package var faults: [String]
    package var trace: [String]
}
