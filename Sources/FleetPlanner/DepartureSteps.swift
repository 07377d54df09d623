// How hosts leave a Swarm that goes on: drained once their replacements are there, demoted in turn, left as workers,
// taken off the Swarm's list by the id that is theirs, and at last freed of what Muster made on them.
import FleetModel

/// The steps of the departures from one running Swarm, but for the demotions, which are ClusterSteps' chain.
struct DepartureSteps {
    let situation: Situation
    let departures: [Departure]
    /// Who acts for the Swarm while it changes, and since when it can.
    let keeper: (host: HostID, after: [StepID])
    /// For each host, the step after which somebody else can take its tasks.
    let newcomers: [HostID: StepID]

    /// Before the demotions: a manager's work goes while it is still a manager.
    func addDrains(to list: inout StepList) {
        for departure in departures.filter(\.wantsDrain) {
            guard let cluster = departure.cluster else { continue }
            let newcomer = newcomers[departure.host.name].map { [$0] } ?? []
            // Its own engine's step, and not its last: that may be its joining of another Swarm, which comes after.
            let own = list.present([departure.start])
            list.add(
                Step(
                    id: departure.drain, action: .drainNode(cluster: cluster), host: keeper.host,
                    subject: departure.host.name, after: keeper.after + newcomer + own, reason: departure.reason))
        }
    }

    func addLeaves(to list: inout StepList) {
        for departure in departures {
            // Whoever is a manager leaves only once it is demoted: where no demotion is due yet, all of it waits.
            let isManager = departure.node.map { $0.role == .manager } ?? (departure.facts?.swarm.isManager == true)
            let isAlone = departure.isSplitManager && departure.keptCompany == nil
            if departure.canLeave, isManager, !isAlone, !list.contains(Self.demotion(of: departure)) { continue }
            if departure.canLeave { addLeave(departure, isForced: isAlone, to: &list) }
            if let removal = departure.removal, departure.canLeave || departure.node?.state == "down" {
                addRemoval(departure, removal, to: &list)
            }
            if departure.why == .leavesRegion { Self.addRestore(departure, situation, to: &list) }
        }
    }

    /// By force only where it is the last manager of a Swarm of its own: Docker lets such a one go in no other way.
    private func addLeave(_ departure: Departure, isForced: Bool, to list: inout StepList) {
        guard let cluster = departure.cluster else { return }
        let name = departure.host.name
        Self.addStart(of: departure, to: &list)
        list.add(
            Step(
                id: departure.leave,
                action: departure.isHalfJoined
                    ? .resetSwarm(cluster: cluster)
                    : .leaveSwarm(cluster: cluster, isLast: isForced, isForced: isForced),
                host: name, after: list.present([departure.start, departure.drain, Self.demotion(of: departure)]),
                reason: departure.reason))
    }

    static func addStart(of departure: Departure, to list: inout StepList) {
        guard departure.isStopped, !list.contains(departure.start) else { return }
        list.add(
            Step(
                id: departure.start, action: .installEngine(version: nil, daemon: nil, keys: []),
                host: departure.host.name,
                reason: "its engine is stopped, and has to say itself that it leaves its Swarm"))
    }

    private func addRemoval(_ departure: Departure, _ id: StepID, to list: inout StepList) {
        guard let cluster = departure.cluster, let node = departure.node else { return }
        list.add(
            Step(
                id: id, action: .removeNode(cluster: cluster, node: node.id), host: keeper.host,
                subject: departure.host.name,
                after: keeper.after + list.present([departure.leave, Self.demotion(of: departure)]),
                reason: departure.canLeave ? departure.reason : "\(departure.reason), and its node is down"))
    }

    /// What Muster made on the host goes last, when nothing runs there any more; nothing can be done on a silent host.
    static func addRestore(_ departure: Departure, _ situation: Situation, to list: inout StepList) {
        let name = departure.host.name
        guard let facts = departure.facts, facts.made?.region == situation.policy.region else { return }
        list.add(
            Step(
                id: StepID("restore-host/\(name)"),
                action: .restoreHost(home: situation.input.home, deleteData: false, daemon: facts.daemonWithoutOurs),
                host: name, after: list.present([departure.leave]),
                follows: list.present([departure.removal].compactMap { $0 }), reason: departure.reason))
    }

    static func demotion(of departure: Departure) -> StepID {
        StepID("demote-node/\(departure.node?.id ?? "")")
    }
}

extension HostFacts {
    /// daemon.json of an engine that was there before, without the keys that Muster put in; nil when it has none.
    var daemonWithoutOurs: JSONValue? {
        guard let made, !made.daemonKeys.isEmpty, !made.files.contains("/etc/docker/daemon.json"),
            case .object(let members)? = engine?.daemon
        else { return nil }
        return .object(members.filter { !made.daemonKeys.contains($0.key) })
    }
}
