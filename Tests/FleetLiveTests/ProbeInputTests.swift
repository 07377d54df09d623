// What goes to a host packed is what comes out there.
import FleetModel
import Foundation
import Testing

@testable import FleetLive

@Suite("Probe input") struct ProbeInputTests {
    @Test(
        "a host's own shell and gzip unpack it and run it, with its words whole; it is a third as long",
        .timeLimit(.minutes(1)))
    func roundTrip() throws {
        let script =
            String(repeating: "# what a probe says, again and again\n", count: 200) + "printf '<%s>' \"$@\"; exit 3\n"
        let packed = ProbeInput().packed(script)
        #expect(packed.count * 3 < script.utf8.count)
        let (process, input, output) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(filePath: ProbeInput.command[0])
        process.arguments = Array(ProbeInput.command.dropFirst()) + ["one", "a b; $HOME 'c'", ""]
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(packed))
        try input.fileHandleForWriting.close()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(ProbeInput.command.allSatisfy { !$0.contains("'") })
        #expect(text == "<one><a b; $HOME 'c'><>\n" && process.terminationStatus == 3)
    }

    @Test("the same text is packed once, another one anew, and none is nothing")
    func memory() {
        let input = ProbeInput()
        #expect(input.packed("a") == input.packed("a") && input.packed("a") != input.packed("b"))
        #expect(!input.packed("").isEmpty)
    }
}
