// `muster lab`: real bare hosts on this machine, to try Muster on and to test against in CI. Each verb parses, makes
// one call into the Lab module, and prints.
import ArgumentParser
import Glibc
import Lab

struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract: "Real bare Debian hosts on this Linux machine: for a demo, and for tests.",
        discussion: """
            Each host is a set of namespaces with a disk, an address in 198.18.0.0/16 and an sshd of its own, in a \
            network that has no way out. Needs root. Examples:

              muster lab up 5
              muster lab ssh 1 uname -a
              muster lab down
            """,
        subcommands: [
            LabUp.self, LabDown.self, LabList.self, LabSSH.self, LabKill.self, LabStart.self, LabCut.self, LabHeal.self,
            LabFaultCommand.self, LabExec.self, LabForward.self,
        ])
}

/// Which lab is meant; every verb takes it.
struct LabOptions: ParsableArguments {
    @Option(help: "The lab's folder. (default: $MUSTER_LAB, else \(LabRegion.defaultState))")
    var state: String?

    @Option(help: "The name of its network and control groups, if the one made from the folder will not do.")
    var name: String?

    @Option(help: "Where the layers lie that all labs of this machine share.")
    var cache = "/var/cache/muster-lab"

    func lab() throws(LabError) -> LabRegion { try LabRegion(state: state, name: name, cache: cache) }
}

/// Hosts by number (`2`) or name (`h2`).
struct LabHostArgument: ExpressibleByArgument {
    let index: Int

    init?(argument: String) {
        guard let index = LabAddress.host(named: argument) else { return nil }
        self.index = index
    }
}

/// Does a verb's work; an error of the lab is one line on standard error and its exit code.
func reportingLabErrors(_ work: () async throws -> Void) async throws {
    do {
        try await work()
    } catch let error as LabError {
        say("error: \(error)")
        throw ExitCode(error.exitCode)
    }
}

/// One line to the person at the terminal; standard output is for results.
func say(_ line: String) {
    let text = "\(line)\n"
    _ = write(STDERR_FILENO, text, text.utf8.count)
}

/// Standard output is buffered when it is a pipe, and whoever waits for a line would wait for ever.
func flushOutput() { fflush(nil) }
