// What can be done to a host: power, cable, reboot; and what stays of it.
import Glibc
import Testing

@testable import Lab

extension LiveLab {
    @Suite struct Power {
        @Test("a power cut silences the host, spares the others, and its disk is there when power is back")
        func powerCut() async throws {
            try await withLab(2) { lab async throws in
                _ = try await lab.said(2, "echo kept >/root/kept; touch /run/lost")
                let neighbour = try lab.host(1).pid
                try await lab.kill(2)
                #expect(try lab.host(2).state == .off)
                #expect(try lab.host(2).pid == nil)
                let probe = try await lab.run(["timeout", "1", "bash", "-c", "</dev/tcp/198.18.1.3/22"])
                #expect(probe.status == 124, "silence, not refusal: \(probe.errors)")
                try await lab.start(2)
                #expect(try await lab.said(2, "cat /root/kept; ls /run/lost 2>/dev/null || echo gone") == "kept\ngone")
                #expect(try lab.host(1).pid == neighbour)
            }
        }

        @Test("killing a host that is off, or starting one that runs, changes nothing")
        func idempotent() async throws {
            try await withLab(1) { lab async throws in
                let pid = try lab.host(1).pid
                try await lab.start(1)
                #expect(try lab.host(1).pid == pid)
                try await lab.kill(1)
                try await lab.kill(1)
                #expect(try lab.host(1).state == .off)
            }
        }

        @Test("a cut host runs on unreachable, also over a power cut, until it is healed")
        func cut() async throws {
            try await withLab(2) { lab async throws in
                let pid = try lab.host(1).pid
                try await lab.cut(1)
                #expect(try lab.host(1).state == .cut)
                #expect(try lab.host(1).pid == pid)
                #expect(try await lab.run(["timeout", "1", "bash", "-c", "</dev/tcp/198.18.1.2/22"]).status != 0)
                try await lab.kill(1)
                try await lab.start(1)
                #expect(await eventually { lab.hosts()[0].state == .cut })
                try await lab.heal(1)
                try await lab.waitForHosts([1])
                #expect(try await lab.said(1, "ip route").contains("default via 198.18.0.1"))
            }
        }

        @Test("reboot over ssh boots the host again, with its disk and a fresh network")
        func reboot() async throws {
            try await withLab(1) { lab async throws in
                _ = try await lab.said(1, "echo kept >/root/kept; ip link add leftover type bridge")
                let before = try lab.host(1).pid
                _ = try await lab.ssh(1, "reboot")
                try await lab.waitForReboot(1, since: before)
                let seen = try await lab.said(1, "cat /root/kept; ip link show leftover 2>&1 || :")
                #expect(seen.hasPrefix("kept\n") && seen.contains("does not exist"))
            }
        }

        @Test("poweroff over ssh turns the host off, and `up` starts it again")
        func powerOff() async throws {
            try await withLab(1) { lab async throws in
                _ = try await lab.ssh(1, "poweroff")
                #expect(await eventually(within: .seconds(30)) { lab.hosts()[0].state == .off })
                try await lab.up(count: 1)
                #expect(try lab.host(1).state == .up)
            }
        }

        @Test("a host that cannot boot is named with its log, and the others are up")
        func brokenHost() async throws {
            try await withLab(2) { lab async throws in
                try await lab.kill(2)
                try Files.write("\(lab.disk(of: 2))/layers", Array("/nowhere\n".utf8))
                let text = await errorText { try await lab.start(2) }
                #expect(text.contains("did not come up: `h2` (its init ended with status"))
                #expect(text.contains("log `\(lab.disk(of: 2))/boot.log`"))
                #expect(try await lab.said(1, "hostname") == "h1")
            }
        }
    }
}
