// The scan for secrets finds what it is there to find; needs no lab.
import Foundation
import Testing

@Suite struct EvidenceTests {
    @Test("a key in an output, its base64 and a join token are found; a public half and silence are not")
    func finds() async throws {
        let folder = try Scratch.make()
        defer { Scratch.remove(folder) }
        let (token, open) = ("Zm9yIHRoZSB0ZXN0IG9ubHkgYW5kIG5vdGhpbmcgZWxzZQ", "cHVibGljIGhhbGYgb2YgdGhlIHBhaXI")
        try token.write(toFile: "\(folder)/admin.token", atomically: true, encoding: .utf8)
        try "\(token.reversed())\n\(open)".write(toFile: "\(folder)/sealing.key", atomically: true, encoding: .utf8)
        let evidence = Evidence()
        let watch = Task { await evidence.watch(folder) }
        defer { watch.cancel() }
        #expect(await eventually(within: .seconds(20)) { evidence.keyNames.count == 2 })
        evidence.add("quiet", Array("all is well, \(open)".utf8))
        #expect(evidence.leaks() == [])
        evidence.add("loud", Array("token: \(token)".utf8))
        evidence.add("coded", Array(Data("\(token)".utf8).base64EncodedString().utf8))
        evidence.add("joined", Array("docker swarm join --token SWMTKN-1-abc".utf8))
        #expect(
            Set(evidence.leaks())
                == ["`admin.token` in loud", "`admin.token` in coded", "`a join token` in joined"])
    }
}
