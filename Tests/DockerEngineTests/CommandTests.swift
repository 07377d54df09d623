// The docker commands, word by word: what goldens do not pin, nobody reviewed.
import DockerEngine
import FleetModel
import GoldenFiles
import Testing

@Suite("Docker commands") struct CommandTests {
    private static let desired = DesiredControlPlane(
        cluster: "control", home: "h1", image: "muster:0123456789ab", port: 8443, allowFrom: ["198.18.0.0/16"])

    private static let service = ControlPlaneService(
        region: "eu1", desired: desired, home: "node1", addresses: ["198.18.1.1", "198.18.1.2"],
        regionKey: "ssh-ed25519 AAAAregion", handOffDigest: "d19e57", epoch: 3)

    @Test("every rendered command, one word a line where it is long")
    func golden() throws {
        let commands: [(String, DockerCommand)] = [
            ("init", .initSwarm(address: "198.18.1.1", addressPool: "10.201.0.0/16", subnetBits: 24)),
            ("label", .labelNode("node1", set: ["b": "2", "a": "1", "c": ""], remove: ["z", "y"])),
            ("label nothing", .labelNode("node1", set: [:], remove: [])),
            ("promote", .promote("node1")), ("demote", .demote("node1")), ("drain", .drain("node1")),
            ("activate", .activate("node1")), ("remove", .remove("node1")),
            ("service", Self.service.createCommand),
        ]
        let text = commands.map { name, command in
            let words = command.words.map { $0.isEmpty || $0.contains(" ") ? "'\($0)'" : $0 }
            return "\(name):\n  " + lines(words).joined(separator: "\n  ") + "\n"
        }
        try Golden.expect(text.joined(separator: "\n"), "commands")
    }

    @Test("F43: hostile values stay one word each and inside it")
    func hostile() {
        let value = "x' ; rm -rf / $(id) `id` \" \n"
        let words = DockerCommand.labelNode("node1", set: ["k": value], remove: []).words
        #expect(words == ["docker", "node", "update", "--label-add", "k=" + value, "node1"])
    }

    @Test("the service may do little: no root, no capability, nothing writable but its volume and /tmp")
    func confinement() throws {
        let words = Self.service.createCommand.words
        for (option, value) in [
            ("--user", "65532:65532"), ("--cap-drop", "ALL"), ("--replicas", "1"), ("--endpoint-mode", "dnsrr"),
        ] {
            let index = try #require(words.firstIndex(of: option))
            #expect(words[index + 1] == value)
        }
        #expect(words.contains("--read-only") && words.contains("stop-first"))
        #expect(words.contains { $0.hasPrefix("mode=host,") })
        #expect(!words.contains { $0.contains("docker.sock") || $0.contains("privileged") })
        #expect(
            words.filter { $0.hasPrefix("source=muster-eu1-") }.allSatisfy {
                $0.hasSuffix("uid=65532,gid=65532,mode=0400")
            })
    }

    @Test("every kind of secret is mounted once, under its region's name")
    func secrets() {
        let mounted = Self.service.createCommand.words.filter { $0.hasPrefix("source=") }
        #expect(mounted.count == ControlPlaneService.SecretKind.allCases.count)
        #expect(ControlPlaneService.secretName(.regionKey, region: "eu1") == "muster-eu1-region-key")
        #expect(ControlPlaneService.name(of: "eu1") == "muster-eu1" && Self.service.volume == "muster-eu1")
    }

    /// An option and its value a line.
    private func lines(_ words: [String]) -> [String] {
        words.reduce(into: []) { lines, word in
            if lines.isEmpty || word.hasPrefix("--") {
                lines.append(word)
            } else {
                lines[lines.count - 1] += " " + word
            }
        }
    }
}
