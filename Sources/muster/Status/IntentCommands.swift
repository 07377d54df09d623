// `muster hosts drain | activate | rejoin | evict | adopt | remove`: what people ask of single hosts, beside the
// manifest. The control plane plans it like everything else, and executes it as a run.
import ArgumentParser
import ControlPlane
import FleetModel

/// Options that these verbs share.
struct IntentOptions: ParsableArguments {
    @OptionGroup var region: RegionOptions
    @OptionGroup var approval: ApprovalOptions
    @Flag(help: "Print the result as JSON.") var json = false

    /// Plans with `intents` and executes it; prints what came of it.
    func run(_ intents: FleetIntents) async throws {
        let remote = try region.remote()
        let answer = try await remote.calling { try await $0.plan(PlanWanted(intents: intents)) }
        let policy = try await remote.calling(refreshing: false) { try await $0.region() }.policy
        guard answer.plan.refusals.isEmpty else {
            throw FleetProblems(answer.plan.refusals.map(\.problem))
        }
        if !json { PlanText(plan: answer.plan, nodes: [:]).print() }
        let result = try await RemoteRun(remote: remote, policy: policy, isJSON: json, approval: approval.approval)
            .apply(answer.plan, id: answer.id, execs: answer.execsPerHost)
        if json { try Console.json(result.document) }
        if result.code != 0 { throw ExitCode(result.code) }
    }
}

extension HostsCommand {
    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "drain", abstract: "Move the work away from hosts, and keep it away until `activate`.",
            discussion: "Example: muster hosts drain eu1-07\nWaits until no task of a service runs there any more.")

        @OptionGroup var options: IntentOptions
        @Argument(help: "Hosts.") var hosts: [String]

        func run() async throws { try await options.run(FleetIntents(draining: Set(hosts.map { HostID($0) }))) }
    }

    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "activate", abstract: "Let hosts that were drained have work again.",
            discussion: "Example: muster hosts activate eu1-07")

        @OptionGroup var options: IntentOptions
        @Argument(help: "Hosts.") var hosts: [String]

        func run() async throws { try await options.run(FleetIntents(activating: Set(hosts.map { HostID($0) }))) }
    }

    struct Rejoin: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rejoin", abstract: "Let hosts leave their Swarm and join it anew, with fresh certificates.",
            discussion: "Example: muster hosts rejoin eu1-07")

        @OptionGroup var options: IntentOptions
        @Argument(help: "Hosts.") var hosts: [String]

        func run() async throws { try await options.run(FleetIntents(rejoin: Set(hosts.map { HostID($0) }))) }
    }

    struct Evict: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "evict", abstract: "Let a host leave the foreign Swarm that it is in, by that Swarm's id.",
            discussion: """
                Example: muster hosts evict eu1-07 --swarm 6m2yk4r7
                The id is the one that the refusal names: a host that has meanwhile joined another Swarm is not touched.
                """)

        @OptionGroup var options: IntentOptions
        @Argument(help: "The host.") var host: String
        @Option(help: "Id of the Swarm that it is to leave.") var swarm: String

        func run() async throws { try await options.run(FleetIntents(evict: [HostID(host): swarm])) }
    }

    struct Adopt: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "adopt", abstract: "Make the Swarm that a host is in the Swarm of its cluster, by its id.",
            discussion: "Example: muster hosts adopt eu1-07 --swarm 6m2yk4r7")

        @OptionGroup var options: IntentOptions
        @Argument(help: "The host.") var host: String
        @Option(help: "Id of the Swarm.") var swarm: String

        func run() async throws { try await options.run(FleetIntents(adopt: [HostID(host): swarm])) }
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
