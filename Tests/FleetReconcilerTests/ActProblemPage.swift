// Everything that a script can say when it fails, as one line each, to be read as prose (I9).
import FleetModel
import Foundation
import HostScripts
import GoldenFiles
import Testing

@testable import FleetReconciler

@Suite("Problems of acts") struct ActProblemPage {
    private let problem = ActProblem(host: "eu1-07", word: "join-swarm")

    @Test("F11, F25: the page of all problems")
    func page() throws {
        var lines = ActProblem.table.keys.sorted().map {
            "[\($0)] \(problem.failed(code: $0, text: "what the host said"))"
        }
        lines += ActProblem.causes.map { "[\($0.code)] \(problem.failed(code: "x", text: "… \($0.sign) …"))" }
        lines += ["leased", "fenced", "lease-lost"].map {
            "[\($0)] \(problem.failed(code: $0, text: "ana@desk/1f0c9a2e 1790000000 eu1-3-abc 7"))"
        }
        lines.append("[lease-lost, nobody] \(problem.failed(code: "lease-lost", text: "- 0 - 0"))")
        lines.append("[unknown code] \(problem.failed(code: "never-heard-of", text: "what the host said"))")
        lines.append("[without text] \(problem.failed(code: "swarm-leave", text: ""))")
        lines.append("[not verified] \(problem.unverified("the state is pending"))")
        for (errors, status) in [
            ("sudo: a password is required", 1), ("Sorry, try again.\nsudo: 1 incorrect password attempt", 1),
            ("x is not in the sudoers file", 1), ("sudo: not found", 127),
            ("sudo: sorry, you must have a tty to run sudo", 1), ("oops", 3),
        ] {
            let output = ShellOutput(standardOutput: "", standardError: errors, exitStatus: status)
            lines.append("[status \(status)] \(problem.incomplete(output))")
        }
        let killed = ShellOutput(standardOutput: "", exitStatus: nil, exitSignal: "KILL")
        lines.append("[signal] \(problem.incomplete(killed))")
        try Golden.expect(lines.joined(separator: "\n") + "\n", "act-problems")
    }

    @Test("every code that a script can fail with is in the table, and no entry is dead")
    func codes() {
        var said: Set<String> = []
        for script in HostScript.all.values + [HostScript.prelude] {
            for line in script.split(separator: "\n") where !line.hasPrefix("#") {
                for word in ["fail ", "try ", "try_update "] {
                    for part in line.components(separatedBy: word).dropFirst() {
                        let code = part.prefix { $0.isLetter || $0 == "-" }
                        if code.contains("-") || ActProblem.table[String(code)] != nil { said.insert(String(code)) }
                    }
                }
            }
        }
        // `fail "remove-$kind"` of remove-control-plane.sh.
        said.formUnion(["remove-secret", "remove-config"])
        said.remove("remove-")
        #expect(said.subtracting(ActProblem.table.keys) == [], "scripts say what the table does not know")
        #expect(Set(ActProblem.table.keys).subtracting(said) == [], "the table knows what no script says")
    }

    @Test("a hint is a command or an action, a message has no line end, nothing is said twice")
    func shape() {
        for (code, entry) in ActProblem.table {
            #expect(!entry.hint.isEmpty && !entry.message.isEmpty && !entry.message.contains("\n"), "\(code)")
            #expect(entry.message.first?.isLowercase == true && !entry.message.hasSuffix("."), "\(code)")
        }
    }
}
