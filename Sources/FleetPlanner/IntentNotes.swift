// Wishes of people that have nothing to act on are told by name, and those that no step shows: one that is passed over
// in silence looks as if it had been met.
import FleetModel

/// What is said of such wishes.
struct IntentNotes {
    let situation: Situation

    var entries: [ReportEntry] { foreign + forgotten }

    private var foreign: [ReportEntry] {
        situation.policy.hosts.compactMap { host in
            guard situation.isLiving(host.name), situation.adopted[host.name] == nil,
                let state = situation.facts(of: host.name)?.swarm.state
            else { return nil }
            let intents = situation.input.intents
            if intents.evict[host.name] != nil { return note(host.name, state, "leave", "evict") }
            return intents.adopt[host.name] == nil ? nil : note(host.name, state, "take over", "adopt")
        }
    }

    /// What becomes of hosts that people let be forgotten.
    private var forgotten: [ReportEntry] {
        situation.input.leaving.filter { situation.input.intents.forget.contains($0.name) }.compactMap { host in
            if situation.forgets(host.name) {
                return .host(
                    .note, "forgotten", host.name,
                    "is forgotten: it does not answer, and no Swarm lists it; what Muster made on it may be there",
                    hint: "if it ever comes back, wipe it before it is used for anything else")
            }
            if situation.facts(of: host.name) != nil {
                return .host(
                    .note, "forget-answers", host.name,
                    "answers, so it is not forgotten: it leaves, and what Muster made on it is removed",
                    hint: "nothing else is to be done about it")
            }
            if let cluster = situation.presentCluster(of: host.name) {
                guard let node = situation.node(of: host, in: cluster), node.state != "down" else { return nil }
                return .host(
                    .refused, "forget-heard", host.name,
                    "cannot be forgotten: it does not answer, but its Swarm has node `\(node.id)` as `\(node.state)`",
                    hint: "stop the host, or make it answer, then run `muster up`")
            }
            return situation.unheard.map { cluster in
                .host(
                    .waits, "forget-waits", host.name,
                    "is not forgotten yet: nobody speaks for the Swarm of cluster `\(cluster)`, which may list it",
                    hint: "run the command again when that Swarm can be seen")
            }
        }
    }

    private func note(_ host: HostID, _ state: SwarmFacts.State, _ what: String, _ verb: String) -> ReportEntry? {
        if let cluster = situation.presentCluster(of: host) {
            return .host(
                .note, "own-swarm", host,
                "is in the Swarm of cluster `\(cluster)`, which is this region's; `\(verb)` is for Swarms of others",
                hint: "`muster hosts rejoin \(host)` lets it join its own anew")
        }
        guard state == .inactive else { return nil }
        return .host(
            .note, "no-foreign-swarm", host, "is in no Swarm, so there is none to \(what)",
            hint: "it joins that of its cluster as any other host does")
    }
}
