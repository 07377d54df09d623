// Golden texts: what was agreed on lies in a test target's folder Goldens; `RECORD=1` rewrites it, review sees the diff.
import FoundationEssentials
import Glibc
package import Testing

/// Compares texts with the files of a test target's Goldens folder.
package enum Golden {
    /// - Parameter file: the test's own; Goldens lies beside it.
    package static func expect(
        _ text: String, _ name: String, file: String = #filePath, source: SourceLocation = #_sourceLocation
    ) throws {
        let url = URL(filePath: file).deletingLastPathComponent().appending(path: "Goldens/\(name).txt")
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
