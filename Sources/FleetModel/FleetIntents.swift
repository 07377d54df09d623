// What people asked for besides the manifest, host by host: an input of the planner, from `muster hosts …`.

/// Requests of people about single hosts.
package struct FleetIntents: Hashable, Codable, Sendable {
    /// Hosts that should have no work: kept as life `draining` until they are activated.
    package var draining: Set<HostID>
    /// Hosts that should have work again.
    package var activating: Set<HostID>
    /// Hosts that should leave their Swarm and join it anew, with a fresh certificate.
    package var rejoin: Set<HostID>
    /// Foreign Swarms that hosts should leave, by the Swarm's id (on a worker: its node's id), so that a host that has
    /// meanwhile joined another is not touched.
    package var evict: [HostID: String]
    /// Foreign Swarms that become the Swarm of the host's cluster, named as for `evict`.
    package var adopt: [HostID: String]
    /// Hosts that left the manifest while they did not answer, and that never will: nobody looks for them any more.
    package var forget: Set<HostID>

    package init(
        draining: Set<HostID> = [], activating: Set<HostID> = [], rejoin: Set<HostID> = [],
        evict: [HostID: String] = [:], adopt: [HostID: String] = [:], forget: Set<HostID> = []
    ) {
        (self.draining, self.activating, self.rejoin) = (draining, activating, rejoin)
        (self.evict, self.adopt, self.forget) = (evict, adopt, forget)
    }

    package var isEmpty: Bool { self == FleetIntents() }

    /// All hosts that something is asked of.
    package var hosts: Set<HostID> {
        draining.union(activating).union(rejoin).union(evict.keys).union(adopt.keys).union(forget)
    }

    /// With the hosts that were drained before and are not activated now.
    package func keeping(drained: Set<HostID>) -> FleetIntents {
        var all = self
        all.draining.formUnion(drained.subtracting(activating))
        return all
    }

    /// - Throws: when something is asked of a host that the region does not have, or a host is to be forgotten that is
    ///   not on its way out of it.
    package func expectKnown(in policy: FleetPolicy, after parent: Blueprint?) throws(FleetProblem) {
        let present = Set(policy.hosts.map(\.name))
        if let staying = forget.intersection(present).min() {
            throw FleetProblem(
                .refused, "still-wanted", subject: "host `\(staying)`",
                "is in the manifest, and only a host that was taken out of it is forgotten",
                hint: "take it out and run `muster up`; that removes it, or names it with `leaving-unseen`")
        }
        if let gone = forget.subtracting(policy.leaving(after: parent).map(\.name)).min() {
            throw FleetProblem(
                .rejected, "not-leaving", subject: "host `\(gone)`",
                "is not on its way out of region `\(policy.region)`, so there is nothing to forget",
                hint: "`muster up` names hosts that are with `leaving-unseen`")
        }
        let unknown = hosts.subtracting(present).subtracting(forget).sorted()
        guard !unknown.isEmpty else { return }
        throw FleetProblem(
            .rejected, "unknown-host", subject: "region `\(policy.region)`",
            "it has no host \(unknown.map { "`\($0)`" }.joined(separator: ", "))",
            hint: "`muster hosts` names its hosts; for one that is new in the manifest give `--manifest FILE`, too")
    }
}

extension FleetIntents {
    /// A wish kept by a version that could forget no hosts asks for none.
    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            draining: try members.decode(Set<HostID>.self, forKey: .draining),
            activating: try members.decode(Set<HostID>.self, forKey: .activating),
            rejoin: try members.decode(Set<HostID>.self, forKey: .rejoin),
            evict: try members.decode([HostID: String].self, forKey: .evict),
            adopt: try members.decode([HostID: String].self, forKey: .adopt),
            forget: try members.decodeIfPresent(Set<HostID>.self, forKey: .forget) ?? [])
    }
}
