// The end of a run on a terminal: one line a host, and where the time went.
import FleetModel
import FleetReconciler

/// A report as text.
struct ApplyText {
    let policy: FleetPolicy
    let report: ApplyReport

    func print() {
        Console.line()
        var table = TextTable(header: [])
        let hosts = policy.hosts + report.plan.leaving
        let busy = Set(report.results.map(\.step.subject)).union(report.lostHosts)
        for host in hosts where busy.contains(host.name) { table.rows.append(row(host)) }
        let idle = hosts.count { !busy.contains($0.name) }
        if idle > 0 { table.rows.append(["\(idle) more", Style.green("ok"), "nothing to do"]) }
        table.print()
        printStop()
        printTimes()
    }

    private func row(_ host: HostPolicy) -> [String] {
        let results = report.results.filter { $0.step.subject == host.name }
        if let problem = report.failures[host.name] {
            return [host.name.rawValue, Style.red("failed"), problem.description]
        }
        if report.lostHosts.contains(host.name) {
            let problem = report.plan.report.first { $0.problem.hostName == host.name && $0.kind == .quarantined }
            return [host.name.rawValue, Style.red("left out"), problem?.problem.description ?? ""]
        }
        let skipped = results.filter { if case .skipped = $0.outcome { true } else { false } }
        if let first = skipped.first, case .skipped(let cause) = first.outcome {
            return [
                host.name.rawValue, Style.yellow("partly"),
                "\(counted(skipped.count, "step")) not begun: `\(cause)` failed",
            ]
        }
        let changed = results.filter { $0.outcome == .changed }.count
        let left = results.filter { !$0.hasRun }.count
        let steps = counted(changed, "step")
        if left > 0 { return [host.name.rawValue, Style.yellow("stopped"), "\(steps), \(left) not started"] }
        return [host.name.rawValue, Style.green("ok"), changed == 0 ? "it was all done" : steps]
    }

    /// Why it ended early, where, and how to go on.
    private func printStop() {
        guard let stop = report.stop else { return }
        let left = report.results.filter { !$0.hasRun }.count
        let rest =
            left == 0 ? "every step had been started" : "\(left) of \(report.results.count) steps were not started"
        Console.line("  \(Style.red("stopped")): \(stop.text(of: report.plan.region)); \(rest)")
    }

    private func printTimes() {
        let sums = report.timeByWord.prefix(6).map { "\($0.word) \(Duration.seconds($0.seconds).shown)" }
        Console.line(
            "  \(report.duration.shown) in all, \(counted(report.remoteWrites, "remote write"))"
                + (sums.isEmpty ? "" : "; time by step, summed over hosts: \(sums.joined(separator: ", "))"))
    }
}
