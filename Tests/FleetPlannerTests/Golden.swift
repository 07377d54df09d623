// Golden texts: what was agreed on lies in Goldens beside this file; `RECORD=1` rewrites it, review sees the diff.
import FoundationEssentials
import Glibc
import Testing

/// Compares texts with the files of this target's Goldens folder.
enum Golden {
    private static let folder =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/Goldens"

    static func expect(_ text: String, _ name: String, source: SourceLocation = #_sourceLocation) throws {
        let url = URL(filePath: "\(folder)/\(name).txt")
        if getenv("RECORD") != nil { return try Data(text.utf8).write(to: url) }
        guard let agreed = (try? Data(contentsOf: url)).map({ String(decoding: $0, as: UTF8.self) }) else {
            Issue.record("golden `\(name)` does not exist; make it with RECORD=1", sourceLocation: source)
            return
        }
        guard agreed != text else { return }
        Issue.record("golden `\(name)` differs:\n\(difference(agreed, text))", sourceLocation: source)
    }

    /// Lines taken away and added, in order.
    private static func difference(_ old: String, _ new: String) -> String {
        let (before, after) = (old.split(separator: "\n"), new.split(separator: "\n"))
        return after.difference(from: before).map { change in
            switch change {
            case .remove(let line, let text, _): "-\(line + 1): \(text)"
            case .insert(let line, let text, _): "+\(line + 1): \(text)"
            }
        }.joined(separator: "\n")
    }
}
