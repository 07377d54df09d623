// Each fault is really there: seen as a command in the host, or a peer outside, sees it; and gone once it is cleared.
// Few labs, many faults: a lab costs a second, a fault a tenth of it.
import Glibc
import Testing

@testable import Lab

extension LiveLab {
    @Suite struct Faults {
        @Test("what a host tells of itself: disk, lock, packages, sources, system, clock, identity (F13–F18, F25)")
        func state() async throws {
            try await withLab(2) { lab async throws in
                let story = FaultStory(lab: lab)
                try await story.disk()
                try await story.packages()
                try await story.clock()
                try await story.identity()
                #expect(lab.hosts().allSatisfy { $0.faults.isEmpty })
                #expect(
                    try await lab.said(1, "ls /var/lib/lab-faults /run/lab-faults")
                        == "/run/lab-faults:\n\n/var/lib/lab-faults:\nlibfaketimeMT.so.1")
            }
        }

        @Test("how a host lets in: host key, accounts, sshd's limits, shells, sudo (F01, F04, F06, F07, F10, F11)")
        func access() async throws {
            try await withLab(1) { lab async throws in
                let story = FaultStory(lab: lab)
                try await story.keys()
                try await story.limits()
                try await story.shells()
                try await story.sudo()
                #expect(lab.hosts()[0].faults == [])
            }
        }

        @Test(
            "what is in the way: ports, filters, swallowed packets, one-way partitions, commands that hang, frozen hosts (F19, F47)"
        )
        func network() async throws {
            try await withLab(3) { lab async throws in
                let story = FaultStory(lab: lab)
                try await story.ports()
                try await story.swallowed()
                try await story.partition()
                try await story.hanging()
                try await story.power()
            }
        }

        @Test("a host with an engine becomes member of another Swarm, and is in none again (F21)")
        func swarm() async throws {
            try await withLab(1, engine: true) { lab async throws in
                let state = "docker info -f '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}'"
                try await lab.addFault(.foreignSwarm, to: 1)
                #expect(try await lab.said(1, state) == "active true")
                try await lab.clearFault(.foreignSwarm, from: 1)
                #expect(try await lab.said(1, state) == "inactive false")
            }
        }
    }
}

/// The chapters of the live tests of faults.
private struct FaultStory {
    let lab: LabRegion

    /// What a command says and whether it ended well.
    private func tried(_ host: Int, _ command: String, user: String = "root") async throws -> (ok: Bool, text: String) {
        let result = try await lab.ssh(host, command, user: user, deadline: .seconds(20))
        return (result.status == 0, result.output + result.errors)
    }

    // MARK: - State

    func disk() async throws {
        let write = "head -c 20000000 /dev/zero >/root/big; code=$?; rm -f /root/big; exit $code"
        try await lab.addFault(.fullDisk, "4", to: 1)
        #expect(lab.hosts()[0].faults == ["full-disk 4"])
        #expect(try await tried(1, write).text.contains("No space left on device"))
        #expect(try await Int(lab.said(1, "df --output=avail -m / | tail -1 | tr -d ' '")) ?? 99 <= 4)
        try await lab.clearFault(.fullDisk, from: 1)
        #expect(try await tried(1, write).ok)
        try await lab.addFault(.fullInodes, "3", to: 1)
        #expect(try await tried(1, "cd /root && touch 1 2 3 4 5 6 7 8; rm -f /root/?").text.contains("No space left"))
        try await lab.clearFault(.fullInodes, from: 1)
        try await lab.addFault(.readOnly, to: 1)
        #expect(try await !tried(1, "test -w /etc").ok)
        try await lab.clearFault(.readOnly, from: 1)
        #expect(try await tried(1, "test -w /etc && touch /etc/x && rm /etc/x").ok)
    }

    func packages() async throws {
        let install = "apt-get update -qq && apt-get install -qq -y --no-install-recommends iputils-ping </dev/null"
        try await lab.addFault(.heldLock, to: 2)
        let held = try await tried(2, "apt-get install -qq -y iputils-ping 2>&1 </dev/null")
        #expect(held.text.contains("It is held by process") && held.text.contains("(unattended-upgr)"), "\(held.text)")
        try await lab.clearFault(.heldLock, from: 2)
        try await lab.addFault(.packageSource, "dead", to: 2)
        #expect(try await tried(2, install).text.contains("198.18.0.1:81"))
        try await lab.addFault(.packageSource, "none", to: 2)
        #expect(try await lab.said(2, "grep -c deb /etc/apt/sources.list || :") == "0")
        try await lab.clearFault(.packageSource, from: 2)
        try await lab.addFault(.halfConfigured, to: 2)
        #expect(try await lab.said(2, "dpkg-query -W -f '${db:Status-Status}' sudo; echo") == "half-configured")
        try await lab.clearFault(.halfConfigured, from: 2)
        #expect(try await lab.said(2, "dpkg --audit") == "")
        #expect(try await tried(2, install).ok)
    }

    func clock() async throws {
        for (value, user, command) in [("600", "root", "date +%s"), ("-600", "ops", "sudo date +%s")] {
            try await lab.addFault(.skewedClock, value, to: 1)
            let seen = try #require(Int(try await lab.said(1, command, user: user)))
            #expect(abs(seen - time(nil) - Int(value)!) < 10)
        }
        try await lab.clearFault(.skewedClock, from: 1)
        #expect(abs(try #require(Int(try await lab.said(1, "date +%s"))) - time(nil)) < 10)
    }

    func identity() async throws {
        let own = "hostname; cat /etc/machine-id"
        let before = (try await lab.said(1, own), try await lab.said(2, own))
        try await lab.addFault(.clone, "h1", to: 2)
        #expect(try await lab.said(2, own) == before.0)
        try await lab.clearFault(.clone, from: 2)
        #expect(try await lab.said(2, own) == before.1)
        try await lab.addFault(.os, to: 2)
        #expect(try await lab.said(2, ". /etc/os-release; echo $ID $ID_LIKE") == "plan9")
        try await lab.addFault(.os, "derived", to: 2)
        #expect(try await lab.said(2, ". /etc/os-release; echo $ID $ID_LIKE") == "labian ubuntu debian")
        try await lab.clearFaults(from: 2)
        #expect(try await lab.said(2, ". /etc/os-release; echo $ID") == "debian")
    }

    // MARK: - Access

    func keys() async throws {
        try await lab.addFault(.changedKey, to: 1)
        let changed = try await tried(1, "true")
        #expect(changed.text.contains("HOST IDENTIFICATION HAS CHANGED") && !changed.ok)
        try await lab.clearFault(.changedKey, from: 1)
        #expect(try await tried(1, "true").ok)
        try await lab.addFault(.lockedOut, to: 1)
        for user in ["root", "ops"] {
            #expect(try await tried(1, "true", user: user).text.contains("Permission denied"))
        }
        try await lab.clearFault(.lockedOut, from: 1)
        #expect(try await tried(1, "true").ok)
    }

    func limits() async throws {
        try await lab.addFault(.fewStartups, "2", to: 1)
        // Four that say nothing: two hold the starts, the others are closed, in newer versions with a word of why.
        let many = "for i in 1 2 3 4; do (exec 3<>/dev/tcp/198.18.1.2/22; head -c 4 <&3; sleep 2) & done; wait"
        let banners = { try await lab.run(["bash", "-c", many], deadline: .seconds(20)).output.count(of: "SSH-") }
        #expect(try await banners() == 2)
        try await lab.clearFault(.fewStartups, from: 1)
        #expect(try await banners() == 4)
        try await lab.addFault(.fewSessions, "0", to: 1)
        #expect(try await !tried(1, "true").ok)
        try await lab.clearFault(.fewSessions, from: 1)
        #expect(try await tried(1, "true").ok)
    }

    func shells() async throws {
        try await lab.addFault(.noisyShell, to: 1)
        let noisy = try await lab.ssh(1, "echo quiet")
        #expect(noisy.output.contains("Welcome to h1") && noisy.output.hasSuffix("\nquiet\n"))
        #expect(noisy.errors == "trouble ahead\n")
        try await lab.addFault(.noisyShell, "odd", to: 1)
        #expect(try await tried(1, "a=1; echo $a").text.contains("odd-shell: what is"))
        #expect(try await tried(1, "exec /bin/sh -c 'echo $0' fine").text == "fine\n")
        try await lab.clearFault(.noisyShell, from: 1)
        #expect(try await tried(1, "a=1; echo $a").text == "1\n")
    }

    func sudo() async throws {
        let sudo = { try await tried(1, "sudo -n true", user: "ops").text }
        try await lab.addFault(.sudo, to: 1)
        #expect(try await sudo().contains("a password is required"))
        #expect(try await tried(1, "echo lab | sudo -S -p '' id -u", user: "ops").text == "0\n")
        try await lab.addFault(.sudo, "denied", to: 1)
        #expect(try await tried(1, "echo lab | sudo -S -p '' id -u", user: "ops").text.contains("not in the sudoers"))
        try await lab.addFault(.sudo, "tty", to: 1)
        #expect(try await sudo().contains("you must have a tty"))
        try await lab.addFault(.sudo, "missing", to: 1)
        #expect(try await sudo().contains("sudo: command not found"))
        try await lab.clearFault(.sudo, from: 1)
        #expect(try await tried(1, "sudo -n true", user: "ops").ok)
    }

    // MARK: - In the way

    private func reaches(_ from: Int, _ to: Int, port: Int) async throws -> Bool {
        try await tried(from, "timeout 2 bash -c '</dev/tcp/\(lab.address(of: to))/\(port)'").ok
    }

    func ports() async throws {
        try await lab.addFault(.occupiedPort, "7946", to: 1)
        #expect(try await lab.said(1, "ss -Hlntu | grep -c ':7946 '") == "2")
        #expect(try await reaches(2, 1, port: 7946))
        try await lab.addFault(.filteredPort, "7946", to: 1)
        #expect(try await !reaches(2, 1, port: 7946))
        #expect(try await reaches(2, 1, port: 22))
        #expect(lab.hosts()[0].faults == ["occupied-port 7946", "filtered-port 7946"])
        try await lab.clearFaults(from: 1)
        #expect(try await lab.said(1, "ss -Hlntu | grep -c ':7946 ' || :") == "0")
    }

    private static let datagrams = "awk '/^Udp:/ && $2 ~ /[0-9]/ {print $2 + $3}' /proc/net/snmp"

    /// With its headers a datagram is 28 bytes longer.
    func swallowed() async throws {
        func arrives(_ bytes: Int, from: Int, at to: Int) async throws -> Bool {
            let before = try await lab.said(to, Self.datagrams)
            _ = try await lab.said(from, "head -c \(bytes - 28) /dev/zero >/dev/udp/\(lab.address(of: to))/9")
            return try await lab.said(to, Self.datagrams) != before
        }
        try await lab.addFault(.swallowedPackets, to: 1)
        for (from, to) in [(1, 2), (2, 1)] {
            #expect(try await arrives(1450, from: from, at: to))
            #expect(try await !arrives(1451, from: from, at: to))
        }
        #expect(try await arrives(1500, from: 2, at: 3))
        try await lab.clearFault(.swallowedPackets, from: 1)
        #expect(try await arrives(1500, from: 2, at: 1))
    }

    /// Pings cannot tell the ways apart, since each wants an answer; a datagram can.
    func partition() async throws {
        try await lab.addFault(.oneWay, "2", to: 1)
        for (from, to) in [(1, 2), (2, 1)] { #expect(try await !reaches(from, to, port: 22), "answers are lost, too") }
        #expect(try await reaches(1, 3, port: 22))
        let before = (try await lab.said(1, Self.datagrams), try await lab.said(2, Self.datagrams))
        _ = try await lab.said(1, "echo x >/dev/udp/198.18.1.3/9")
        _ = try await lab.said(2, "echo x >/dev/udp/198.18.1.2/9")
        #expect(try await lab.said(2, Self.datagrams) == before.1, "h1 to h2 is lost")
        #expect(try await lab.said(1, Self.datagrams) != before.0, "h2 to h1 arrives")
        try await lab.clearFault(.oneWay, from: 1)
        #expect(try await reaches(1, 2, port: 22))
    }

    func hanging() async throws {
        try await lab.addFault(.hangingCommand, "nproc", to: 1)
        #expect(try await lab.said(1, "timeout 1 nproc || echo $?") == "124")
        try await lab.clearFault(.hangingCommand, from: 1)
        #expect(try await Int(lab.said(1, "nproc")) != nil)
        try await lab.addFault(.frozen, to: 2)
        let banner = ["timeout", "1", "bash", "-c", "head -c 4 </dev/tcp/198.18.1.3/22"]
        let silent = try await lab.run(banner)
        #expect(silent.status == 124 && silent.output == "", "the kernel accepts, nobody speaks")
        try await lab.clearFault(.frozen, from: 2)
        #expect(try await lab.run(banner).output == "SSH-")
    }

    /// What a power cut takes with it, and what it does not.
    func power() async throws {
        try await lab.addFault(.heldLock, to: 3)
        try await lab.addFault(.os, to: 3)
        try await lab.kill(3)
        #expect(lab.hosts()[2].faults == ["os unknown"])
        let refused = await errorText { try await lab.clearFault(.os, from: 3) }
        #expect(refused.contains("host `h3`") && refused.contains("muster lab start 3"))
        try await lab.start(3)
        #expect(lab.hosts()[2].faults == ["os unknown"])
        try await lab.clearFaults(from: 3)
        #expect(try await lab.said(3, ". /etc/os-release; echo $ID") == "debian")
    }
}

extension String {
    fileprivate func count(of word: String) -> Int { ranges(of: word).count }
}
