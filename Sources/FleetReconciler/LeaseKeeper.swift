// Takes the lease of a region before a run changes anything, renews it while the run lasts, and gives it back. The lease
// lies on the anchor: the first manager-to-be, in the manifest's order, that answers. When the anchor dies in the middle
// the next one becomes it, under a higher epoch; when somebody else has the lease, the run stops (F37, ADR 0011).
import FleetModel
import Synchronization

/// The lease of one run.
final class LeaseKeeper: Sendable {
    private struct State {
        var terms: LeaseTerms
        var anchor: HostPolicy?
        var renewedAt: Duration
        /// The anchor is being restored: its lease goes with everything else.
        var isLeaving = false
        /// The region is being handed over, and the lease with it.
        var isHandedOver = false
    }

    private let state: Mutex<State>
    private let acts: HostActs
    private let clock: any FleetClock
    private let region: RegionID
    /// Where it may lie, the best first.
    private let candidates: [HostPolicy]
    private let observation: FleetObservation
    private let stop: StopSignal

    /// Three renewals may be lost before the lease ends.
    private static let renewals = 3
    /// Before the next try of a renewal that got no answer: a restart of sshd takes 1 s, a lost packet 3 s.
    private static let pause = Duration.seconds(5)
    /// For one act on the lease, connecting included: at half of it a host under load is given up, at twice of it
    /// the lease may end before another anchor was asked.
    private static let deadline = Duration.seconds(15)

    init(
        _ terms: LeaseTerms, acts: HostActs, clock: any FleetClock, policy: FleetPolicy, plan: Plan,
        observation: FleetObservation, stop: StopSignal
    ) {
        (self.acts, self.clock, self.observation, self.stop) = (acts, clock, observation, stop)
        region = policy.region
        candidates = LeaseAnchor(policy: policy, plan: plan, observation: observation).candidates
        state = Mutex(State(terms: terms, renewedAt: clock.uptime()))
    }

    /// What acts run under now.
    var terms: LeaseTerms { state.withLock(\.terms) }
    private var anchor: HostPolicy? { state.withLock(\.anchor) }

    /// Takes the lease.
    /// - Throws: `leased` when somebody else has it; what ails the last candidate when none can hold it.
    func acquire() async throws(FleetProblem) {
        if let refusal = observation.refusal(of: terms.owner, terms.handed) { throw refusal }
        try await acquire(at: candidates)
    }

    private func acquire(at hosts: [HostPolicy]) async throws(FleetProblem) {
        var trouble = FleetProblem(
            .unavailable, "no-anchor", subject: "region `\(region)`", "no host can hold the lease",
            hint: "bring one of the managers up")
        for host in hosts {
            do {
                let output = try await acts.output(of: act("acquire"), on: host)
                guard let epoch = output.first("epoch").flatMap({ Int($0) }) else { continue }
                state.withLock { state in
                    state.terms.epoch = epoch
                    (state.anchor, state.renewedAt) = (host, clock.uptime())
                }
                return
            } catch {
                trouble = error.problem
                if error.problem.isLeaseTrouble { break }
            }
        }
        throw trouble
    }

    /// Renews until it is cancelled, or until the lease is lost, which stops the run.
    func keep() async {
        while stop.leaseTrouble == nil {
            let isFresh = clock.uptime() - state.withLock(\.renewedAt) < interval
            do { try await clock.sleep(for: isFresh ? interval : Self.pause) } catch { return }
            if state.withLock(\.isLeaving) { return }
            await renew()
        }
    }

    private var interval: Duration { terms.ttl / Self.renewals }

    private func renew() async {
        guard let anchor else { return }
        do {
            _ = try await acts.output(of: act("renew"), on: anchor)
            state.withLock { $0.renewedAt = clock.uptime() }
        } catch {
            if state.withLock({ $0.isLeaving || $0.isHandedOver }) || Task.isCancelled { return }
            if error.problem.isLeaseTrouble { return stop.stop(.leaseLost(error.problem)) }
            await move(from: anchor, because: error.problem)
        }
    }

    /// The anchor does not answer. At the first time it may be a moment's trouble; at the second another host holds
    /// the lease from now on.
    private func move(from dead: HostPolicy, because trouble: FleetProblem) async {
        let silence = clock.uptime() - state.withLock(\.renewedAt)
        guard silence >= interval + Self.pause else { return }
        do { try await acquire(at: candidates.filter { $0.name != dead.name }) } catch {
            if error.isLeaseTrouble { return stop.stop(.leaseLost(error)) }
            if silence >= terms.ttl - Self.deadline { stop.stop(.leaseLost(trouble)) }
        }
    }

    /// From here on the lease on `host` goes away with the rest of what Muster made there.
    func willRestore(_ host: HostID) {
        state.withLock { if $0.anchor?.name == host { $0.isLeaving = true } }
    }

    /// From here on whoever takes the region over may take the lease, too, by these terms: to lose it stops nothing, and
    /// it is not looked for on another host.
    func willHandOver() -> LeaseTerms {
        state.withLock { state in
            state.isHandedOver = true
            return state.terms
        }
    }

    /// Gives the lease back. Where that fails it ends by itself.
    func release() async {
        guard let anchor, !state.withLock(\.isLeaving) else { return }
        _ = try? await acts.output(of: act("release"), on: anchor)
    }

    private func act(_ action: String) -> RemoteAct {
        var act = RemoteAct(
            "lease", [action, region.rawValue, String(observation.settledEpoch(for: terms.owner, terms.handed))],
            deadline: Self.deadline)
        act.lease = terms
        return act
    }
}

extension StopSignal {
    /// Why the lease is gone, if that is why the run stops.
    var leaseTrouble: FleetProblem? { if case .leaseLost(let problem)? = reason { problem } else { nil } }
}

extension FleetProblem {
    /// Somebody else has, or had in the meantime, the right to change the region.
    var isLeaseTrouble: Bool { ["leased", "fenced", "lease-lost"].contains(code) }
}

/// Where a region's lease may lie.
struct LeaseAnchor {
    let policy: FleetPolicy
    let plan: Plan
    let observation: FleetObservation

    /// Hosts that answer and take part: managers-to-be and managers first, each in the order of the manifest. A region
    /// that goes is held where something is left to go, so that no bare host is written to.
    var candidates: [HostPolicy] {
        let leftOut = Set(plan.report.filter { $0.kind == .quarantined }.compactMap(\.problem.hostName))
        let able = policy.hosts.filter { host in
            guard let facts = observation.facts(of: host.name), !leftOut.contains(host.name) else { return false }
            return facts.made.map { $0.region == policy.region } ?? true
        }
        let restored = Set(plan.steps.filter { $0.action.word == "restore-host" }.map(\.subject))
        let isGoing = plan.blueprint.hosts.isEmpty
        let fit = isGoing ? able.filter { restored.contains($0.name) } : able
        return fit.filter(isManager) + fit.filter { !isManager($0) }
    }

    private func isManager(_ host: HostPolicy) -> Bool {
        guard host.cluster == policy.controlCluster?.name else { return false }
        return plan.blueprint.hosts[host.name]?.role == .manager
            || observation.facts(of: host.name)?.swarm.isManager == true
    }
}
