// Quoting, against real shells: what is quoted must come back byte for byte (F43).
import Foundation
import SSHTransport
import Testing

@Suite struct ShellWordTests {
    private static let hostile = [
        "", " ", "'", "''", "a'b'c", "\"", "\\", "\\'", "$(reboot)", "`reboot`", "${HOME}", "$0", "!!", "!history", "*",
        "?",
        "[a-z]", "{a,b}", "~", "~root", "a=b", "=x", "-n", "--", "#x", ";", "&", "|", "<", ">", "(", ")", "\n",
        "a\nb\n",
        "\t", "\r", "é", "日本", "\u{202E}", "a b  c", "%s%n", "\u{1B}[31m", "-e", "@x", "a,b", "x:y", "a+b",
    ]

    @Test(arguments: ["/bin/sh", "/bin/bash"])
    func `hostile strings come back from a real shell as they went in (F43)`(shell: String) throws {
        let line = try ShellWord.line(Self.hostile)
        let script = "for w in \(line); do printf '%s\\001' \"$w\"; done"
        let output = try tool(shell, ["-c", script])
        let words = output.split(separator: "\u{1}", omittingEmptySubsequences: false).dropLast().map(String.init)
        #expect(words == Self.hostile)
    }

    @Test(arguments: ["/bin/sh", "/bin/bash"])
    func `a quoted first word is a command's name and never an assignment`(shell: String) throws {
        #expect(throws: ToolFailure.self) { try tool(shell, ["-c", try ShellWord.line(["PATH=/nowhere", "true"])]) }
    }

    @Test func `harmless words stay bare`() throws {
        #expect(try ShellWord.quoted("/etc/muster/made.json") == "/etc/muster/made.json")
        #expect(try ShellWord.quoted("it's") == "'it'\\''s'")
    }

    @Test func `a NUL is refused`() {
        #expect(throws: ShellWord.ContainsNUL()) { try ShellWord.quoted("a\0b") }
    }
}
