// `muster hosts drain | activate | rejoin | evict | adopt | forget | remove`: what people ask of single hosts, beside
// the manifest. Each is an `up` with that wish: by the control plane after the hand off, from here before it.
import ArgumentParser
import FleetModel

/// Options that these verbs share.
struct IntentOptions: ParsableArguments {
    @OptionGroup var region: RegionOptions
    @Option(
        help: "The region's manifest: before the hand off, or with hosts that are new in it. Does what `up` does, too.",
        completion: .file(extensions: ["yaml", "yml"]))
    var manifest: String?
    @OptionGroup var approval: ApprovalOptions
    @OptionGroup var recording: EventOptions
    @Flag(help: "Print the result as JSON.") var json = false

    /// Plans with `intents` and executes it; prints what came of it.
    func run(_ intents: FleetIntents) async throws { try await recording.recording { try await result(intents) } }

    private func result(_ intents: FleetIntents) async throws -> Int32 {
        guard let manifest else {
            return try await RemoteUp(
                remote: try remote(), isJSON: json, approval: approval.approval, intents: intents
            ).run()
        }
        let policy = try ManifestFile.policy(at: manifest)
        if let named = region.region, named != policy.region.rawValue {
            throw Self.otherRegion(manifest, policy, named)
        }
        return try await RegionUp(
            session: OperatorSession(policy: policy), isJSON: json, approval: approval.approval, intents: intents
        ).run()
    }

    private func remote() throws -> RemoteRegion {
        do { return try region.remote() } catch var problem as FleetProblem {
            guard ["no-context", "which-region"].contains(problem.code) else { throw problem }
            problem.hint = "before the hand off give `--manifest FILE`; after it name the region with `--region NAME`"
            throw problem
        }
    }

    private static func otherRegion(_ path: String, _ policy: FleetPolicy, _ named: String) -> FleetProblem {
        FleetProblem(
            .rejected, "other-region", subject: "option `--region`",
            "`\(path)` is of region `\(policy.region)`, not of `\(named)`", hint: "give one of the two options only")
    }
}

/// Hosts that the same is asked of.
struct AskedHosts: ParsableArguments {
    @OptionGroup var options: IntentOptions
    @Argument(help: "Hosts.", completion: .custom(HostCompletion.names)) var hosts: [String]

    var names: Set<HostID> { Set(hosts.map { HostID($0) }) }
}

/// A host, and the foreign Swarm that it is in.
struct AskedSwarm: ParsableArguments {
    @OptionGroup var options: IntentOptions
    @Argument(help: "The host.", completion: .custom(HostCompletion.names)) var host: String
    @Option(help: "Id of that Swarm, or on a worker of its node, as the refusal names it.") var swarm: String

    var named: [HostID: String] { [HostID(host): swarm] }
}

extension HostsCommand {
    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "drain", abstract: "Move the work away from hosts, and keep it away until `activate`.",
            discussion: """
                Example: muster hosts drain eu1-07
                Waits until no task of a service runs there any more.
                """)

        @OptionGroup var asked: AskedHosts

        func run() async throws { try await asked.options.run(FleetIntents(draining: asked.names)) }
    }

    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "activate", abstract: "Let hosts that were drained have work again.",
            discussion: "Example: muster hosts activate eu1-07")

        @OptionGroup var asked: AskedHosts

        func run() async throws { try await asked.options.run(FleetIntents(activating: asked.names)) }
    }

    struct Rejoin: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rejoin", abstract: "Let hosts leave their Swarm and join it anew, with fresh certificates.",
            discussion: """
                Example: muster hosts rejoin eu1-07
                Their work moves away before, and may come back after.
                """)

        @OptionGroup var asked: AskedHosts

        func run() async throws { try await asked.options.run(FleetIntents(rejoin: asked.names)) }
    }

    struct Evict: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "evict", abstract: "Let a host leave the foreign Swarm that it is in, by that Swarm's id.",
            discussion: """
                Example: muster hosts evict eu1-07 --swarm 6m2yk4r7 --manifest eu1.yaml
                The id is the one that the refusal names: a host that has meanwhile joined another Swarm is not \
                touched. What runs on the host for that Swarm ends.
                """)

        @OptionGroup var asked: AskedSwarm

        func run() async throws { try await asked.options.run(FleetIntents(evict: asked.named)) }
    }

    struct Adopt: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "adopt", abstract: "Make the Swarm that a host is in the Swarm of its cluster, by its id.",
            discussion: """
                Example: muster hosts adopt eu1-07 --swarm 6m2yk4r7 --manifest eu1.yaml
                Name a manager of it: the other hosts of the cluster that are in it come along, and what runs there \
                goes on.
                """)

        @OptionGroup var asked: AskedSwarm

        func run() async throws { try await asked.options.run(FleetIntents(adopt: asked.named)) }
    }

    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "forget", abstract: "Look no more for hosts that left the manifest and will never answer.",
            discussion: """
                Example: muster hosts forget eu1-07
                For hosts that `muster up` names with `leaving-unseen`. Nothing is done on them: what Muster made \
                there stays. One that answers, or that its Swarm still hears, is not forgotten.
                """)

        @OptionGroup var asked: AskedHosts

        func run() async throws { try await asked.options.run(FleetIntents(forget: asked.names)) }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Say how a host is removed: by taking it out of the manifest.",
            discussion: "Example: edit eu1.yaml, then: muster plan eu1.yaml; muster up eu1.yaml")

        @Argument(help: "The host.") var host: String

        func run() throws {
            throw FleetProblem(
                .refused, "remove-by-manifest", subject: "host `\(host)`",
                "what a region consists of is said by its manifest alone, so it is not removed from here",
                hint:
                    "take it out of the manifest and run `muster up`: it is drained, leaves its Swarm, and is restored")
        }
    }
}
