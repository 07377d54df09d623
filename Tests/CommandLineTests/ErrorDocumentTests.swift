// What a program gets of a command that was to print JSON and came to nothing: the parts of the error, in one line.
import Foundation
import Testing

@Suite("Errors as JSON") struct ErrorDocumentTests {
    @Test("with --json an error is JSON on stdout and text on stderr; without it, and behind `--`, text alone")
    func line() throws {
        let place = try Workplace()
        try place.write("muster: 1\nregion: Eu1\n", to: "eu1.yaml")
        for verb in ["up", "check", "plan"] {
            let ended = try place.muster(verb, "eu1.yaml", "--json")
            #expect(ended.code == 64 && ended.errors.hasPrefix("error: "), "\(verb): \(ended)")
            let document = try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any]
            let problems = document?["problems"] as? [[String: Any]] ?? []
            #expect(problems.count > 1 && problems.allSatisfy { $0["kind"] as? String == "rejected" }, "\(ended)")
            #expect(problems.contains { $0["subject"] as? String == "eu1.yaml:2" }, "\(ended)")
            #expect((document?["problem"] as? [String: Any])?["code"] as? String == problems.first?["code"] as? String)
            #expect(ended.output.split(separator: "\n").count == 1)
        }
        #expect(try place.muster("up", "eu1.yaml").output == "")
        #expect(try place.muster("hosts", "exec", "--all", "eu1.yaml", "--", "ls", "--json").output == "")
    }
}
