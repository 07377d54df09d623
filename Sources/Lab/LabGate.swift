// Whether live tests on lab hosts may run on this machine. They are skipped only loudly, with the reason, and never in
// CI: with `MUSTER_REQUIRE=lab` they run and fail where they would have been skipped.
import Glibc

package enum LabGate {
    /// For `.enabled(if:)`; prints the reason once when it is false.
    package static let isOpen: Bool = {
        let problems = Preflight.problems()
        let required = getenv("MUSTER_REQUIRE").map { String(cString: $0) } ?? ""
        if problems.isEmpty || required.split(separator: ",").contains("lab") { return true }
        let text = "SKIPPED: live tests on lab hosts: \(problems.joined(separator: "; "))\n"
        _ = write(STDERR_FILENO, text, text.utf8.count)
        return false
    }()
}
