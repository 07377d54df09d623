// A plan that removes much is agreed to by typing how much (F44): a number that one has to read first, never a habit.
import ArgumentParser
import FleetModel
import Glibc

/// The option of every verb that may execute such a plan.
struct ApprovalOptions: ParsableArguments {
    @Option(help: "The number of hosts that the plan removes, for a plan that removes many or any manager.")
    var approve: Int?

    var approval: Approval { Approval(given: approve) }
}

/// The number that was given on the command line, or nil.
struct Approval {
    var given: Int?

    /// The number that was agreed to; nil when the plan wants none.
    /// - Throws: when it was not given, or is another.
    func number(for plan: Plan) throws(FleetProblem) -> Int? {
        guard let approval = plan.approval else { return nil }
        let number = given ?? asked(approval, plan.region)
        guard number == approval.removedHosts else {
            throw FleetProblem(
                .refused, "not-approved", subject: "region `\(plan.region)`",
                "the plan removes \(approval.words), and that number was not given; nothing was changed",
                hint: "look at it with `muster plan`, then give `--approve \(approval.removedHosts)`")
        }
        return number
    }

    private func asked(_ approval: PlanApproval, _ region: RegionID) -> Int? {
        guard Console.isErrorTerminal, isatty(STDIN_FILENO) == 1 else { return nil }
        Console.write(
            "This removes \(approval.words) of region `\(region)`. Type the number of hosts that go: ",
            to: STDERR_FILENO)
        return readLine().flatMap { Int($0.trimmingPrefix(" ")) }
    }
}

extension PlanApproval {
    /// As in `2 of 12 hosts (no manager any more: h1)`.
    var words: String {
        let names = managers.map { "`\($0)`" }.joined(separator: ", ")
        return "\(removedHosts) of \(hosts) hosts"
            + (managers.isEmpty ? "" : " (no manager any more: \(names))")
    }
}
