// A `muster` that goes on while the story does: what it has printed so far, a signal to it, its end.
import FleetModel
import Foundation
import Glibc
import Lab
import Testing

/// One command of an operator, in the lab's network.
struct RunningMuster: Sendable {
    fileprivate let region: LiveRegion
    fileprivate let words: [String]
    /// Of the files that it writes: what it prints, and its process's id.
    fileprivate let path: String
    fileprivate let child: Task<LabResult, any Error>

    /// What it has printed, both streams in one.
    var text: String { (try? String(contentsOfFile: "\(path).log", encoding: .utf8)) ?? "" }

    private var process: pid_t? {
        let text = try? String(contentsOfFile: "\(path).pid", encoding: .utf8)
        return text.flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// Whether it has not ended. One that is only about to be started counts.
    var isRunning: Bool { process.map { Glibc.kill($0, 0) == 0 } ?? true }

    /// Sends it a signal, as a terminal does for Ctrl-C.
    func interrupt() throws { Glibc.kill(try #require(process), SIGINT) }

    /// `kill -9`, and of all that it started.
    func kill() { child.cancel() }

    /// What `--events` has so far.
    var events: String { (try? String(contentsOfFile: "\(path).events", encoding: .utf8)) ?? "" }

    /// The codes of the problem that ended it, and of the refusals that did, as a script reads them.
    var problemCodes: Set<String> {
        let last = events.split(separator: "\n").last.flatMap { line in
            try? JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
        }
        guard let last else { return [] }
        let all = [last["problem"]] + last["report"].entries("refused")
        return Set(all.compactMap { $0["code"].text })
    }

    /// Waits for its end; what it printed becomes evidence.
    func end() async throws -> (status: Int32, text: String) {
        let status = try await child.value.status
        region.evidence.add("muster \(words.joined(separator: " "))", Array(text.utf8))
        let last = text.split(separator: "\n").last ?? "nothing"
        note("muster \(words[0]) \(status == 137 ? "killed" : "ended with \(status)") after: \(last)")
        return (status, text)
    }
}

extension LiveRegion {
    /// Starts a verb that changes the region, and comes back at once.
    func start(_ words: [String], home: String? = nil) throws -> RunningMuster {
        let path = "\(folder)/run-\(UInt32.random(in: 0 ... .max))"
        let script = "echo $$ >\"$0.pid\"; exec \"$@\" >\"$0.log\" 2>&1"
        let command = ["sh", "-c", script, path, try MusterBinary.path] + words + ["--events", "\(path).events"]
        let (lab, environment) = (lab, environment(home: home))
        // Longer than any bring-up of the lab takes when both cores are busy.
        let child = Task { try await lab.run(command, environment: environment, deadline: .seconds(200)) }
        return RunningMuster(region: self, words: words, path: path, child: child)
    }
}
