// How a report is told to people: what went wrong with a bastion is one thing and not two hundred (F12). The entries
// themselves stay one a host, since budgets and exit codes count them.

extension [ReportEntry] {
    /// Entries about a bastion that differ in nothing but their host become one, in the place of the first.
    package var asTold: [ReportEntry] {
        var told: [ReportEntry] = []
        var groups: [ReportEntry: (place: Int, hosts: [String])] = [:]
        for entry in self {
            var common = entry
            common.problem.subject = ""
            if entry.problem.code != Self.sharedCode {
                told.append(entry)
            } else if groups[common] != nil {
                groups[common]?.hosts.append(entry.problem.subject)
            } else {
                groups[common] = (told.count, [entry.problem.subject])
                told.append(entry)
            }
        }
        for group in groups.values where group.hosts.count > 1 {
            // As many names as fit in a line or two; all of them are in the JSON.
            let shown = group.hosts.prefix(5).joined(separator: ", ")
            let rest = group.hosts.count > 5 ? " and \(group.hosts.count - 5) more" : ""
            told[group.place].problem.subject = shown + rest
        }
        return told
    }

    private static var sharedCode: String { "bastion-unreachable" }
}
