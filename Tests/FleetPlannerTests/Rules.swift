// The rules that every plan keeps, checked on one plan in its world.
import FleetModel
import FleetPlanner
import Testing

/// One plan and what it is planned for.
struct Rules {
    let story: Story
    let plan: Plan
    let seed: UInt64

    func check() {
        order()
        quarantine()
        managers()
        effects()
        if !plan.refusals.isEmpty { expect(plan.steps.isEmpty, "a refused plan has steps") }
        expect(plan == story.plan(), "the same input gave another plan")
        expect(
            Set(plan.preconditions.keys) == Set(plan.steps.flatMap { [$0.host, $0.subject] }),
            "preconditions are of other hosts than the steps")
    }

    private func expect(_ holds: Bool, _ what: String) { #expect(holds, "seed \(seed): \(what)") }

    /// Every step is once in the plan, and what it needs comes before it.
    private func order() {
        var earlier: Set<StepID> = []
        for step in plan.steps {
            expect(earlier.isSuperset(of: step.after + step.follows), "\(step.id) comes before what it needs")
            expect(earlier.insert(step.id).inserted, "\(step.id) is in the plan twice")
        }
    }

    /// Nothing runs on a host that was left out; a manager may take its node off the list.
    private func quarantine() {
        let names = plan.report.filter { $0.kind == .quarantined }.map(\.problem.subject)
        for step in plan.steps {
            expect(!names.contains("host `\(step.host)`"), "\(step.id) runs on a quarantined host")
            if case .demoteNode = step.action { continue }
            expect(!names.contains("host `\(step.subject)`"), "\(step.id) touches a quarantined host")
        }
    }

    /// Never over seven, never without a majority, and an even number only between two steps of one chain: what makes
    /// it even is followed, in the same plan and bound by `after`, by what makes it odd again.
    private func managers() {
        var world = story.world
        for (index, step) in plan.steps.enumerated() {
            let before = counts(world)
            world.perform(step)
            for (swarm, count) in counts(world) where count != before[swarm] {
                expect(count <= 7, "\(swarm) has \(count) managers after \(step.id)")
                expect(world.hasQuorum(swarm), "\(swarm) has lost its majority by \(step.id)")
                guard count % 2 == 0 else { continue }
                let heals = plan.steps.dropFirst(index + 1).contains {
                    $0.after.contains(step.id) && changesManagers($0)
                }
                expect(heals, "\(swarm) is left with \(count) managers by \(step.id)")
            }
        }
    }

    private func counts(_ world: World) -> [String: Int] {
        world.swarms.keys.reduce(into: [:]) { $0[$1] = world.managers(of: $1).count }
    }

    private func changesManagers(_ step: Step) -> Bool {
        switch step.action {
        case .initSwarm, .promoteNode, .demoteNode: true
        case .joinSwarm(_, let role, _, _, _): role == .manager
        case .installEngine, .authorizeRegionKey, .resetSwarm, .drainNode, .activateNode, .removeNode,
            .evictSwarm, .adoptSwarm, .labelNode, .loadImage, .startControlPlane, .handOff, .removeControlPlane,
            .leaveSwarm, .restoreHost:
            false
        }
    }

    /// What cannot be seen before an engine is started, and restarts that wait for managers whom this plan brings.
    private static func announcesMore(_ entry: ReportEntry) -> Bool {
        ["cluster-asleep", "manager-asleep", "move-waits", "join-waits", "engine-waits"].contains(entry.problem.code)
    }

    /// What a real Swarm would refuse does not happen; after the plan there is nothing left to do.
    private func effects() {
        var after = story
        after.carryOut(plan)
        expect(after.world.violations == story.world.violations, "\(after.world.violations)")
        if plan.refusals.isEmpty {
            // A second plan is due where the one before says so, and no other.
            var (before, again) = (plan, after.plan())
            for _ in 0..<3 where !again.isEmpty && before.report.contains(where: Self.announcesMore) {
                after.carryOut(again)
                (before, again) = (again, after.plan())
            }
            expect(again.isEmpty, "plan again: \(again.steps.map(\.id))")
        }
    }
}

/// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014: the same seed, the same region.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension Story {
    /// A region of 1 to 12 hosts in 1 to 4 domains, in one or two clusters, some roles fixed, some engines there.
    static func random(_ random: inout SplitMix64) -> Story {
        let domains = (["a", "b", "c", "d"] as [DomainID]).prefix(Int.random(in: 1...4, using: &random))
        let count = Int.random(in: 1...12, using: &random)
        let managers = [1, 3, 5, 7].filter { $0 <= count }.randomElement(using: &random)!
        var story = Story(hosts: count, managers: managers, domains: Array(domains))
        story.policy.budgets.failedHosts = .hosts(count)
        if count >= 4, Bool.random(using: &random) {
            story.policy.clusters[0].managers = min(managers, 1)
            story.splitInTwoClusters(managers: 1)
        }
        for index in story.policy.hosts.indices {
            story.policy.hosts[index].domain = domains.randomElement(using: &random)!
            let name = story.policy.hosts[index].name
            guard Int.random(in: 0..<3, using: &random) == 0 else { continue }
            story.host(name) {
                $0.engine = EngineFacts(version: "20.10.24", isRunning: true, engineID: "engine-\(name)")
            }
        }
        story.fixRoles(&random)
        return story
    }

    /// Fixes the roles of some hosts, never of more managers than the policy wants, nor of so many workers that too
    /// few could be managers.
    private mutating func fixRoles(_ random: inout SplitMix64) {
        guard Bool.random(using: &random) else { return }
        for cluster in policy.clusters {
            let names = policy.hosts(of: cluster.name).map(\.name).shuffled(using: &random)
            for (index, name) in names.enumerated() where Bool.random(using: &random) {
                guard let position = policy.hosts.firstIndex(where: { $0.name == name }) else { continue }
                policy.hosts[position].role = index < cluster.managers ? .manager : .worker
            }
        }
    }

    /// Kills and revives some hosts, stops some engines.
    mutating func shake(_ random: inout SplitMix64) {
        for host in policy.hosts {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: kill(host.name)
            case 1...3: revive(host.name)
            case 4: self.host(host.name) { $0.engine?.isRunning = false }
            default: break
            }
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            policy.engine.daemon["max-concurrent-downloads"] = .integer(Int.random(in: 1...9, using: &random))
        }
    }

    /// What the operator does where the planner names a host of a second Swarm.
    mutating func leaveSplitSwarms() {
        for entry in plan().refusals where entry.problem.code == "split-swarm" {
            let name = HostID(entry.problem.subject.dropFirst("host `".count).dropLast())
            world.leaveByHand(name)
        }
    }

    mutating func reviveAll() { for host in policy.hosts { revive(host.name) } }
}
