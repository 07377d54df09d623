// What a host of the lab is: bare Debian with an sshd, its own keys and disk, and nothing of ours.
import Testing

@testable import Lab

extension LiveLab {
    @Suite struct Hosts {
        @Test("three plain hosts answer over ssh with their host keys verified, each its own machine")
        func plain() async throws {
            try await withLab(3) { lab async throws in
                var identities: Set<String> = []
                for host in 1...3 {
                    #expect(try await lab.said(host, "hostname") == "h\(host)")
                    #expect(try await lab.said(host, "cat /proc/1/comm") == "init")
                    identities.insert(try await lab.said(host, "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub"))
                }
                #expect(identities.count == 3)
                #expect(lab.hosts().map(\.state) == [.up, .up, .up])
            }
        }

        @Test("a bare host has sshd, sudo and a package source, and no engine, no way out, no trace of this machine")
        func bare() async throws {
            try await withLab(1) { lab async throws in
                #expect(try await lab.ssh(1, "command -v docker dockerd containerd").status != 0)
                #expect(try await lab.said(1, "ls /etc/docker 2>&1 | head -1").contains("No such file"))
                #expect(try await lab.said(1, "cat /etc/apt/sources.list").contains("http://198.18.0.1/"))
                #expect(try await lab.ssh(1, "timeout 2 bash -c '</dev/tcp/192.0.2.1/80'").status != 0)
                #expect(try await !lab.said(1, "cat /proc/mounts").contains("/.old"))
                #expect(try await lab.said(1, "ls /proc | grep -c '^[0-9]'").count < 3)
                #expect(try await lab.said(1, "ip route").contains("default via 198.18.0.1"))
            }
        }

        @Test("the account ops becomes root by sudo without a password")
        func sudo() async throws {
            try await withLab(1) { lab async throws in
                #expect(try await lab.said(1, "id -un; sudo -n id -un", user: "ops") == "ops\nroot")
            }
        }

        @Test("a host key that is not the known one is refused")
        func wrongKey() async throws {
            try await withLab(2) { lab async throws in
                let known = try #require(Files.text(lab.knownHostsPath))
                let lines = known.split(separator: "\n").map { $0.split(separator: " ") }
                let swapped = "\(lines[0][0]) ssh-ed25519 \(lines[1][2])\n"
                try Files.write(lab.knownHostsPath, Array(swapped.utf8))
                let result = try await lab.ssh(1, "true")
                #expect(result.status == 255)
                #expect(result.errors.contains("Host key verification failed"))
            }
        }

        @Test("the engine installs from the repository inside, and starts by Debian's own script")
        func install() async throws {
            try await withLab(1) { lab async throws in
                let script = """
                    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
                    --no-install-recommends docker.io iptables curl && /etc/init.d/docker start
                    """
                let result = try await lab.ssh(1, script, deadline: .seconds(180))
                #expect(result.status == 0, "\(result.errors)")
                #expect(await engineAnswers(lab, 1))
            }
        }

        @Test("hosts with the engine come up with it running, on overlay2, each with an identity of its own")
        func engine() async throws {
            try await withLab(2, engine: true) { lab async throws in
                var identities: Set<String> = []
                for host in 1...2 {
                    #expect(await engineAnswers(lab, host))
                    identities.insert(try await lab.said(host, "docker info -f '{{.ID}}'"))
                }
                #expect(identities.count == 2)
                #expect(lab.hosts().map(\.hasEngine) == [true, true])
            }
        }

        @Test("a systemd host comes up running, with no failed unit, and reboots")
        func systemd() async throws {
            try await withLab(1, flavour: .systemd, engine: true) { lab async throws in
                #expect(try await isRunning(lab))
                #expect(try await lab.said(1, "systemctl --failed --no-legend") == "")
                #expect(try await lab.said(1, "systemctl is-active ssh docker") == "active\nactive")
                let before = try lab.host(1).pid
                _ = try await lab.ssh(1, "systemctl reboot")
                try await lab.waitForReboot(1, since: before)
                #expect(try await isRunning(lab))
            }
        }

        private func isRunning(_ lab: LabRegion) async throws -> Bool {
            try await eventually(within: .seconds(60)) {
                try await lab.ssh(1, "systemctl is-system-running").output == "running\n"
            }
        }

        private func engineAnswers(_ lab: LabRegion, _ host: Int) async -> Bool {
            await eventually(within: .seconds(30)) {
                (try? await lab.ssh(host, "docker info -f '{{.Driver}}'"))?.output == "overlay2\n"
            }
        }
    }
}
