// Steps one by one: what they send, how their effect is told, and what a run's result says of the whole.
import FleetModel
import FleetReconciler
import Testing

@Suite("Steps") struct StepTests {
    private static let desired = DesiredControlPlane(
        cluster: "control", home: "h1", image: "muster:1", port: 8443, allowFrom: [])

    private static let actions: [StepAction] = [
        .installEngine(version: nil, daemon: .object(["a": .integer(1)]), keys: ["a"]),
        .authorizeRegionKey(from: ["198.18.1.1", "198.18.1.2"], home: "/root"),
        .initSwarm(cluster: "control", address: "198.18.1.1", addressPool: "10.201.0.0/16", subnetBits: 24),
        .resetSwarm(cluster: "control"),
        .joinSwarm(cluster: "control", role: .worker, address: "a", tokenFrom: "h1", managers: ["b"]),
        .promoteNode(cluster: "control"), .labelNode(cluster: "control", labels: ["k": "v"], remove: []),
        .loadImage(reference: "muster:1"), .startControlPlane(desired, addresses: ["198.18.1.1"]),
        .handOff(desired, addresses: ["198.18.1.1"]), .removeControlPlane(cluster: "control"),
        .leaveSwarm(cluster: "control", isLast: true, isForced: true),
        .restoreHost(home: "/root", deleteData: true, daemon: nil),
        .drainNode(cluster: "control"), .activateNode(cluster: "control"), .demoteNode(cluster: "control", node: "n2"),
        .removeNode(cluster: "control", node: "n2"), .evictSwarm(swarmID: "theirs"),
        .adoptSwarm(cluster: "control", swarmID: "theirs"),
    ]

    private static func facts(_ change: (inout HostFacts) -> Void = { _ in }) -> HostFacts {
        var facts = HostFacts(
            identity: HostIdentity(hostname: "h", machineID: "m", bootID: "b"),
            operatingSystem: OperatingSystem(id: "debian", versionID: "12", prettyName: "Debian", initSystem: .systemd),
            capacity: HostCapacity(cpuMillicores: 1, memoryMiB: 1, memoryAvailableMiB: 1, diskMiB: 1, diskFreeMiB: 1),
            kernel: KernelFeatures(release: "6.1"), packages: PackageFacts())
        change(&facts)
        return facts
    }

    /// A manager on which everything is as all of `actions` want it.
    private static let done = facts { facts in
        facts.engine = EngineFacts(version: "20", isRunning: true, daemon: .object(["a": .integer(1)]))
        facts.made = MadeRecord(
            region: "eu1", swarm: ["control"], regionKeyFrom: ["198.18.1.1,198.18.1.2"], images: ["muster:1"])
        facts.swarm = SwarmFacts(
            state: .active, nodeID: "n1", isManager: true,
            cluster: ClusterFacts(
                nodes: [NodeFacts(id: "n2", hostname: "h2", address: "x", role: .manager, labels: ["k": "v"])],
                services: [ServiceFacts(name: "muster-eu1", image: "muster:1", runningTasks: 1, desiredTasks: 1)]))
    }

    @Test("a bare host shows no effect of a step that makes something, and every effect of one that removes")
    func bare() {
        for action in Self.actions {
            let missing = action.missing(in: Self.facts(), region: "eu1", subjectNode: "n2")
            switch action {
            case .handOff, .resetSwarm, .evictSwarm, .removeControlPlane, .leaveSwarm, .restoreHost:
                #expect(missing == nil)
            case .installEngine, .authorizeRegionKey, .initSwarm, .joinSwarm, .promoteNode, .drainNode, .activateNode,
                .demoteNode, .removeNode, .adoptSwarm, .labelNode, .loadImage, .startControlPlane:
                #expect(missing != nil, "\(action.word)")
            }
        }
    }

    @Test("a manager at work shows every effect, and that it is not removed")
    func atWork() {
        for action in Self.actions {
            let missing = action.missing(in: Self.done, region: "eu1", subjectNode: "n2")
            switch action {
            case .evictSwarm, .drainNode, .demoteNode, .removeNode, .removeControlPlane, .leaveSwarm, .restoreHost:
                #expect(missing != nil, "\(action.word)")
            case .joinSwarm: #expect(missing == "its role is another")
            case .installEngine, .authorizeRegionKey, .initSwarm, .resetSwarm, .promoteNode, .activateNode, .adoptSwarm,
                .labelNode, .loadImage, .startControlPlane, .handOff:
                #expect(missing == nil, "\(action.word)")
            }
        }
    }

    @Test("nearly is not done: vfs, another daemon.json, one label of two, no service")
    func nearly() {
        func missing(_ action: StepAction, _ change: (inout HostFacts) -> Void) -> String? {
            var facts = Self.done
            change(&facts)
            return action.missing(in: facts, region: "eu1", subjectNode: "n2")
        }
        #expect(missing(Self.actions[0]) { $0.engine?.storageDriver = "vfs" } == "the engine stores in `vfs`")
        #expect(missing(Self.actions[0]) { $0.engine?.daemon = .object([:]) } == "daemon.json is another")
        let labels = StepAction.labelNode(cluster: "control", labels: ["k": "v", "l": "w"], remove: [])
        #expect(missing(labels) { _ in } == "the labels are not there")
        #expect(
            missing(Self.actions[8]) { $0.swarm.cluster?.services = [] } == "its service is not there")
        #expect(missing(Self.actions[4]) { $0.swarm.state = .pending } == "the state is pending")
        let removal = StepAction.labelNode(cluster: "control", labels: [:], remove: ["k"])
        #expect(missing(removal) { _ in } == "the labels are not there")
        #expect(missing(removal) { $0.swarm.cluster?.nodes[0].labels = [:] } == nil)
    }

    @Test("a node that is drained, demoted, gone shows it; a worker that Raft still has is not demoted yet")
    func nodeSteps() {
        func missing(_ action: StepAction, _ change: (inout NodeFacts) -> Void) -> String? {
            var facts = Self.done
            change(&facts.swarm.cluster!.nodes[0])
            return action.missing(in: facts, region: "eu1", subjectNode: "n2")
        }
        let demoted = { (node: inout NodeFacts) in (node.role, node.reachability) = (.worker, nil) }
        #expect(missing(.drainNode(cluster: "control")) { $0.availability = "drain" } == nil)
        #expect(missing(.activateNode(cluster: "control")) { $0.availability = "pause" } != nil)
        #expect(missing(.demoteNode(cluster: "control", node: "n2"), demoted) == nil)
        let stillInRaft = { (node: inout NodeFacts) in (node.role, node.reachability) = (.worker, "reachable") }
        #expect(missing(.demoteNode(cluster: "control", node: "n2"), stillInRaft) != nil)
        #expect(missing(.removeNode(cluster: "control", node: "n2")) { $0.id = "n3" } == nil)
        var silent = Self.done
        silent.swarm.cluster = nil
        let removal = StepAction.removeNode(cluster: "control", node: "n2")
        #expect(removal.missing(in: silent, region: "eu1", subjectNode: "n2") == "no manager speaks for the Swarm")
    }

    @Test("every step but hand off renders one act, whose words are its own, the schema, the region")
    func rendering() {
        let rendering = StepRendering(region: "eu1", secrets: Bench.secrets)
        for action in Self.actions {
            let act = rendering.act(of: Step(id: "s", action: action, host: "h1", reason: ""), nodes: [:])
            if case .handOff = action { #expect(act == nil); continue }
            #expect(act?.words.prefix(3) == [action.word, "1", "eu1"])
        }
    }

    @Test("a plan shows a node that is not there yet by its host, and once it is by its id")
    func nodes() {
        let rendering = StepRendering(region: "eu1", secrets: nil)
        let step = Step(id: "s", action: .promoteNode(cluster: "control"), host: "h1", subject: "h2", reason: "")
        #expect(rendering.shown(step, nodes: [:]).hasSuffix("docker node promote <node of h2>"))
        #expect(rendering.shown(step, nodes: ["h2": "n2"]).hasSuffix("docker node promote n2"))
    }

    // MARK: - Results

    private static func report(_ results: [(Int, StepResult.Outcome, HostID)], lost: [HostID] = []) -> ApplyReport {
        let entries = lost.map { host in
            ReportEntry(.quarantined, FleetProblem(.failed, "x", subject: "host `\(host)`", "m"))
        }
        let blueprint = Blueprint(region: "eu1", generation: 1, parent: 0, clusters: [:], hosts: [:], controlPlane: nil)
        return ApplyReport(
            plan: Plan(region: "eu1", blueprint: blueprint, steps: [], report: entries),
            results: results.map { index, outcome, host in
                let step = Step(
                    id: StepID("\(actions[index].word)/\(host)"), action: actions[index], host: host, reason: "")
                return StepResult(step: step, outcome: outcome, duration: .seconds(2))
            }, duration: .seconds(3))
    }

    private static let failed = StepResult.Outcome.failed(FleetProblem(.failed, "x", subject: "host `h`", "m"))

    @Test("exit codes: 0 all well, 4 hosts lost inside the budget, 1 beyond it or when the region's own steps fail")
    func exitCodes() {
        #expect(Self.report([(0, .changed, "h1"), (2, .unchanged, "h1")]).exitCode(allowedFailures: 1) == 0)
        #expect(Self.report([(0, Self.failed, "h1")]).exitCode(allowedFailures: 1) == 4)
        #expect(Self.report([], lost: ["h9"]).exitCode(allowedFailures: 1) == 4)
        #expect(Self.report([(0, Self.failed, "h1")], lost: ["h9"]).exitCode(allowedFailures: 1) == 1)
        #expect(Self.report([(0, Self.failed, "h9")], lost: ["h9"]).exitCode(allowedFailures: 1) == 4, "one host, once")
        for index in [2, 8, 9, 10] {
            #expect(Self.report([(index, Self.failed, "h1")]).exitCode(allowedFailures: 9) == 1)
            #expect(Self.report([(index, .skipped(because: "x"), "h1")]).exitCode(allowedFailures: 9) == 1)
        }
    }

    @Test("writes are what changed; time is summed by word, the longest first, ties by name")
    func sums() {
        let report = Self.report([(5, .changed, "h1"), (0, .unchanged, "h1"), (5, .changed, "h2"), (3, .changed, "h3")])
        #expect(report.remoteWrites == 3)
        #expect(report.timeByWord.map(\.word) == ["promote-node", "install-engine", "reset-swarm"])
        #expect(report.timeByWord.map(\.count) == [2, 1, 1])
    }

    @Test("a problem knows its host; one about a region knows none")
    func hostName() {
        #expect(FleetProblem(.failed, "x", subject: "host `eu1-01`", "m").hostName == "eu1-01")
        #expect(FleetProblem(.failed, "x", subject: "region `eu1`", "m").hostName == nil)
    }
}
