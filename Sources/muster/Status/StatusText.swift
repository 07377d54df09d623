// The status of a region on a terminal.
import ControlPlane
import FleetModel

/// A status as text.
struct StatusText {
    let status: RegionStatus
    /// What this `muster` would run as the control plane.
    var ownImage: String?

    func print() {
        printHead()
        if let going = status.run { printRun(going) }
        for cluster in status.clusters { printCluster(cluster) }
        printHosts()
        printSealedCopy()
        for problem in status.drift { Console.line("  \(Style.yellow("drift  ")) \(problem)") }
        if let image = status.controlPlane.image, let ownImage, image != ownImage {
            Console.line(
                "  \(Style.yellow("warning")) control plane: its image is `\(image)`, this `muster` makes `\(ownImage)`; "
                    + "use the `muster` that brought the region up")
        }
        for problem in status.warnings { Console.line("  \(Style.yellow("warning")) \(problem)") }
    }

    private func printHead() {
        let plane = status.controlPlane
        let home = plane.home.map { " on host `\($0)`" } ?? ""
        let owner = status.owner == .controlPlane ? "its own control plane" : "the operator's machine"
        Console.line(
            Style.bold("region \(status.region)")
                + ": owned by \(owner), epoch \(status.epoch), generation \(status.generation)")
        Console.line(
            "  answered by the control plane\(home): version \(plane.version), up "
                + Duration.seconds(plane.uptimeSeconds).shown + ", hosts observed "
                + (plane.observedAt.map { "\(status.takenAt.seconds(since: $0)) s ago" } ?? "not yet"))
    }

    private func printRun(_ going: RunStatus) {
        let run = going.run
        Console.line(
            "  " + Style.yellow("run \(run.id)")
                + " goes on: \(going.ended) of \(going.steps) steps, \(run.actor) began it "
                + Duration.seconds(max(0, status.takenAt.seconds(since: run.startedAt))).shown
                + " ago, plan \(run.plan)"
                + (run.state == .cancelling ? "; it was told to stop" : ""))
    }

    /// The only other copy of the region's memory is worth a line of its own.
    private func printSealedCopy() {
        let age = status.sealedCopy.ageSeconds.map { "made " + Duration.seconds($0).shown + " ago" } ?? "never made"
        Console.line("  sealed copy on the operator's machine: \(age)")
    }

    private func printCluster(_ cluster: ClusterStatus) {
        if cluster.nodes.isEmpty { return Console.line("  cluster \(cluster.name): no manager was observed yet") }
        let quorum = cluster.hasQuorum ? Style.green("has quorum") : Style.red("NO QUORUM")
        let workers = cluster.nodes.filter { $0.role == .worker && $0.state == "ready" }.count
        Console.line(
            "  cluster \(cluster.name)\(cluster.isControl ? " (control)" : ""): \(quorum), "
                + "\(cluster.managersReachable) of \(cluster.managers) managers reachable (\(cluster.quorumNeeds) needed), "
                + "leader \(cluster.leader?.rawValue ?? "none"), \(workers) \(workers == 1 ? "worker" : "workers") ready"
        )
    }

    private func printHosts() {
        var table = TextTable(header: [
            "HOST", "ADDRESS", "DOMAIN", "CLUSTER", "ROLE", "LIFE", "STATE", "SINCE", "ENGINE",
        ])
        for host in status.hosts { table.rows.append(HostLine(host: host, now: status.takenAt).cells) }
        table.print()
    }
}

/// One host of a status as a row.
struct HostLine {
    let host: HostStatus
    let now: Timestamp

    var cells: [String] {
        let state = host.isReachable ? host.nodeState ?? "no node" : host.isLost ? "lost" : "unseen"
        let shown = host.isReachable ? (state == "ready" ? Style.green(state) : Style.yellow(state)) : Style.red(state)
        return [
            host.name.rawValue, host.address, host.domain.rawValue, host.cluster.rawValue,
            host.role.rawValue + (host.isLeader ? ", leader" : ""), host.life.rawValue, shown,
            Duration.seconds(max(0, now.seconds(since: host.since))).shown, host.engineVersion ?? "none",
        ] + (host.unreachable.map { [Style.red($0.message)] } ?? [])
    }
}

extension HostStatus {
    /// It did not answer when it was last asked; a host that was never asked is not lost.
    var isLost: Bool { unreachable != nil }
}

extension ClusterStatus {
    /// Managers told how the Swarm is, and they are too few.
    var isBroken: Bool { !nodes.isEmpty && !hasQuorum }
}
