// Wishes of people that have nothing to act on are told by name: one that is passed over in silence looks as if it had
// been met.
import FleetModel

/// What is said of such wishes.
struct IntentNotes {
    let situation: Situation

    var entries: [ReportEntry] {
        situation.policy.hosts.compactMap { host in
            guard situation.isLiving(host.name), situation.adopted[host.name] == nil,
                let state = situation.facts(of: host.name)?.swarm.state
            else { return nil }
            let intents = situation.input.intents
            if intents.evict[host.name] != nil { return note(host.name, state, "leave", "evict") }
            return intents.adopt[host.name] == nil ? nil : note(host.name, state, "take over", "adopt")
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
