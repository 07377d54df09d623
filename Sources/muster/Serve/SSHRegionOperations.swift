// The control plane's way to its hosts: the same observer, planner and scripts as the command line, with the region's
// key and sessions that stay open between two observations.
import ControlPlane
import FleetLive
import FleetModel
import FleetPlanner
import FleetReconciler
import Foundation
import SSHTransport

/// Region operations over SSH.
struct SSHRegionOperations: RegionOperations {
    private let client: SSHClient
    let nonce = makeNonce()
    private let image: String
    let files: ServiceFiles
    let images: OwnImageSource

    init(files: ServiceFiles, image: String, dataFolder: String) throws {
        (self.files, self.image) = (files, image)
        images = OwnImageSource(dataFolder: dataFolder)
        images.discard()
        do {
            client = try SSHClient(configuration: SSHConfiguration(identity: .keyFile(files.regionKey)))
        } catch {
            throw FleetProblem(.rejected, "ssh-setup", subject: error.subject, error.message, hint: error.hint)
        }
    }

    func observe(
        _ policy: FleetPolicy, leaving: [HostPolicy]
    ) async -> (observation: FleetObservation, execs: [HostID: Int]) {
        let (shell, hosts) = (shell(policy), policy.hosts + leaving)
        let observation = await Observer(shell: shell, clock: SystemClock(), nonce: nonce).observation(of: hosts)
        return (Self.explained(observation), shell.execCounts(of: hosts))
    }

    /// A host that refuses the region's key was left out of bring-up, most of the time; what cures that is said.
    private static func explained(_ observation: FleetObservation) -> FleetObservation {
        var explained = observation
        for case (let host, .unreachable(var problem)) in observation.hosts
        where problem.code == "authentication-refused" {
            problem.message =
                "it answers, but does not let the region's key in: it is new, was left out of bring-up, or the key was "
                + "removed"
            problem.hint = "`muster up` from a machine whose key it takes lets the region's key in"
            explained.hosts[host] = .unreachable(problem)
        }
        return explained
    }

    func plan(
        _ policy: FleetPolicy, observation: FleetObservation, parent: Blueprint?, intents: FleetIntents,
        forgotten: [HostID: DesiredHost]
    ) throws -> Plan {
        RegionPlanner.plan(
            PlannerInput(
                policy: policy, observation: observation, parent: parent, image: image, isHandedOff: true,
                regionKey: try regionPublicKey(), intents: intents, forgotten: forgotten))
    }

    func witnesses(_ policy: FleetPolicy, managers: [HostID]) async throws -> [Witness] {
        let (_, configs) = try await speaker(policy, managers)
        return configs.compactMap { Witness(name: $0, region: policy.region) }
    }

    func record(_ witness: Witness, policy: FleetPolicy, managers: [HostID]) async throws {
        let (host, configs) = try await speaker(policy, managers)
        let present = configs.compactMap { Witness(name: $0, region: policy.region) } + [witness]
        let gone = Set(Witness.superseded(among: present).map(\.name))
        let kept = Set(present.map(\.name)).subtracting(gone).subtracting([witness.name]).sorted()
        let act = RemoteAct("record-witness", [policy.region.rawValue, witness.name] + kept)
        let problem = ActProblem(host: host.name, word: act.word)
        let output: ShellOutput
        do { output = try await shell(policy).run(act, on: host) } catch { throw error.problem }
        let framed = FramedOutput(output.standardOutput, nonce: nonce)
        if let failure = framed.first("fail") {
            let code = failure.prefix { $0 != " " }
            throw problem.failed(code: String(code), text: String(failure.dropFirst(code.count + 1)))
        }
        if framed.first("changed") == nil && framed.first("unchanged") == nil { throw problem.incomplete(output) }
    }

    func shell(_ policy: FleetPolicy) -> SSHHostShell {
        SSHHostShell(client: client, access: policy.access, nonce: nonce)
    }

    /// A manager of the control cluster, and the names of Muster's configs there. Those that are said to be managers are
    /// asked first: the others only where none of them speaks.
    private func speaker(
        _ policy: FleetPolicy, _ managers: [HostID]
    ) async throws -> (host: HostPolicy, configs: [String]) {
        guard let cluster = policy.controlCluster else { throw Self.noManager(policy.region, nil) }
        let observer = Observer(shell: shell(policy), clock: SystemClock(), nonce: nonce, sections: [.objects])
        let able = policy.hosts(of: cluster.name).filter { managers.contains($0.name) || $0.role != .worker }
        let known = able.filter { managers.contains($0.name) }
        var silence: [FleetProblem] = []
        for group in [known, able.filter { !managers.contains($0.name) }] {
            let answer = await observer.speaker(among: group)
            if let speaker = answer.speaker { return (speaker.host, speaker.cluster.configs) }
            silence += answer.silence
        }
        throw Self.noManager(policy.region, silence.first)
    }

    private static func noManager(_ region: RegionID, _ reason: FleetProblem?) -> FleetProblem {
        FleetProblem(
            .unavailable, "no-manager", subject: "region `\(region)`",
            "no manager of the control cluster answers for its Swarm", cause: reason?.description,
            hint: "bring a majority of the managers up")
    }
}
