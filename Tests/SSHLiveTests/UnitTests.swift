// The pure parts, without a network: known_hosts, fingerprints, and the words of the errors.
import GoldenFiles
import SSHTransport
import Testing

@Suite struct ErrorTextTests {
    @Test func `every error is one line: subject, what happened, what to do next`() throws {
        let print = try #require(SSHFingerprint("SHA256:" + String(repeating: "A", count: 43)))
        let codes: [SSHError.Code] = [
            .nameNotResolved(reason: "x"), .refused, .unreachable(reason: "x"), .timedOut(.resolution),
            .timedOut(.connection), .timedOut(.handshake), .timedOut(.authentication), .timedOut(.command),
            .resetBeforeBanner, .handshakeFailed(reason: "x"), .noCommonAlgorithm,
            .hostKeyChanged(expected: [print], offered: print),
            .hostKeyUnknown(offered: print), .hostKeyRevoked(offered: print),
            .authenticationRefused(user: "u", tried: "x", offered: []), .keyUnreadable(reason: "x"), .keyEncrypted,
            .keyUnsupported(type: "ssh-rsa"), .keyUnsupported(type: "y"), .agentUnavailable(reason: "x"),
            .knownHostsUnreadable(reason: "x"), .channelRefused(reason: "x"), .connectionLost(inMidCommand: true),
            .connectionLost(inMidCommand: false), .outputLimitExceeded(limit: 1), .sourceUnreadable(reason: "x"),
            .uploadFailed(reason: "x"), .cancelled, .shutDown, .exhausted(reason: "x"),
            .forwardingRefused(reason: "x"), .bastion(.refused),
        ]
        var page = ""
        for code in codes {
            let text = SSHError(subject: "host `h`", code).description
            #expect(text.hasPrefix("host `h`: ") && text.contains("; "), "\(text)")
            #expect(!text.contains("\n") && text.count > 30, "\(text)")
            page += "[\(word(code))] \(text)\n"
        }
        try Golden.expect(page, "ssh-errors")
    }

    /// `reset-before-banner` for `.resetBeforeBanner`, `timed-out-handshake` for `.timedOut(.handshake)`.
    private func word(_ code: SSHError.Code) -> String {
        if case .timedOut(let stage) = code { return "timed-out-\(stage.rawValue)" }
        let name = "\(code)".prefix { $0 != "(" }
        if name == "refused" { return "connection-refused" }
        if name == "bastion" { return "bastion-unreachable" }
        return name.map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined()
    }

    @Test(arguments: ["", "SHA256:", "SHA256:short", "MD5:aa:bb", "SHA256:" + String(repeating: "*", count: 43)])
    func `what is no fingerprint is not taken for one`(text: String) {
        #expect(SSHFingerprint(text) == nil)
    }

    @Test func `a fingerprint reads with and without padding and prints without`() throws {
        let bare = "SHA256:" + String(repeating: "A", count: 43)
        #expect(SSHFingerprint(bare) == SSHFingerprint(bare + "="))
        #expect(SSHFingerprint(bare)?.description == bare)
    }

    @Test func `odd lines of known_hosts are noted and skipped, each with its number`() {
        let contents = """
            # a comment

            host
            host ssh-ed25519 !!!
            host ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJ1p6d9Rz6p3n7Q3m3vJq0m0m0m0m0m0m0m0m0m0m0m0
            @cert-authority * ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1p6d9Rz6p3n7Q3m3vJq0m0m0m0m0m0m0m0m0m0m0m0
            |1|bad ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1p6d9Rz6p3n7Q3m3vJq0m0m0m0m0m0m0m0m0m0m0m0
            """
        let notes = SSHKnownHosts(contents: contents, name: "kh").notes
        #expect(notes.map { $0.prefix(5) } == ["kh:3:", "kh:4:", "kh:5:", "kh:6:", "kh:7:"], "\(notes)")
    }
}
