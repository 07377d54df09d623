// `up` after the hand off: the control plane observes, plans and executes; this machine shows what happens.
import ControlPlane
import FleetModel
import FleetReconciler

/// One run of `up` through the control plane.
struct RemoteUp {
    let remote: RemoteRegion
    /// The manifest's side of this machine; nil where the region's present policy stays.
    let session: OperatorSession?
    let isJSON: Bool
    /// Whether hosts are let in that only this machine can log in to. Not in the `up` that has just failed at them.
    let isAdmitting: Bool
    let approval: Approval
    /// What is asked for besides the manifest.
    let intents: FleetIntents
    /// Entries of a report that this command has printed already.
    var told: [ReportEntry] = []

    init(
        session: OperatorSession, context: RegionContext, isJSON: Bool, isAdmitting: Bool = true,
        approval: Approval = Approval(), intents: FleetIntents = FleetIntents()
    ) throws {
        remote = try RemoteRegion(session, context)
        (self.session, self.isJSON, self.isAdmitting) = (session, isJSON, isAdmitting)
        (self.approval, self.intents) = (approval, intents)
    }

    /// Without a manifest: only what is asked of single hosts.
    init(remote: RemoteRegion, isJSON: Bool, approval: Approval, intents: FleetIntents) {
        (self.remote, session, self.isJSON, isAdmitting) = (remote, nil, isJSON, true)
        (self.approval, self.intents) = (approval, intents)
    }

    func run() async throws -> Int32 {
        let result = try await result()
        if isJSON { try Console.json(result.document) }
        return result.code
    }

    /// What came of it; all but JSON is printed already.
    func result() async throws -> UpResult {
        try await HandOver.finish(remote.folder, remote.context)
        let answer = try await admitted(try await plan())
        if let lease = answer.lease { return try await joined(lease) }
        guard answer.plan.refusals.isEmpty else { return refused(answer) }
        let result = try await run(as: policy()).apply(answer.plan, id: answer.id, execs: answer.execsPerHost)
        try remote.remember(answer.plan.blueprint)
        return result
    }

    private func plan() async throws -> PlanAnswer { try await remote.plan(session?.policy, intents) }

    private func policy() async throws -> FleetPolicy {
        if let session { return session.policy }
        return try await remote.calling(refreshing: false) { try await $0.region() }.policy
    }

    private func run(as policy: FleetPolicy) -> RemoteRun {
        RemoteRun(remote: remote, policy: policy, isJSON: isJSON, approval: approval, told: told)
    }

    /// Lets the region's key in where only this machine's own key works, and plans again with those hosts in reach.
    private func admitted(_ answer: PlanAnswer) async throws -> PlanAnswer {
        guard isAdmitting, let wanted = answer.admission, answer.lease == nil else { return answer }
        guard let session else {
            // Work is moved by the managers; all else is done on the host itself.
            let asked = intents.hosts.subtracting(intents.draining).subtracting(intents.activating)
            if let host = wanted.hosts.first(where: asked.contains) { throw Self.notAdmitted(host) }
            return answer
        }
        var admission = Admission(session: session, isJSON: isJSON, intents: intents)
        let (fit, unfit) = try await admission.candidates(wanted)
        guard !fit.isEmpty, await !admission.admit(fit, wanted).isEmpty else { return answer.telling(unfit) }
        return try await plan().telling(unfit)
    }

    private func refused(_ answer: PlanAnswer) -> UpResult {
        EventLog.current?.refused(answer.plan)
        if !isJSON {
            ReportText(entries: answer.plan.report).print()
            Console.line("nothing was changed")
        }
        return UpResult(code: 2, document: UpDocument(refused: answer.plan))
    }

    /// A run goes on. One of this very manifest (its `up` was killed, or another machine's is faster) is followed to its
    /// end, and then planned again; any other is the business of whoever began it.
    private func joined(_ lease: RunLease) async throws -> UpResult {
        let present = try await remote.calling(refreshing: false) { client in try await client.region() }
        guard intents.isEmpty, let session, present.policy == session.policy.portable else {
            throw Self.busy(present.policy.region, lease)
        }
        Console.aside(
            "run `\(lease.run)`, begun by `\(lease.holder)` at \(lease.since), is for this very manifest: following it")
        let followed = try await remote.calling { client in
            let run = try await client.run(lease.run)
            let plan = try await client.plan(run.plan)
            return try await self.run(as: session.policy).follow(run, plan, [:], client, isOld: true)
        }
        guard followed.code == 0 || followed.code == 4 else { return followed }
        return try await result()
    }

    private static func notAdmitted(_ host: HostID) -> FleetProblem {
        FleetProblem(
            .refused, "host-not-admitted", subject: "host `\(host)`",
            "it does not let its control plane in, so nothing can be done there from it; nothing was changed",
            hint: "give `--manifest FILE`, too: your own key lets it in first")
    }

    private static func busy(_ region: RegionID, _ lease: RunLease) -> FleetProblem {
        FleetProblem(
            .refused, "run-going-on", subject: "region `\(region)`",
            "its control plane is at work: `\(lease.holder)` began run `\(lease.run)` of plan `\(lease.plan)` at "
                + "\(lease.since)",
            hint: "watch it with `muster runs follow`, or end it with `muster runs cancel`")
    }
}

extension PlanAnswer {
    /// With what this machine knows better: why it did not let the control plane in on these hosts.
    fileprivate func telling(_ unfit: [ReportEntry]) -> PlanAnswer {
        let hosts = Set(unfit.compactMap(\.problem.hostName))
        var answer = self
        answer.plan.report.removeAll { entry in
            entry.kind == .quarantined && entry.problem.hostName.map(hosts.contains) == true
        }
        answer.plan.report += unfit
        return answer
    }
}
