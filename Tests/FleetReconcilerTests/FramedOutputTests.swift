// Muster's own lines among noise.
import FleetReconciler
import Testing

@Suite("Framed output") struct FramedOutputTests {
    private func words(_ text: String) -> [String] {
        FramedOutput(text, nonce: "N1").lines.map { "\($0.word)|\($0.rest)" }
    }

    @Test("only lines that begin with the nonce and a blank count")
    func frames() {
        #expect(
            words("motd\nN1 fact one two\n N1 indented\nxN1 fact\nN1fact\nN12 fact\nN1 end\n") == [
                "fact|one two", "end|",
            ])
    }

    @Test("F10: line ends of a terminal in the noise do not glue lines together")
    func carriageReturns() {
        #expect(words("motd\r\nN1 fact one\nmore\r\nN1 end\n") == ["fact|one", "end|"])
    }

    @Test("odd characters after the nonce stay where they are")
    func combining() {
        #expect(words("N1 fact \u{301}accent\nN1 fact e\u{301}\n") == ["fact|\u{301}accent", "fact|e\u{301}"])
    }

    @Test("blanks in the rest are kept, a rest may be missing, no text gives no lines")
    func blanks() {
        #expect(words("N1 a  b  c \nN1 d\nN1 \n") == ["a| b  c ", "d|", "|"])
        #expect(words("") == [])
    }

    @Test("first and all, in order")
    func reading() {
        let output = FramedOutput("N1 a 1\nN1 b 2\nN1 a 3\n", nonce: "N1")
        #expect(output.first("a") == "1")
        #expect(output.all("a") == ["1", "3"])
        #expect(output.first("c") == nil)
        #expect(output == FramedOutput("noise\nN1 a 1\nN1 b 2\nN1 a 3\n", nonce: "N1"))
    }
}
