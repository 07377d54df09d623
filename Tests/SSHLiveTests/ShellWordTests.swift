// Quoting, against real shells: what is quoted must come back byte for byte (F43).
import SSHTransport
import Testing

@Suite struct ShellWordTests {
    @Test func `harmless words stay bare`() throws {
        #expect(try ShellWord.quoted("/etc/muster/made.json") == "/etc/muster/made.json")
    }
}
