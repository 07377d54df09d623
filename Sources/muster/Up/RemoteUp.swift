// `up` after the hand off: the control plane observes, plans and executes; this machine shows what happens.
import ControlPlane
import FleetModel
import FleetReconciler

/// One run of `up` through the control plane.
struct RemoteUp {
    let session: OperatorSession
    let context: RegionContext
    let isJSON: Bool
    /// Whether hosts are let in that only this machine can log in to. Not in the `up` that has just failed at them.
    var isAdmitting = true
    var approval = Approval()
    /// What is asked for besides the manifest.
    var intents = FleetIntents()

    func run() async throws -> Int32 {
        let result = try await result()
        if isJSON { try Console.json(result.document) }
        return result.code
    }

    /// What came of it; all but JSON is printed already.
    func result() async throws -> UpResult {
        try await HandOver.finish(session.folder, context)
        let remote = try RemoteRegion(session, context)
        let answer = try await admitted(try await remote.plan(session.policy, intents), remote)
        if let lease = answer.lease { return try await joined(lease, remote) }
        guard answer.plan.refusals.isEmpty else { return refused(answer) }
        let run = RemoteRun(remote: remote, policy: session.policy, isJSON: isJSON, approval: approval)
        let result = try await run.apply(answer.plan, id: answer.id, execs: answer.execsPerHost)
        try remote.remember(answer.plan.blueprint)
        return result
    }

    /// Lets the region's key in where only this machine's own key works, and plans again with those hosts in reach.
    private func admitted(_ answer: PlanAnswer, _ remote: RemoteRegion) async throws -> PlanAnswer {
        guard isAdmitting, let wanted = answer.admission, answer.lease == nil else { return answer }
        let admission = Admission(session: session, isJSON: isJSON)
        let hosts = await admission.candidates(wanted)
        guard !hosts.isEmpty, await !admission.admit(hosts, wanted).isEmpty else { return answer }
        return try await remote.plan(session.policy, intents)
    }

    private func refused(_ answer: PlanAnswer) -> UpResult {
        if !isJSON {
            ReportText(entries: answer.plan.report).print()
            Console.line("nothing was changed")
        }
        return UpResult(code: 2, document: UpDocument(refused: answer.plan))
    }

    /// A run goes on. One of this very manifest (its `up` was killed, or another machine's is faster) is followed to its
    /// end, and then planned again; any other is the business of whoever began it.
    private func joined(_ lease: RunLease, _ remote: RemoteRegion) async throws -> UpResult {
        let present = try await remote.calling(refreshing: false) { client in try await client.region() }
        guard intents.isEmpty, present.policy == session.policy.portable else {
            throw Self.busy(session.policy.region, lease)
        }
        Console.aside(
            "run `\(lease.run)`, begun by `\(lease.holder)` at \(lease.since), is for this very manifest: following it")
        let followed = try await remote.calling { client in
            let run = try await client.run(lease.run)
            let plan = try await client.plan(run.plan)
            return try await RemoteRun(remote: remote, policy: session.policy, isJSON: isJSON)
                .follow(run, plan, [:], client)
        }
        guard followed.code == 0 || followed.code == 4 else { return followed }
        return try await result()
    }

    private static func busy(_ region: RegionID, _ lease: RunLease) -> FleetProblem {
        FleetProblem(
            .refused, "run-going-on", subject: "region `\(region)`",
            "its control plane is at work: `\(lease.holder)` began run `\(lease.run)` of plan `\(lease.plan)` at "
                + "\(lease.since)",
            hint: "watch it with `muster runs follow`, or end it with `muster runs cancel`")
    }
}
