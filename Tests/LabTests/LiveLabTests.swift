// The lab as a whole: growing, side by side, reached from outside, and gone without a trace.
import Glibc
import Testing

@testable import Lab

extension LiveLab {
    @Suite struct Whole {
        @Test("up again leaves running hosts alone, starts those that are off and adds the missing")
        func grow() async throws {
            try await withLab(2) { lab async throws in
                let first = try lab.host(1).pid
                try await lab.kill(2)
                try await lab.up(count: 4)
                #expect(lab.hosts().map(\.name) == ["h1", "h2", "h3", "h4"])
                #expect(lab.hosts().allSatisfy { $0.state == .up })
                #expect(try lab.host(1).pid == first)
                #expect(Files.text(lab.knownHostsPath)?.split(separator: "\n").count == 4)
                #expect(Files.text(lab.environmentPath)?.contains("export MUSTER_KEY=\(lab.clientKeyPath)\n") == true)
            }
        }

        @Test("a program of this machine reaches the hosts and the repository, with its own folder and status")
        func run() async throws {
            try await withLab(1) { lab async throws in
                let release = try await lab.run(["curl", "-sf", "http://198.18.0.1/Release"])
                #expect(release.output.contains("SHA256:"))
                #expect(try await lab.run(["sh", "-c", "cat; exit 7"], input: Array("in".utf8)).status == 7)
                #expect(try await lab.run(["ls", "/proc/self/exe"]).status == 0)
            }
        }

        @Test("a relay carries real bytes both ways, whole, and from 127.0.0.1 only")
        func relay() async throws {
            try await withLab(1) { lab async throws in
                let relay = try lab.forward(to: "198.18.0.1:80")
                let url = "http://127.0.0.1:\(relay.port)/Packages"
                let direct = try await lab.run(["curl", "-sf", "http://198.18.0.1/Packages"]).stdout
                let relayed = try await Subprocess(arguments: ["curl", "-sf", url], deadline: .seconds(20)).run().stdout
                #expect(direct.count > 10_000)
                #expect(relayed == direct)
                let listening = try await Subprocess(arguments: ["ss", "-Hltn"], deadline: .seconds(20)).run().output
                let lines = listening.split(separator: "\n").filter { $0.contains(":\(relay.port) ") }
                #expect(lines.count == 1 && lines[0].contains("127.0.0.1:\(relay.port)"))
                relay.stop()
                await relay.finished()
                #expect(
                    try await Subprocess(arguments: ["curl", "-sf", url], deadline: .seconds(20)).run().status == 7)
            }
        }

        @Test("a relay speaks ssh to a host, its key verified under the host's own address")
        func relayedShell() async throws {
            try await withLab(1) { lab async throws in
                let relay = try lab.forward(to: "198.18.1.2:22")
                let options = ["-p", "\(relay.port)", "-o", "HostName=127.0.0.1", "-o", "HostKeyAlias=198.18.1.2"]
                let command = lab.sshCommand(1) + options + ["wc -c"]
                let input = [UInt8](repeating: 0x61, count: 3_000_000)
                let result = try await Subprocess(arguments: command, input: input, deadline: .seconds(30)).run()
                #expect(result.output == "3000000\n", "\(result.errors)")
            }
        }

        @Test("two labs side by side have the same addresses and nothing else in common")
        func sideBySide() async throws {
            try await withLab(2) { first async throws in
                try await withLab(1, flavour: .systemd) { second async throws in
                    #expect(first.name != second.name)
                    #expect(first.address(of: 1) == second.address(of: 1))
                    #expect(try await first.said(1, "cat /proc/1/comm") == "init")
                    #expect(try await second.said(1, "cat /proc/1/comm") == "systemd")
                    #expect(try await second.ssh(2, "true").status == 255)
                }
                #expect(try await first.said(2, "hostname") == "h2")
            }
        }

        @Test("a second folder cannot take the name of a lab that is there")
        func takenName() async throws {
            try await withLab(1) { lab async throws in
                let other = try LabRegion(state: "\(lab.state)-other", name: lab.name)
                let text = await errorText { try await other.up(count: 1) }
                #expect(text.contains("its name belongs to the lab in `\(lab.state)`"))
                #expect(!Files.exists(other.state))
            }
        }
    }
}
