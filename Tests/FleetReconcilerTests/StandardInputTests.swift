// What is sent to a host's shell, run by real shells: nothing of it is swallowed, expanded or mixed up.
import FleetReconciler
import FleetModel
import Foundation
import HostScripts
import Testing

@Suite("Standard input of an act") struct StandardInputTests {
    private static let nonce = "n0nce4711"

    private func run(_ shell: String, _ act: RemoteAct, script: String, after noise: String = "") throws -> FramedOutput
    {
        let text = noise + act.standardInput(nonce: Self.nonce, prelude: HostScript.prelude, script: script)
        let run = try LocalRun(shell, ["-s", "--"] + act.words, input: Data(text.utf8))
        #expect(run.errors == "")
        return FramedOutput(run.output, nonce: Self.nonce)
    }

    @Test("arguments arrive word by word, hostile ones too", arguments: shells)
    func arguments(shell: String) throws {
        let words = ["plain", "two words", "", "'", "\"", "$(id)", "`id`", "\\", "a\\nb", "*", "-n", "--", "ü", "a\tb"]
        let output = try run(shell, RemoteAct("try", words), script: "for word; do say \"word <$word>\"; done")
        #expect(output.all("word") == (["try", "1"] + words).map { "<\($0)>" })
    }

    @Test("F43, F49: a secret arrives byte for byte, and is in no argument", arguments: shells)
    func secret(shell: String) throws {
        let texts = [
            "SWMTKN-1-abc", "'; rm -rf / #", "\"$(id)`id`\\\\$HOME\\", "two\nlines\n\nand more", "ü👩🏽‍🔬\u{1}\u{7f}",
            " leading",
            "trailing \\", "EOF\nexit 1\nmain", "\t", String(repeating: "long ", count: 2000),
        ]
        for text in texts {
            let act = RemoteAct("try", ["argument"], secret: Secret(text))
            let output = try run(shell, act, script: "say hex $(od -An -v -tx1 | tr -d ' \\n')")
            let expected = (text + "\n").utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            #expect(output.first("hex") == expected)
            #expect(!act.words.joined().contains(text))
        }
    }

    @Test("without a secret the script's stdin is empty, so that no command eats the script", arguments: shells)
    func empty(shell: String) throws {
        let output = try run(shell, RemoteAct("try"), script: "say got \"<$(cat)>\"; say end")
        #expect(output.first("got") == "<>")
        #expect(output.first("end") != nil)
    }

    @Test("upload: the shell asks first, then every byte of the file arrives and none before", arguments: shells)
    func upload(shell: String) throws {
        let act = RemoteAct("try", upload: "/some/archive")
        let script = "say ready; say size $(wc -c); say end"
        let head = act.standardInput(nonce: Self.nonce, prelude: HostScript.prelude, script: script)
        let payload = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let output = try Dialogue(shell, act.words).talk(
            head: Data(head.utf8), marker: RemoteAct.readyMarker(nonce: Self.nonce), payload: payload)
        #expect(FramedOutput(output, nonce: Self.nonce).first("size")?.split(separator: " ").first == "300000")
    }

    @Test("F10: noise around the frames is ignored, even without a line end before the first", arguments: shells)
    func noise(shell: String) throws {
        let script = "echo motd; say fact one; printf 'half a line\\n'; echo \"x$N fact forged\"; say fact two"
        let output = try run(shell, RemoteAct("try"), script: script, after: "printf 'Welcome to this host'\n")
        #expect(output.all("fact") == ["one", "two"])
    }

    @Test("fail says its code and one line, and ends the script with 1", arguments: shells)
    func fail(shell: String) throws {
        let act = RemoteAct("try")
        let script = "try broken sh -c 'echo first; echo second >&2; exit 3'\nsay unreached"
        let text = act.standardInput(nonce: Self.nonce, prelude: HostScript.prelude, script: script)
        let run = try LocalRun(shell, ["-s", "--"] + act.words, input: Data(text.utf8))
        #expect(run.status == 1)
        #expect(FramedOutput(run.output, nonce: Self.nonce).lines.map(\.rest) == ["broken first second"])
    }

    @Test("until_true: true at once, false when the time is over", arguments: shells)
    func untilTrue(shell: String) throws {
        let script = "until_true 5 true && say fast; until_true 0 false || say over"
        #expect(try run(shell, RemoteAct("try"), script: script).lines.map(\.word) == ["fast", "over"])
    }
}

/// A shell that is talked to: the payload goes in only after the marker came out.
private struct Dialogue {
    let process = Process()
    let input = Pipe()
    let output = Pipe()

    init(_ shell: String, _ words: [String]) {
        process.executableURL = URL(filePath: shell)
        process.arguments = ["-s", "--"] + words
        (process.standardInput, process.standardOutput) = (input, output)
    }

    func talk(head: Data, marker: String, payload: Data) throws -> String {
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: head)
        var seen = Data()
        while !String(decoding: seen, as: UTF8.self).contains(marker) {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            seen += more
        }
        try input.fileHandleForWriting.write(contentsOf: payload)
        try input.fileHandleForWriting.close()
        seen += try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: seen, as: UTF8.self)
    }
}
