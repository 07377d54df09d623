// How a whole Swarm goes when the manifest has its cluster no more: workers together, managers one after another, by
// force, because nothing is left that a majority could be needed for.
import FleetModel

/// The departures of all hosts from a cluster that is in no manifest any more.
struct ClusterRemoval {
    let situation: Situation
    let cluster: ClusterID
    let departures: [Departure]

    /// A Swarm that runs something is not taken away under it.
    func refusals() -> [ReportEntry] {
        let running = situation.swarms[cluster]?.facts.services.filter { $0.desiredTasks > 0 }.map(\.name) ?? []
        guard !running.isEmpty else { return [] }
        let more = running.count > 5 ? " and \(running.count - 5) more" : ""
        return [
            .region(
                .refused, "cluster-in-use", situation.policy.region,
                "cluster `\(cluster)` is in no manifest any more and still runs `"
                    + running.prefix(5).joined(separator: "`, `") + "`\(more)",
                hint: "remove its services before, or put the cluster back")
        ]
    }

    func add(to list: inout StepList) {
        let present = departures.filter(\.canLeave)
        let workers = present.filter { $0.facts?.swarm.isManager != true }
        for departure in present { DepartureSteps.addStart(of: departure, to: &list) }
        for departure in workers { list.add(leave(departure, list, follows: [], isLast: false)) }
        let speaker = situation.swarms[cluster]?.speaker
        let managers =
            present.filter { $0.facts?.swarm.isManager == true && $0.host.name != speaker }
            + present.filter { $0.facts?.swarm.isManager == true && $0.host.name == speaker }
        var previous = workers.map(\.leaveByForce)
        for (index, departure) in managers.enumerated() {
            list.add(leave(departure, list, follows: previous, isLast: index == managers.count - 1))
            previous = [departure.leaveByForce]
        }
        for departure in departures where departure.why == .leavesRegion {
            DepartureSteps.addRestore(departure, situation, to: &list)
        }
    }

    private func leave(_ departure: Departure, _ list: StepList, follows: [StepID], isLast: Bool) -> Step {
        Step(
            id: departure.leaveByForce,
            action: .leaveSwarm(cluster: cluster, isLast: isLast, isForced: true), host: departure.host.name,
            after: list.present([departure.start]), follows: follows,
            reason: "cluster `\(cluster)` is in no manifest any more")
    }
}

extension Departure {
    fileprivate var leaveByForce: StepID { StepID("leave-swarm/\(host.name)") }
}
