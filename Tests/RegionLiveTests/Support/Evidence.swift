// Everything that could have let a secret out, and the search through it (decision 12): what `muster` printed, the
// command lines of all processes of this machine and its lab hosts, files, and what the engines show.
import Foundation
import Lab
import Synchronization

/// What a story leaves for the scan.
final class Evidence: Sendable {
    private struct State {
        var texts: [(source: String, text: [UInt8])] = []
        var commandLines: Set<[UInt8]> = []
        /// Key files of the operator's machine by name; bring-up removes some of them at hand off.
        var keys: [String: String] = [:]
    }

    private let state = Mutex(State())

    /// Files whose contents must be found nowhere else.
    private static let keyFiles = ["admin.token", "hand-off.token", "region_key", "ca.key", "sealing.key"]

    /// A secret that no file holds, of at least 20 characters.
    func addSecret(_ name: String, _ text: String) { state.withLock { $0.keys[name] = text } }

    func add(_ source: String, _ result: LabResult) { add(source, result.stdout + result.stderr) }
    func add(_ source: String, _ text: [UInt8]) { state.withLock { $0.texts.append((source, text)) } }

    var transcript: String {
        state.withLock { state in
            state.texts.map { "$ \($0.source)\n\(String(decoding: $0.text, as: UTF8.self))" }.joined(separator: "\n")
        }
    }

    var keyNames: Set<String> { state.withLock { Set($0.keys.keys) } }

    /// Looks at command lines and key files until its task is cancelled.
    func watch(_ regionFolder: String) async {
        while !Task.isCancelled {
            look(regionFolder)
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private func look(_ regionFolder: String) {
        let own = Int(getpid())
        let processes = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int($0) }
        let lines = processes.filter { $0 != own }.compactMap {
            FileManager.default.contents(atPath: "/proc/\($0)/cmdline")
        }
        let found = Self.keyFiles.compactMap { name in
            (try? String(contentsOfFile: "\(regionFolder)/\(name)", encoding: .utf8)).map { (name, $0) }
        }
        state.withLock { state in
            for line in lines where !line.isEmpty { state.commandLines.insert([UInt8](line)) }
            for (name, text) in found where !text.isEmpty { state.keys[name] = text }
        }
    }

    /// `secret in source` for everything that was found where it must not be.
    func leaks() -> [String] {
        let (texts, lines, keys) = state.withLock { ($0.texts, $0.commandLines, $0.keys) }
        let places = texts + lines.map { ("a process list", $0) }
        let needles =
            keys.flatMap { name, text in Self.needles(name, text).map { (name, $0) } } + [("a join token", "SWMTKN-")]
        return places.flatMap { source, text in
            needles.filter { Self.contains(text, Array($0.1.utf8)) }.map { "`\($0.0)` in \(source)" }
        }
    }

    /// Parts of a key that say something: its long lines, and a piece from the middle of its base64. The second line of
    /// the sealing key is its public half.
    private static func needles(_ name: String, _ text: String) -> [String] {
        let text = name == "sealing.key" ? String(text.prefix { $0 != "\n" }) : text
        let lines = text.split(separator: "\n").filter { $0.count >= 20 && !$0.hasPrefix("-----") }.map(String.init)
        let encoded = Data(text.utf8).base64EncodedString()
        let middle = encoded.dropFirst(encoded.count / 3 / 4 * 4).prefix(40)
        return lines + (middle.count == 40 ? [String(middle)] : [])
    }

    private static func contains(_ text: [UInt8], _ needle: [UInt8]) -> Bool {
        Data(text).range(of: Data(needle)) != nil
    }
}
