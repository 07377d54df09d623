// lease.sh and what prelude.sh does with a lease: who may change a host, by the host's own boot and uptime (F37, F46).
import FleetModel
import FleetReconciler

/// /etc/muster/lease on a simulated host.
struct LeaseFile {
    var owner = "-"
    var epoch = 0
    var plan = "-"
    var since = 0
    var boot = 0
    /// Of virtual time: a host's uptime runs as fast.
    var until = Duration.zero

    func isLive(boot: Int, now: Duration) -> Bool { self.boot == boot && until > now && until <= now + .seconds(600) }
}

extension SimulatedWorld {
    func lease(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        try ownRegion(run, run.argument(1))
        guard let terms = run.act.lease else { throw .fails("lease-lost", "no terms") }
        await time.wait(run.host.random.milliseconds(2...20) * run.host.slowness)
        try check(run)
        let (host, now) = (run.host, time.uptime())
        let held = host.lease ?? LeaseFile()
        switch run.argument(0) {
        case "acquire":
            let released = Int(run.argument(2)) ?? 0
            if held.owner != terms.owner, held.epoch > released, held.isLive(boot: host.boots, now: now) {
                throw refusal("leased", held)
            }
            let epoch = max(terms.epoch, held.epoch + 1)
            write(terms, epoch: epoch, since: self.time.now().secondsSinceEpoch, until: now + terms.ttl, on: host)
            note("host \(host.name): lease of \(terms.owner), epoch \(epoch)")
            return ["epoch \(epoch)", "changed"]
        case "renew":
            guard held.owner == terms.owner, held.epoch == terms.epoch else { throw refusal("lease-lost", held) }
            write(terms, epoch: terms.epoch, since: held.since, until: now + terms.ttl, on: host)
            return Self.changed
        case _:
            guard held.owner == terms.owner, held.epoch == terms.epoch else { return Self.unchanged }
            write(terms, epoch: terms.epoch, since: held.since, until: .zero, on: host)
            return Self.changed
        }
    }

    /// `lease_hold` of prelude.sh: every script that changes something takes the lease on its own host first.
    func holdLease(_ run: ScriptRun) throws(ScriptStop) {
        guard let terms = run.act.lease else { return }
        let held = run.host.lease ?? LeaseFile()
        if held.epoch > terms.epoch { throw refusal("fenced", held) }
        if held.epoch == terms.epoch, held.owner != terms.owner { throw refusal("leased", held) }
        let since = held.epoch == terms.epoch ? held.since : time.now().secondsSinceEpoch
        write(terms, epoch: terms.epoch, since: since, until: time.uptime() + terms.ttl, on: run.host)
        run.host.acting.begin(run.exchange.serial, terms)
    }

    /// `lease_kept` of prelude.sh: a script that a later run has overtaken has not done well.
    func keepLease(_ run: ScriptRun) throws(ScriptStop) {
        if !["lease", "restore-host"].contains(run.act.word) { try leaseKept(run) }
    }

    /// Where it stands in the middle of a script.
    func leaseKept(_ run: ScriptRun) throws(ScriptStop) {
        guard let terms = run.act.lease else { return }
        let held = run.host.lease ?? LeaseFile()
        if held.epoch == terms.epoch || held.owner == terms.owner && held.plan == terms.plan.rawValue { return }
        throw refusal(held.epoch > terms.epoch ? "fenced" : "lease-lost", held)
    }

    private func write(_ terms: LeaseTerms, epoch: Int, since: Int, until: Duration, on host: SimulatedHost) {
        host.lease = LeaseFile(
            owner: terms.owner, epoch: epoch, plan: terms.plan.rawValue, since: since, boot: host.boots, until: until)
    }

    private func refusal(_ code: String, _ held: LeaseFile) -> ScriptStop {
        .fails(code, "\(held.owner) \(held.since) \(held.plan) \(held.epoch)")
    }

    /// The probe's line about it; nil when there is no file.
    func leaseLine(_ host: SimulatedHost) -> String? {
        guard let held = host.lease else { return nil }
        let isLive = held.isLive(boot: host.boots, now: time.uptime())
        let state = isLive ? "live" : held.until == .zero ? "released" : "expired"
        return "lease \(state) \(held.epoch) \(held.since) \(held.owner) \(held.plan)"
    }
}
