// The region's row, blueprints and plans: what survives closing, and who is told what when two race.

import FleetModel
import Testing

@testable import InventoryStore

@Suite struct RegionTests {
    let scratch = Scratch()

    @Test("what was adopted, targeted and planned is there after the file was closed and opened again")
    func reopened() async throws {
        let first = try await inventory(in: scratch)
        let plan = Plan(
            region: "lab", blueprint: blueprint(1),
            steps: [
                Step(
                    id: "init-swarm/h1",
                    action: .initSwarm(
                        cluster: "control", address: "198.18.1.2", addressPool: "10.201.0.0/16", subnetBits: 24),
                    host: "h1", after: ["install-engine/h1"], reason: "no manager is up")
            ],
            preconditions: ["h1": Precondition(facts: ["swarm": "inactive"])])
        try await first.savePlan(id: "p1", plan: plan, at: time(20))
        try first.close()
        let again = try Inventory(path: scratch.path())
        let region = try #require(try await again.region())
        #expect(region.policy == policy())
        #expect(region.ownership == Ownership(owner: .operatorMachine, epoch: 1))
        #expect(!region.isPaused && region.targetGeneration == 1 && region.adoptedAt == time(10))
        #expect(try await again.targetBlueprint() == blueprint(1))
        #expect(try await again.plan("p1") == plan)
        #expect(try await again.latestPlanID() == "p1")
        #expect(try await again.plan("p2") == nil)
    }

    @Test("an empty inventory has no region, no target, no plan, and refuses a target by name")
    func empty() async throws {
        let inventory = try Inventory(path: scratch.path())
        #expect(try await inventory.region() == nil)
        #expect(try await inventory.targetBlueprint() == nil)
        #expect(try await inventory.latestPlanID() == nil)
        #expect(await problem { try await inventory.setTarget(blueprint(1), at: time(1)) }?.code == "inventory-empty")
        #expect(await problem { try await inventory.pause() }?.code == "inventory-empty")
    }

    @Test("the region is adopted again with another policy → policy changes, owner and target stay")
    func adoptedAgain() async throws {
        let inventory = try await inventory(in: scratch)
        try await inventory.transferOwnership(to: .controlPlane, expecting: 1, at: time(30))
        let region = try await inventory.adopt(policy: policy(hosts: 5), at: time(40))
        #expect(region.policy.hosts.count == 5 && region.targetGeneration == 1)
        #expect(region.ownership == Ownership(owner: .controlPlane, epoch: 2))
    }

    @Test("another region for the same file → refused, both named")
    func otherRegion() async throws {
        let inventory = try await inventory(in: scratch)
        let problem = await problem { try await inventory.adopt(policy: policy("eu1"), at: time(50)) }
        #expect(problem?.code == "inventory-other-region" && problem?.kind == .refused)
        #expect(problem?.message == "cannot take region `eu1`: it holds region `lab`")
    }

    @Test("F37: two hand overs expect the same epoch → one wins, the other is told who holds it since when")
    func handOverRace() async throws {
        let inventory = try await inventory(in: scratch)
        let owners: [Ownership.Owner] = [.controlPlane, .operatorMachine]
        let problems = await withTaskGroup(of: FleetProblem?.self) { group in
            for owner in owners {
                group.addTask {
                    await problem { try await inventory.transferOwnership(to: owner, expecting: 1, at: time(60)) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let losers = problems.compactMap { $0 }
        let region = try #require(try await inventory.region())
        #expect(region.ownership.epoch == 2 && losers.count == 1)
        #expect(losers.first?.message.contains("`\(region.ownership.owner.rawValue)` holds it in epoch 2") == true)
        #expect(losers.first?.message.hasSuffix("since 1970-01-01T00:01:00Z") == true)
    }

    @Test("pause and resume are remembered")
    func pauses() async throws {
        let inventory = try await inventory(in: scratch)
        try await inventory.pause()
        #expect(try await inventory.region()?.isPaused == true)
        try await inventory.resume()
        #expect(try await inventory.region()?.isPaused == false)
    }
}

@Suite struct BlueprintTests {
    let scratch = Scratch()

    @Test("twenty planners race from the same parent → one target, nineteen conflicts that name the present one")
    func race() async throws {
        let inventory = try await inventory(in: scratch)
        let problems = await withTaskGroup(of: FleetProblem?.self) { group in
            for count in 1...20 {
                group.addTask {
                    await problem { try await inventory.setTarget(blueprint(2, hosts: count), at: time(70)) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let losers = problems.compactMap { $0 }
        #expect(losers.count == 19)
        #expect(Set(losers.map(\.code)) == ["blueprint-conflict"])
        #expect(losers.allSatisfy { $0.message.hasSuffix("it was made from 1, the target is 2 now") })
        #expect(try await inventory.region()?.targetGeneration == 2)
    }

    @Test("the call that made the target is repeated → accepted; another content with its number → conflict")
    func repeated() async throws {
        let inventory = try await inventory(in: scratch)
        try await inventory.setTarget(blueprint(1), at: time(80))
        let other = await problem { try await inventory.setTarget(blueprint(1, hosts: 4), at: time(81)) }
        #expect(other?.code == "blueprint-conflict")
        #expect(try await inventory.targetBlueprint() == blueprint(1))
    }

    @Test("older blueprints stay readable; a blueprint of another region is refused")
    func history() async throws {
        let inventory = try await inventory(in: scratch)
        try await inventory.setTarget(blueprint(2, hosts: 4), at: time(90))
        #expect(try await inventory.blueprint(1) == blueprint(1))
        #expect(try await inventory.blueprint(3) == nil)
        let other = await problem { try await inventory.setTarget(blueprint(3, region: "eu1"), at: time(91)) }
        #expect(other?.code == "inventory-other-region")
    }

    @Test("a plan's id is used again: same plan → nothing, other plan → refused; ids come newest first")
    func planIDs() async throws {
        let inventory = try await inventory(in: scratch)
        let plan = Plan(region: "lab", blueprint: blueprint(1), steps: [])
        try await inventory.savePlan(id: "p1", plan: plan, at: time(1))
        try await inventory.savePlan(id: "p1", plan: plan, at: time(2))
        try await inventory.savePlan(id: "p0", plan: plan, at: time(3))
        let other = Plan(region: "lab", blueprint: blueprint(2), steps: [])
        #expect(
            await problem { try await inventory.savePlan(id: "p1", plan: other, at: time(4)) }?.code == "plan-exists")
        #expect(try await inventory.planIDs(limit: 5) == ["p0", "p1"])
    }
}
