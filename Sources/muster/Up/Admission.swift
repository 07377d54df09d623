// Hosts that the control plane cannot log in to yet, and the operator can: a new one in the manifest, or one that was
// left out of bring-up. The operator's machine lets the region's key in, and nothing else; all the rest is the run's.
import ControlPlane
import FleetLive
import FleetModel
import FleetPlanner
import FleetReconciler

/// Lets the region's key in on hosts where it is missing.
struct Admission {
    var session: OperatorSession
    let isJSON: Bool
    /// A host in a Swarm that people want it to leave, or take over, is fit.
    var intents = FleetIntents()

    /// The hosts of `wanted` that answer to the operator's own key and are fit for the region, and why others are not:
    /// nothing is written on a host that belongs to somebody else. What this machine was told by a host that it cannot
    /// work on, either, says more than that the control plane was refused there.
    mutating func candidates(_ wanted: AdmissionNeeded) async throws -> (fit: [HostPolicy], unfit: [ReportEntry]) {
        let hosts = session.policy.hosts.filter { wanted.hosts.contains($0.name) }
        guard !hosts.isEmpty else { return ([], []) }
        do { try session.askForSudoPassword() } catch let problem as FleetProblem
            where problem.code == "no-sudo-password"
        {
            return ([], hosts.map { ReportEntry(.quarantined, Self.withoutPassword($0.name)) })
        }
        let seen = await session.observer.observation(of: hosts)
        var policy = session.policy
        policy.hosts = hosts
        let unfit = Preflight(policy: policy, observation: seen, intents: intents).entries.filter { entry in
            entry.problem.hostName != nil && (entry.kind == .refused || entry.kind == .quarantined)
        }
        let names = Set(unfit.compactMap(\.problem.hostName))
        let fit = hosts.filter { seen.facts(of: $0.name) != nil && !names.contains($0.name) }
        // What would refuse a bring-up only leaves a host out of a region that is there.
        return (fit, unfit.map { ReportEntry(.quarantined, $0.problem) })
    }

    /// Admits them, all at once, each shown before; gives those for which it worked.
    func admit(_ hosts: [HostPolicy], _ wanted: AdmissionNeeded) async -> [HostID] {
        for host in hosts where !isJSON {
            Console.line(
                "  \(host.name)  \(Style.bold("authorize-region-key")): lets the control plane in, with your own key")
            let words = act(wanted).words.map { $0.contains(" ") ? "'\($0)'" : $0 }
            Console.line("  " + Style.dim(words.joined(separator: " ")))
        }
        return await withTaskGroup(of: HostID?.self) { group in
            for host in hosts { group.addTask { await admit(host, wanted) } }
            return await group.reduce(into: []) { all, host in if let host { all.append(host) } }
        }
    }

    private func admit(_ host: HostPolicy, _ wanted: AdmissionNeeded) async -> HostID? {
        do {
            try await run(act(wanted), on: host)
            return host.name
        } catch {
            // The plan that follows leaves the host out, and the exit code says so.
            Console.error((error as? FleetProblem) ?? Self.failed(host.name, "\(error)"))
            return nil
        }
    }

    private func act(_ wanted: AdmissionNeeded) -> RemoteAct {
        RemoteAct(
            "authorize-region-key",
            [session.policy.region.rawValue, wanted.home, wanted.publicKey] + wanted.from)
    }

    private func run(_ act: RemoteAct, on host: HostPolicy) async throws {
        let output: ShellOutput
        do { output = try await session.shell.run(act, on: host) } catch { throw error.problem }
        let framed = FramedOutput(output.standardOutput, nonce: session.nonce)
        let problem = ActProblem(host: host.name, word: act.word)
        if let failure = framed.first("fail") {
            let code = failure.prefix { $0 != " " }
            throw problem.failed(code: String(code), text: String(failure.dropFirst(code.count + 1)))
        }
        if framed.first("changed") == nil && framed.first("unchanged") == nil { throw problem.incomplete(output) }
    }

    /// F11: the control plane has no password, nor does it need one, once its key is in.
    private static func withoutPassword(_ host: HostID) -> FleetProblem {
        FleetProblem(
            .rejected, "no-sudo-password", subject: "host `\(host)`",
            "does not let its control plane in yet, and this machine needs the password for `sudo` to change that",
            hint: "set MUSTER_SUDO_PASSWORD, or run the command on a terminal")
    }

    private static func failed(_ host: HostID, _ cause: String) -> FleetProblem {
        FleetProblem(
            .failed, "not-admitted", subject: "host `\(host)`", "could not let the region's key in", cause: cause,
            hint: "run the command again")
    }
}
