// Kill-point sweep: the same story once for every point that it passes and every hurt that is possible there.

/// What a sweep found.
package enum SweepReport {
    package struct Failure: Sendable, CustomStringConvertible {
        package let injection: Injection
        package let label: String
        package let faults: [String]
        package let trace: [String]

        package var description: String {
            "point \(injection.point) \(injection.action.rawValue) at `\(label)`: \(faults.joined(separator: "; "))"
        }
    }
}

/// All points of one story.
package struct Sweep: Sendable {
    package let story: Story
    package let seed: UInt64
    package let pause: Duration
    /// Hurts that are tried.
    package let actions: Set<Injection.Action>

    package init(
        _ story: Story, seed: UInt64 = 1, pause: Duration = .seconds(1800),
        actions: Set<Injection.Action> = Set(Injection.Action.allCases)
    ) {
        (self.story, self.seed, self.pause, self.actions) = (story, seed, pause, actions)
    }

    /// Every hurt of the undisturbed run, in order.
    package func injections(of undisturbed: StoryEnd) -> [Injection] {
        undisturbed.points.enumerated().flatMap { number, point in
            point.actions.filter(actions.contains).map { Injection(point: number, action: $0) }
        }
    }

    /// Plays the story with one hurt and gives what is wrong about it.
    package func failure(_ injection: Injection, undisturbed: StoryEnd) -> SweepReport.Failure? {
        let end = StoryRun(story, seed: seed, injection: injection, pause: pause).play()
        var faults = end.faults
        if end.state != undisturbed.state {
            faults.append("another end: \(Self.difference(end.state, undisturbed.state))")
        }
        faults += repeated(end.effects, injection: injection, undisturbed: undisturbed)
        guard !faults.isEmpty else { return nil }
        let label = undisturbed.points[injection.point].label
        return SweepReport.Failure(injection: injection, label: label, faults: faults, trace: end.trace)
    }

    private static func difference(_ now: [String], _ wanted: [String]) -> String {
        zip(now, wanted).filter { $0 != $1 }.map { "`\($0)` for `\($1)`" }.joined(separator: ", ")
    }

    /// Effects that happened more often than in the undisturbed run. After a power cut an engine is started again, and a
    /// host that was joining through a manager that died leaves what it joined half.
    private func repeated(
        _ effects: [SimulatedWorld.Effect], injection: Injection, undisturbed: StoryEnd
    ) -> [String] {
        let usual = Self.counts(undisturbed.effects)
        return Self.counts(effects).filter { effect, count in
            if injection.action == .powerOff, ["engine started", "swarm left"].contains(effect.kind) { return false }
            return count > (usual[effect] ?? 0)
        }.map { "\($0.value) times: \($0.key)" }.sorted()
    }

    private static func counts(_ effects: [SimulatedWorld.Effect]) -> [SimulatedWorld.Effect: Int] {
        Dictionary(effects.map { ($0, 1) }, uniquingKeysWith: +)
    }
}
