// What `muster up` and `muster down` do, without a terminal: observe, plan, execute. The planner, the observer and the
// executor are the real ones.
package import FleetModel
import FleetPlanner
package import FleetReconciler

/// What came of one run of a verb.
package struct RunResult: Sendable {
    package var plan: Plan?
    package var report: ApplyReport?
    /// What ended it before there was a report.
    package var problem: FleetProblem?
    package var exitCode: Int32

    /// Nothing was to be done, nothing was refused or waits, nobody was left out.
    package var isRest: Bool {
        guard let plan, plan.isEmpty, exitCode == 0 else { return false }
        return !plan.report.contains { $0.kind == .refused || $0.kind == .waits }
    }
}

/// Somebody at a machine, with the folder that it keeps.
package struct SimulatedOperator: Sendable {
    package let world: SimulatedWorld
    package var policy: FleetPolicy
    package var intents: FleetIntents
    package let folder: String

    package init(
        _ world: SimulatedWorld, _ policy: FleetPolicy, folder: String = "desk", intents: FleetIntents = FleetIntents()
    ) {
        (self.world, self.policy, self.folder, self.intents) = (world, policy, folder, intents)
    }

    /// The image of the control plane that this `muster` brings.
    static let image = "muster:5eed"

    /// Up to the hand off, and when nothing was lost in the same run what the control plane then does by its first plan
    /// (ADR 0017).
    package func up() async -> RunResult {
        let session = Session(operator: self, process: await world.makeProcess(folder))
        return await session.ending { () async throws(FleetProblem) in
            let wasHandedOff = await world.isHandedOff(folder)
            var result = try await round(session)
            guard result.exitCode == 0, await world.isHandedOff(folder), !wasHandedOff else { return result }
            let second = try await round(session)
            result.exitCode = max(result.exitCode, second.exitCode)
            return result
        }
    }

    private func round(_ session: Session) async throws(FleetProblem) -> RunResult {
        let parent = await world.target(folder)
        let first = await session.observe(parent)
        try await expectOwn(first)
        try await session.store.save(first)
        let key = SimulatedSecrets.regionKey(policy.region, folder: folder)
        // One that was lost with its Swarm is restored by handing over anew.
        let isElsewhere = await world.isControlPlane(of: policy.region, otherThan: key, in: first)
        let input = PlannerInput(
            policy: policy, observation: first, parent: parent, image: Self.image,
            isHandedOff: await world.isHandedOff(folder) && !isElsewhere, regionKey: key, intents: intents)
        let (plan, observation) = await session.observer.plan(input)
        return try await session.execute(plan, observation, isTeardown: false)
    }

    /// The witness in its Swarm says who owns the region: a folder that did not hand it over changes nothing (F45).
    private func expectOwn(_ observation: FleetObservation) async throws(FleetProblem) {
        let isSeen = policy.hosts.contains { observation.facts(of: $0.name)?.swarm.cluster != nil }
        guard isSeen, let owner = await world.folderOfHandOff(), owner != folder else { return }
        throw FleetProblem(
            .refused, "handed-off-elsewhere", subject: "region `\(policy.region)`",
            "its control plane owns it, and this folder is not the one that handed it off",
            hint: "use the folder of whoever handed it off")
    }

    /// Looks at every host and changes nothing, as `muster check` does.
    package func look() async -> FleetObservation {
        await Session(operator: self, process: await world.makeProcess(folder)).observe(await world.target(folder))
    }

    package func down() async -> RunResult {
        await world.beginTeardown(folder)
        let session = Session(operator: self, process: await world.makeProcess(folder))
        return await session.ending { () async throws(FleetProblem) in
            let parent = await world.target(folder)
            let observation = await session.observe(parent)
            let input = PlannerInput(policy: policy, observation: observation, parent: parent, image: "")
            let plan = TeardownPlanner.plan(input, deleteData: false)
            return try await session.execute(plan, observation, isTeardown: true)
        }
    }
}

/// One run of one process.
private struct Session: Sendable {
    let `operator`: SimulatedOperator
    let process: OperatorProcess

    var shell: SimulatedShell { SimulatedShell(world: `operator`.world, process: process) }
    var store: SimulatedStore { SimulatedStore(world: `operator`.world, process: process) }
    var policy: FleetPolicy { `operator`.policy }

    var observer: Observer { Observer(shell: shell, clock: `operator`.world.time, nonce: process.nonce) }

    /// Looks at the policy's hosts, and at those that leave.
    func observe(_ parent: Blueprint?) async -> FleetObservation {
        await observer.observation(of: policy.hosts + policy.leaving(after: parent))
    }

    /// An error becomes a result.
    func ending(_ body: () async throws(FleetProblem) -> RunResult) async -> RunResult {
        do { return try await body() } catch { return RunResult(problem: error, exitCode: error.exitCode) }
    }

    func execute(
        _ plan: Plan, _ observation: FleetObservation, isTeardown: Bool
    ) async throws(FleetProblem) -> RunResult {
        await `operator`.world.show(plan)
        guard plan.refusals.isEmpty else { return RunResult(plan: plan, exitCode: 2) }
        let id = PlanID("\(plan.region)-\(plan.blueprint.generation)-\(await `operator`.world.makePlanSerial())")
        let time = `operator`.world.time
        let executor = Executor(
            policy: policy, shell: shell, store: store, clock: time, nonce: process.nonce,
            lease: await `operator`.world.leaseTerms(process.folder, plan, id, observation),
            secrets: isTeardown ? nil : SimulatedSecrets.of(policy.region, folder: process.folder),
            images: SimulatedImages(),
            handOver: SimulatedHandOver(world: `operator`.world, process: process, region: policy.region))
        let report = try await executor.run(plan, id: id, observation: observation) { () async throws(FleetProblem) in
            if plan.isEmpty, isTeardown { return }
            if !plan.isEmpty { try await store.savePlan(plan, id: id, at: time.now()) }
            // An empty plan may have a new target: hosts that left by themselves are wanted no more.
            if await `operator`.world.target(process.folder) != plan.blueprint {
                try await store.setTarget(plan.blueprint, at: time.now())
            }
        }
        if let settled = report.settled { try await store.setTarget(settled, at: time.now()) }
        let allowed = policy.budgets.allowedFailures(of: policy.hosts.count)
        return RunResult(plan: plan, report: report, exitCode: report.exitCode(allowedFailures: allowed))
    }
}

extension SimulatedWorld {
    func makeProcess(_ folder: String) -> OperatorProcess {
        processSerial += 1
        return OperatorProcess(
            name: "\(folder)/\(processSerial)", folder: folder, nonce: "muster-\(seed)-\(processSerial)")
    }

    func makePlanSerial() -> Int {
        planSerial += 1
        return planSerial
    }

    /// Runs from a folder are its machine's until the hand off, and the control plane's from then on.
    func leaseTerms(_ folder: String, _ plan: Plan, _ id: PlanID, _ observation: FleetObservation) -> LeaseTerms {
        let inventory = inventory(folder)
        let handsOver = plan.steps.contains { if case .handOff = $0.action { true } else { false } }
        guard inventory.isHandedOff, !handsOver else {
            return LeaseTerms(owner: "\(folder)/5eed", plan: id, above: observation)
        }
        return LeaseTerms(
            owner: "control-plane/\(plan.region)", plan: id, above: observation, handed: inventory.handedLease)
    }

    /// `muster down` first takes the region back.
    func beginTeardown(_ folder: String) {
        isTearingDown = true
        inventory(folder).isHandedOff = false
    }
}

/// The secrets of a region that needs none. Each says so, for the scan that looks for them in what is printed.
enum SimulatedSecrets {
    static func of(_ region: RegionID, folder: String) -> RegionSecrets {
        RegionSecrets(
            regionPublicKey: regionKey(region, folder: folder), regionKey: Secret("PRIVATE-region-key"),
            authorityCertificate: "certificate", authorityKey: Secret("PRIVATE-authority-key"),
            handOffDigest: "d19e57", seedPolicy: "{}", epoch: 1)
    }

    /// Each folder makes one of its own.
    static func regionKey(_ region: RegionID, folder: String) -> String { "ssh-ed25519 AAAA\(region)\(folder)" }

    /// What must be in no output: the keys, and how the join tokens of every simulated Swarm begin.
    static let marks = ["PRIVATE-", SimulatedSwarm.tokenPrefix]
}

struct SimulatedImages: ImageSource {
    func archive(of reference: String) async throws(FleetProblem) -> String { "muster.tar" }
}

/// Hands the region over, in one transaction with a place to die before and after it.
struct SimulatedHandOver: HandOverPort {
    let world: SimulatedWorld
    let process: OperatorProcess
    let region: RegionID

    /// It takes the inventory of the folder that started it, once it has got in to its home by that folder's key.
    func handOver(
        to desired: DesiredControlPlane, addresses: [String], lease: HandedLease?
    ) async throws(FleetProblem) {
        let key = SimulatedSecrets.regionKey(region, folder: process.folder)
        guard await world.keyOfControlPlane(region, home: desired.home) == key else {
            throw FleetProblem(
                .refused, "wrong-token", subject: "control plane", "it does not take this folder's inventory",
                hint: "run the command with the folder that started it")
        }
        guard await world.letsIn(key, at: desired.home) else {
            throw FleetProblem(
                .unavailable, "no-manager", subject: "region `\(region)`",
                "no manager of the control cluster answers for its Swarm",
                hint: "bring a majority of the managers up")
        }
        await world.noteHandOff(region, home: desired.home)
        try await world.write(process, "hand off") { inventory in
            (inventory.isHandedOff, inventory.handedLease) = (true, lease)
        }
    }
}
