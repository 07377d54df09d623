// How one Swarm comes to be and changes: the first manager makes it, managers come and go one at a time and always to
// an odd number, workers join together, hosts that leave do so once their replacements are there, every node has its
// labels.
import FleetModel

/// The Swarm steps of one cluster.
struct ClusterSteps {
    let situation: Situation
    let blueprint: Blueprint
    let cluster: ClusterPolicy
    let departures: [Departure]
    let byHost: [HostID: Departure]
    let changes: ManagerChanges
    let ghosts: Ghosts
    let desired: [HostID]
    let living: [HostPolicy]
    /// Managers in the Swarm already, whether they answer or not: all of them count for the majority.
    let standing: Set<HostID>
    /// Managers that answer, and whose engine is stopped: this plan starts it.
    let asleep: [HostID]
    /// Managers to be that may wait for this Swarm, so that nothing here waits for them.
    private let late: Set<HostID>
    private let crossings: Crossings
    /// Hosts that should leave this Swarm, and wait in it.
    let kept: Set<HostID>

    init(
        situation: Situation, blueprint: Blueprint, cluster: ClusterPolicy, departures all: Departures,
        crossings: Crossings
    ) {
        (self.situation, self.blueprint, self.cluster, byHost) = (situation, blueprint, cluster, all.byHost)
        let departures = all.byCluster[cluster.name] ?? []
        desired = blueprint.clusters[cluster.name]?.managers ?? []
        living = situation.members(of: cluster.name).filter { situation.canTakePart($0.name) }
        standing = situation.presentManagers(of: cluster.name)
        ghosts = Ghosts(situation, in: cluster.name, members: situation.nodesKnown(in: cluster.name))
        let roles = ClusterRoles(
            situation: situation, cluster: cluster.name, desired: desired, departures: departures, all: all,
            ghosts: ghosts, blueprint: blueprint, crossings: crossings)
        (late, self.crossings) = (roles.late, crossings)
        changes = ManagerChanges(members: roles.members, due: roles.due, late: roles.late, wanted: desired.count)
        // Who waits for somebody to take over keeps everything: it is not drained either.
        let held = Set(changes.held.map(\.node))
        asleep = changes.members.compactMap(\.host).filter { situation.isEngineStopped($0) }
        let isWaiting = changes.loss != nil
        let going = departures.filter { departure in
            departure.node.map { !held.contains($0.id) && !(isWaiting && $0.role == .manager) } ?? true
        }
        self.departures = going
        kept = Set(departures.map(\.host.name)).subtracting(going.map(\.host.name))
    }

    var view: SwarmView? { situation.swarms[cluster.name] }

    /// - Parameter held: hosts that wait in the Swarm that they should leave, so that they join no other yet.
    func add(to list: inout StepList, held: Set<HostID>) {
        guard !situation.isAsleep(cluster.name) else {
            for departure in departures { DepartureSteps.addStart(of: departure, to: &list) }
            return
        }
        guard let actor else { return }
        addPreparations(to: &list)
        // Its leave may stand later in the list, with the cluster that it comes from.
        let leaves = [byHost[actor.name]?.leave].compactMap { $0 }
        if view == nil { list.add(initStep(actor, after: unique(list.last(of: actor.name) + leaves))) }
        // The acting manager's own steps come first: it cannot act while its engine restarts.
        // (Not its last steps: it may be on its way to another Swarm.)
        let own = list.present(["adopt-swarm", "install-engine"].map { StepID("\($0)/\(actor.name)") })
        let start = view == nil ? [StepID("init-swarm/\(cluster.name)")] : Array(own.prefix(1))
        let keeper = keeper(actor, start)
        let leaving = DepartureSteps(
            situation: situation, departures: departures, keeper: keeper, newcomers: newcomers)
        leaving.addDrains(to: &list)
        addManagerSteps(actor, start: start, held: held, to: &list)
        leaving.addLeaves(to: &list)
        addGhostSteps(to: &list, keeper: keeper)
        addWorkerSteps(keeper, held: held, to: &list)
        addLabelSteps(to: &list, keeper: keeper, held: held)
    }

    func unique(_ ids: [StepID]) -> [StepID] {
        var seen: Set<StepID> = []
        return ids.filter { seen.insert($0).inserted }
    }

    // MARK: - What people should know

    /// Managers whose going would leave no majority (F31). Where starting an engine may help, that is done first.
    func refusals() -> [ReportEntry] {
        guard let loss = changes.loss, !situation.isAsleep(cluster.name), asleep.isEmpty else { return [] }
        if loss.managers == 0 { return [lastOne(loss)] }
        let silent = loss.silent.map { "`\($0)`" }.joined(separator: ", ")
        let why = silent.isEmpty ? "" : "; these do not answer: \(silent)"
        let subject = loss.member.host ?? HostID(loss.member.node.rawValue)
        return [
            .host(
                .refused, "majority-lost", subject,
                "taking it from the managers of cluster `\(cluster.name)` leaves \(loss.answering) of \(loss.managers) "
                    + "that answer, a majority needs \(Quorum.majority(of: loss.managers))\(why)",
                hint: "bring the others back first, or change fewer managers at a time")
        ]
    }

    /// Where nobody is left, arithmetic says nothing: what is missing is somebody who is there before it goes.
    private func lastOne(_ loss: ManagerChanges.Loss) -> ReportEntry {
        let name = loss.member.host ?? HostID(loss.member.node.rawValue)
        let successors = desired.filter(late.contains).compactMap { host in
            byHost[host]?.cluster.flatMap { present in
                present == cluster.name
                    ? nil : "`\(host)`, which is to take over, is in the Swarm of cluster `\(present)` until then"
            }
        }
        let why = successors.isEmpty ? "nobody could let it in again" : successors.joined(separator: ", and ")
        return .host(
            .refused, "majority-lost", name,
            "taking it from the managers of cluster `\(cluster.name)` leaves none: \(why)",
            hint: "let another host of the cluster be a manager first, then change the rest")
    }

    /// Promotions and demotions that wait, because the number of managers would be even.
    func waits() -> [ReportEntry] {
        if situation.isAsleep(cluster.name) { return [] }
        let missing = desired.filter {
            !standing.contains($0) && (!situation.canTakePart($0) || crossings.kept.contains($0))
        }.map { "`\($0)`" }
        let whom = missing.isEmpty ? "another host that can be one" : "host \(missing.joined(separator: ", "))"
        let sleepers = changes.loss == nil ? [] : asleep
        return sleepers.map { host in
            .host(
                .waits, "manager-asleep", host,
                "is a manager, and its engine is stopped: it is started, and other changes among the managers of "
                    + "cluster `\(cluster.name)` wait for it", hint: "run the command again after this plan")
        }
            + changes.waiting.map { host in
                .host(
                    .waits, "promotion-waits", host,
                    "is a worker for now: an even number of managers is no safer than one less; its promotion waits for \(whom)"
                )
            }
            + changes.held.map { member in
                let why =
                    changes.members.count == 1
                    ? "it is the only one" : "an even number of managers is no safer than one less"
                return .host(
                    .waits, "demotion-waits", member.host ?? HostID(member.node.rawValue),
                    "stays a manager for now: \(why); its going waits for \(whom)")
            }
    }

    // MARK: - Who acts

    /// The host that acts for the Swarm; nil when none can.
    var actingHost: HostID? { actor.map { keeper($0, []).host } }

    /// The manager that acts for the Swarm: one that speaks for it and stays, or the one that will make it.
    var actor: HostPolicy? {
        guard let view else { return desired.first(where: situation.canTakePart).flatMap { situation.hosts[$0] } }
        if stays(view.speaker) { return situation.hosts[view.speaker] }
        let managers = living.map(\.name) + changes.held.compactMap(\.host)
        let other = managers.first { stays($0) && situation.facts(of: $0)?.swarm.cluster != nil }
        return situation.hosts[other ?? view.speaker]
    }

    /// Whether the host is a manager and is one still after this plan; one that should go may have to wait.
    private func stays(_ host: HostID) -> Bool {
        standing.contains(host) && desired.contains(host) && byHost[host] == nil
            || changes.held.contains { $0.host == host }
    }

    /// Who acts on nodes while managers change: the actor, or where it goes itself, the first that takes over.
    func keeper(_ actor: HostPolicy, _ start: [StepID]) -> (host: HostID, after: [StepID]) {
        if view == nil || stays(actor.name) { return (actor.name, start) }
        for case .add(let host) in changes.order where !late.contains(host) { return (host, [entry(of: host)]) }
        return (actor.name, start)
    }

    /// The step by which a host becomes what it should be in the Swarm.
    func entry(of host: HostID) -> StepID {
        let isMember = byHost[host] == nil && situation.hosts[host].map(situation.isMember) == true
        return StepID("\(isMember ? "promote-node" : "join-swarm")/\(host)")
    }

    /// For each host that leaves, the step after which somebody else can take its tasks: of a manager the one that
    /// takes its place in the chain of changes, of workers each a newcomer in turn. (All waiting for all would be a
    /// plan that grows with the square of its hosts.)
    private var newcomers: [HostID: StepID] {
        var found: [HostID: StepID] = [:]
        var latest: StepID?
        for change in changes.order {
            switch change {
            // One that has to leave another Swarm first may be waiting for this one.
            case .add(let host): if byHost[host] == nil { latest = entry(of: host) }
            case .demote(let member): if let host = member.host { found[host] = latest }
            }
        }
        let acting = actor?.name
        let inChain = Set(changes.order.compactMap { change in if case .add(let host) = change { host } else { nil } })
        let fresh = living.filter {
            byHost[$0.name] == nil && !situation.isMember($0) && !inChain.contains($0.name) && $0.name != acting
        }.map { StepID("label-node/\($0.name)") }
        let workers = departures.filter { $0.node?.role == .worker }
        for (index, departure) in workers.enumerated() where !(fresh.isEmpty && latest == nil) {
            found[departure.host.name] = fresh.isEmpty ? latest : fresh[index % fresh.count]
        }
        return found
    }
}

extension SwarmFacts {
    /// Whether the engine has an identity or began to get one, and hears no manager.
    var isWithoutManagers: Bool { state == .pending || state == .error }
}
