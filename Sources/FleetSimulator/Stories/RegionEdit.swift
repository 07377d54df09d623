// What people change about a region that is up, drawn at random: hosts come and go, roles and numbers of managers
// change, clusters split and are given up. Only what a manifest may say comes out, and the control plane's home stays.
import FleetModel

/// A manifest and people's wishes, and how they change.
struct RegionEdit: Sendable {
    var policy: FleetPolicy
    var intents = FleetIntents()
    /// Hosts that were taken out of the manifest and may be put in again.
    private(set) var former: [HostPolicy] = []
    /// Hosts whose power is gone for good.
    private(set) var dead: Set<HostID> = []
    private var made: Int

    init(policy: FleetPolicy) {
        self.policy = policy
        made = policy.hosts.count
    }

    /// What is known of the region when people change it.
    struct Present {
        /// Where the control plane's volume is, or will be.
        let home: HostID?
        let managers: Set<HostID>
        let isAtRest: Bool
    }

    /// Changes one thing; gives it in words.
    mutating func change(_ present: Present, _ random: inout SeededRandom) -> String {
        intents.activating = []
        // Most draws fit at once; a region of one host has few that do.
        for _ in 0..<20 {
            var next = self
            guard let what = next.draw(present, &random), next.settle(keeping: present.home) else { continue }
            self = next
            return what
        }
        return "nothing"
    }

    private mutating func draw(_ present: Present, _ random: inout SeededRandom) -> String? {
        let movable = policy.hosts.map(\.name).filter { $0 != present.home }
        let host = movable.isEmpty ? nil : random.one(of: movable)
        switch random.number(0...12) {
        case 0, 1: return add(random.number(1...2), &random)
        case 2, 3: return host.flatMap { take($0) }
        case 4: return host.flatMap { replace($0, &random) }
        case 5: return host.flatMap { die($0, present, &random) }
        case 6: return host.flatMap { fix($0, random.one(of: [.manager, .worker, nil])) }
        case 7, 8: return count(&random)
        case 9: return host.flatMap { move($0, &random) }
        case 10: return random.chance(50) ? split(movable, &random) : giveUp(&random)
        case 11: return host.flatMap { drainOrActivate($0) }
        case _: return host.flatMap { label($0, &random) }
        }
    }

    // MARK: - Hosts

    private mutating func add(_ count: Int, _ random: inout SeededRandom) -> String? {
        guard policy.hosts.count + count <= 14 else { return nil }
        var names: [HostID] = []
        for _ in 0..<count {
            let cluster = random.one(of: policy.clusters).name
            if let old = former.last, random.chance(40) {
                former.removeLast()
                var host = old
                (host.cluster, host.role) = (cluster, nil)
                policy.hosts.append(host)
            } else {
                made += 1
                policy.hosts.append(
                    HostPolicy(
                        name: HostID("h\(made)"), address: "198.18.1.\(made)", domain: random.one(of: policy.domains),
                        cluster: cluster))
            }
            names.append(policy.hosts[policy.hosts.count - 1].name)
        }
        return "add \(names)"
    }

    private mutating func take(_ name: HostID) -> String {
        if let host = policy.host(name), !dead.contains(name) { former.append(host) }
        policy.hosts.removeAll { $0.name == name }
        intents.draining.remove(name)
        return "remove \(name)"
    }

    private mutating func replace(_ name: HostID, _ random: inout SeededRandom) -> String? {
        let cluster = policy.host(name)?.cluster
        made += 1
        let new = HostPolicy(
            name: HostID("h\(made)"), address: "198.18.1.\(made)", domain: random.one(of: policy.domains),
            cluster: cluster ?? policy.clusters[0].name, role: policy.host(name)?.role)
        policy.hosts.append(new)
        return take(name) + ", add \(new.name)"
    }

    /// A host's power goes for good, and another takes its place. One at a time, and of managers one of three.
    private mutating func die(_ name: HostID, _ present: Present, _ random: inout SeededRandom) -> String? {
        guard present.isAtRest, let cluster = policy.host(name)?.cluster else { return nil }
        let managers = policy.hosts(of: cluster).filter { present.managers.contains($0.name) }.count
        guard !present.managers.contains(name) || managers >= 3 else { return nil }
        dead.insert(name)
        return replace(name, &random).map { "\(name) dies: \($0)" }
    }

    private mutating func move(_ name: HostID, _ random: inout SeededRandom) -> String? {
        let others = policy.clusters.map(\.name).filter { $0 != policy.host(name)?.cluster }
        guard !others.isEmpty, let index = policy.hosts.firstIndex(where: { $0.name == name }) else { return nil }
        policy.hosts[index].cluster = random.one(of: others)
        policy.hosts[index].role = nil
        return "move \(name) to \(policy.hosts[index].cluster)"
    }

    private mutating func fix(_ name: HostID, _ role: NodeRole?) -> String? {
        guard let index = policy.hosts.firstIndex(where: { $0.name == name }), policy.hosts[index].role != role else {
            return nil
        }
        policy.hosts[index].role = role
        return "\(name) as \(role?.rawValue ?? "what the planner chooses")"
    }

    private mutating func label(_ name: HostID, _ random: inout SeededRandom) -> String? {
        guard let index = policy.hosts.firstIndex(where: { $0.name == name }) else { return nil }
        policy.hosts[index].labels = policy.hosts[index].labels.isEmpty ? ["tier": "t\(random.number(1...3))"] : [:]
        return "label \(name)"
    }

    private mutating func drainOrActivate(_ name: HostID) -> String {
        if intents.draining.remove(name) != nil {
            intents.activating = [name]
            return "activate \(name)"
        }
        intents.draining.insert(name)
        return "drain \(name)"
    }

    // MARK: - Clusters

    private mutating func count(_ random: inout SeededRandom) -> String? {
        let index = random.number(0...policy.clusters.count - 1)
        let count = random.one(of: [1, 3, 5])
        guard policy.clusters[index].managers != count else { return nil }
        policy.clusters[index].managers = count
        return "\(count) managers for \(policy.clusters[index].name)"
    }

    private mutating func split(_ movable: [HostID], _ random: inout SeededRandom) -> String? {
        guard policy.clusters.count < 4 else { return nil }
        let cluster = random.one(of: policy.clusters).name
        let members = policy.hosts(of: cluster).map(\.name).filter(movable.contains)
        guard members.count >= 2 else { return nil }
        let new = ClusterID("n\(made)")
        guard !policy.clusters.contains(where: { $0.name == new }) else { return nil }
        made += 1
        policy.clusters.append(ClusterPolicy(name: new, isControl: false, managers: random.one(of: [1, 3])))
        let moving = Set(members.suffix(random.number(1...members.count)))
        for index in policy.hosts.indices where moving.contains(policy.hosts[index].name) {
            (policy.hosts[index].cluster, policy.hosts[index].role) = (new, nil)
        }
        return "split \(moving.sorted()) off \(cluster)"
    }

    private mutating func giveUp(_ random: inout SeededRandom) -> String? {
        guard let cluster = policy.clusters.last, !cluster.isControl else { return nil }
        let members = policy.hosts(of: cluster.name).map(\.name)
        if random.chance(50) {
            for name in members { _ = take(name) }
            return "give up \(cluster.name) with \(members)"
        }
        for index in policy.hosts.indices where policy.hosts[index].cluster == cluster.name {
            (policy.hosts[index].cluster, policy.hosts[index].role) = (policy.clusters[0].name, nil)
        }
        return "give up \(cluster.name), \(members) go to \(policy.clusters[0].name)"
    }

    // MARK: - What a manifest may say

    /// Makes the numbers of managers fit; false when there is no manifest like this.
    private mutating func settle(keeping home: HostID?) -> Bool {
        let inhabited = Set(policy.hosts.map(\.cluster))
        policy.clusters.removeAll { !$0.isControl && !inhabited.contains($0.name) }
        intents.draining.formIntersection(policy.hosts.map(\.name))
        for index in policy.clusters.indices {
            let members = policy.hosts(of: policy.clusters[index].name)
            let able = members.filter { $0.role != .worker }
            let fixed = members.filter { $0.role == .manager }.count
            var managers = min(policy.clusters[index].managers, able.count)
            if managers % 2 == 0 { managers -= 1 }
            // The home is a manager, too, whether it is fixed or not.
            let isHomeFree = able.contains { $0.name == home && $0.role == nil }
            guard managers >= max(1, fixed + (isHomeFree ? 1 : 0)) else { return false }
            policy.clusters[index].managers = managers
        }
        return home.map { policy.host($0).map { $0.role != .worker } ?? false } ?? true
    }
}
