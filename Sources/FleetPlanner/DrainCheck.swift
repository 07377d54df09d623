// What a drain costs (F35): whether everything that runs on the hosts concerned can run elsewhere, and what is down
// for a moment while it moves. What cannot move is refused by name; what is down for a moment is told first in the
// report.
import FleetModel

/// The drains of one cluster, judged together: all that leave at once need room on those that stay.
struct DrainCheck {
    let situation: Situation
    let cluster: ClusterID
    /// Hosts that are to have no work any more.
    let drained: [HostPolicy]
    /// Hosts that may take it, with the labels that their nodes will have.
    let takers: [(host: HostPolicy, node: NodeFacts)]

    private struct RunningTask {
        let host: HostPolicy
        let service: ServiceFacts
        let spec: ServiceSpec
    }

    func entries() -> [ReportEntry] {
        guard let view = situation.swarms[cluster], !drained.isEmpty else { return [] }
        let services = Dictionary(view.facts.services.map { ($0.name, $0) }) { first, _ in first }
        let tasks = drained.flatMap { host in
            (situation.facts(of: host.name)?.swarm.tasks ?? []).compactMap { name in
                services[name].flatMap { service in
                    service.spec.map { RunningTask(host: host, service: service, spec: $0) }
                }
            }
        }
        let immobile = tasks.compactMap(refusal)
        if !immobile.isEmpty { return immobile }
        return tasks.compactMap(downtime) + room(for: tasks.filter { !$0.spec.isGlobal })
    }

    // MARK: - One task

    private func refusal(of task: RunningTask) -> ReportEntry? {
        let name = task.service.name
        if task.spec.isGlobal { return nil }
        if !task.spec.volumes.isEmpty {
            return refused(
                task, "drain-volume",
                "cannot be drained: service `\(name)` keeps volume `\(task.spec.volumes.joined(separator: "`, `"))` there, "
                    + "and a volume does not move",
                "move its data, or scale the service to 0, then run the command again")
        }
        if !takers.contains(where: { task.spec.allows($0.node) }) {
            let words = task.spec.constraints.joined(separator: "`, `")
            return refused(
                task, "drain-pinned",
                "cannot be drained: no other node may run service `\(name)`"
                    + (words.isEmpty ? "" : " (`\(words)`)"),
                "change the service's constraints, or add a host that meets them")
        }
        return nil
    }

    private func refused(_ task: RunningTask, _ code: String, _ message: String, _ hint: String) -> ReportEntry {
        .host(.refused, code, task.host.name, message, hint: hint)
    }

    private func downtime(of task: RunningTask) -> ReportEntry? {
        let name = task.service.name
        if task.spec.isGlobal {
            return .host(
                .note, "drain-global", task.host.name,
                "global service `\(name)` ends there: it has one task on each node",
                hint: "nothing is lost; what it does on that node stops")
        }
        guard task.service.desiredTasks == 1 else { return nil }
        return .host(
            .note, "drain-downtime", task.host.name,
            "service `\(name)` has one replica: it is down while it moves from there",
            hint: "scale it to 2 before, if that is too long")
    }

    // MARK: - Room

    private struct Room {
        var millicores: Int
        var memoryMiB: Int
        let node: NodeFacts
    }

    /// First fit, the largest reservations first: what finds no room here may find none in the Swarm.
    private func room(for tasks: [RunningTask]) -> [ReportEntry] {
        let specs = Dictionary(
            (situation.swarms[cluster]?.facts.services ?? []).compactMap { service in
                service.spec.map { (service.name, $0) }
            }
        ) { first, _ in first }
        var rooms = takers.map { free(on: $0.host, $0.node, specs) }
        let sorted = tasks.filter { $0.spec.reservedMillicores > 0 || $0.spec.reservedMemoryMiB > 0 }.sorted {
            ($1.spec.reservedMemoryMiB, $1.spec.reservedMillicores, $0.service.name)
                < ($0.spec.reservedMemoryMiB, $0.spec.reservedMillicores, $1.service.name)
        }
        for task in sorted {
            let (memory, cores) = (task.spec.reservedMemoryMiB, task.spec.reservedMillicores)
            let index = rooms.firstIndex { room in
                room.memoryMiB >= memory && room.millicores >= cores && task.spec.allows(room.node)
            }
            guard let index else {
                return [
                    refused(
                        task, "drain-no-room",
                        "cannot be drained: service `\(task.service.name)` reserves \(memory) MiB and \(cores) millicores, "
                            + "and no other node has as much left",
                        "add a host, or take work away, then run the command again")
                ]
            }
            rooms[index].memoryMiB -= memory
            rooms[index].millicores -= cores
        }
        return []
    }

    private func free(on host: HostPolicy, _ node: NodeFacts, _ specs: [String: ServiceSpec]) -> Room {
        let facts = situation.facts(of: host.name)
        var room = Room(
            millicores: (facts?.capacity.cpuMillicores ?? 0) - host.reserve.cpuMillicores,
            memoryMiB: (facts?.capacity.memoryMiB ?? 0) - host.reserve.memoryMiB, node: node)
        for name in facts?.swarm.tasks ?? [] {
            guard let spec = specs[name] else { continue }
            room.millicores -= spec.reservedMillicores
            room.memoryMiB -= spec.reservedMemoryMiB
        }
        return room
    }
}

extension ServiceSpec {
    /// Whether the constraints let a task run on `node`, as far as they are about what is known of it; Docker's words
    /// are `node.id`, `node.hostname`, `node.role` and `node.labels.…`, with `==` or `!=`.
    func allows(_ node: NodeFacts) -> Bool { constraints.allSatisfy { Self.isMet($0, by: node) } }

    private static func isMet(_ constraint: String, by node: NodeFacts) -> Bool {
        let isEqual = !constraint.contains("!=")
        let parts = constraint.split(separator: isEqual ? "==" : "!=", maxSplits: 1).map { trimmed($0) }
        guard parts.count == 2 else { return true }
        let value: String?
        switch parts[0] {
        case "node.id": value = node.id.rawValue
        case "node.hostname": value = node.hostname
        case "node.role": value = node.role.rawValue
        case let name where name.hasPrefix("node.labels."):
            value = node.labels[String(name.dropFirst("node.labels.".count))] ?? ""
        case _: value = nil
        }
        return value.map { ($0 == parts[1]) == isEqual } ?? true
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
