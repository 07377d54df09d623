// What may befall any script, and is cured alike whatever it was doing: told by the words of the program that said it.
import FleetModel

extension ActProblem {
    struct Cause: Sendable {
        /// In what apt, docker or the shell say, in English: every script sets LC_ALL=C.
        let sign: String
        let code: String
        /// `unavailable` where another manager, or the same one in a moment, may well do it.
        var kind = FleetProblem.Kind.failed
        /// Follows the word of the act.
        let message: String
        let hint: String
    }

    static let causes = [
        Cause(
            sign: "o space left on device", code: "disk-full", message: "ran out of disk",
            hint: "free some on the host, then run the command again"),
        Cause(
            sign: "enough free space", code: "disk-full", message: "ran out of disk",
            hint: "free some on the host, then run the command again"),
        Cause(
            sign: "Could not get lock", code: "lock-held",
            message: "waited 5 minutes for the package manager's lock, which another program holds",
            hint: "wait for that program to end, then run the command again"),
        Cause(
            sign: "dpkg was interrupted", code: "dpkg-interrupted", message: "found packages that are half configured",
            hint: "run `dpkg --configure -a` on the host, then run the command again"),
        Cause(
            sign: "Hash Sum mismatch", code: "package-checksum",
            message: "got a package that is not what its source says",
            hint: "its mirror may be updating, or something on the way changes it: try again later"),
        Cause(
            sign: "have a leader", code: "no-leader", kind: .unavailable,
            message: "found no leader among the managers",
            hint: "run the command again; where that does not help, a majority of the managers is lost"),
        Cause(
            sign: "not a swarm manager", code: "not-manager", kind: .unavailable,
            message: "was sent to a host that is no manager",
            hint: "run the command again; it looks for the managers anew"),
    ]

    func failed(by cause: Cause, _ text: String) -> FleetProblem {
        FleetProblem(
            cause.kind, cause.code, subject: "host `\(host)`", "`\(word)` \(cause.message)", cause: text,
            hint: cause.hint)
    }
}
