// `muster hosts exec` and `muster hosts trust` as they are typed, against a real sshd that stands for many hosts.
import Foundation
import Glibc
import Testing

/// A manifest of hosts that one sshd stands for, and `muster` run on it.
struct ExecBench {
    let daemon: PrivateSSHD
    let manifest: String

    /// - Parameter unknown: hosts that known_hosts does not vouch for, by number from 1.
    init(
        _ daemon: PrivateSSHD, hosts: Int, unknown: Set<Int> = [], user: String? = nil, sudo: String = "none"
    ) throws {
        self.daemon = daemon
        let prefix = daemon.address.split(separator: ".").prefix(2).joined(separator: ".")
        let addresses = (1...hosts).map { "\(prefix).\($0 / 250).\($0 % 250 + 1)" }
        let key = try daemon.hostKey().line
        let known = (1...hosts).filter { !unknown.contains($0) }.map {
            "[\(addresses[$0 - 1])]:\(daemon.port) \(key)\n"
        }
        try known.joined().write(toFile: daemon.path("known_hosts"), atomically: true, encoding: .utf8)
        let rows = (1...hosts).map { host in
            "  - {name: h\(host), address: \(addresses[host - 1]), domain: \(host.isMultiple(of: 2) ? "b" : "a"), "
                + "cluster: control\(host == 1 ? ", role: manager, labels: {disk: nvme}" : ", role: worker")}"
        }
        manifest = daemon.path("region.yaml")
        let text = """
            muster: 1
            region: bench
            access:
              {user: \(user ?? daemon.user), port: \(daemon.port), keyFile: ./id_ed25519, knownHosts: ./known_hosts,
              sudo: \(sudo)}
            domains: [a, b]
            clusters: [{name: control, control: true, managers: 1}]
            hosts:
            \(rows.joined(separator: "\n"))

            """
        try text.write(toFile: manifest, atomically: true, encoding: .utf8)
    }

    /// Exit code, and both outputs as they came.
    ///
    /// - Parameters:
    ///   - verb: what comes before `words`.
    ///   - password: for sudo.
    func muster(
        in verb: [String] = ["hosts"], _ words: String..., password: String? = nil
    ) throws -> (code: Int32, text: String) {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ""
        let folder = (bundle.components(separatedBy: ".xctest")[0] as NSString).deletingLastPathComponent
        let file = daemon.path("out-\(UUID().uuidString)")
        let environment =
            ["PATH=/usr/bin:/bin", "HOME=\(daemon.folder)", "MUSTER_HOME=\(daemon.path("state"))"]
            + (password.map { ["MUSTER_SUDO_PASSWORD=\($0)"] } ?? [])
        let pid = try spawn([folder + "/muster"] + verb + words, environment: environment, output: file)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        return ((status >> 8) & 0xFF, try String(contentsOfFile: file, encoding: .utf8))
    }

    func lines(_ text: String) -> [[String: Any]] {
        text.split(separator: "\n").compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        }
    }
}

extension LiveSSHTests {
    @Suite(.serialized) struct HostsExecTests {
        @Test("words reach the command as they are; blocks with each host's output; exit 0")
        func words() async throws {
            try await withSSHD { daemon in
                let bench = try ExecBench(daemon, hosts: 3)
                let ended = try bench.muster(
                    "exec", "--all", bench.manifest, "--", "printf", "%s|", "a b", "$(id)", "'", "*", "-x")
                #expect(ended.code == 0, "\(ended.text)")
                for host in 1...3 { #expect(ended.text.contains("== h\(host): ok, ")) }
                #expect(ended.text.components(separatedBy: "\na b|$(id)|'|*|-x|\n").count == 4)
                #expect(ended.text.contains("3 hosts in "))
            }
        }

        @Test("one host that fails → exit 4 and its name; all → exit 1; a host that nothing vouches for is one of them")
        func failures() async throws {
            try await withSSHD { daemon in
                let bench = try ExecBench(daemon, hosts: 4, unknown: [4])
                let command = ["sh", "-c", "case $SSH_CONNECTION in *.3\\ *) exit 7;; esac; echo fine"]
                let some = try bench.muster("exec", "--all", bench.manifest, "--", command[0], command[1], command[2])
                #expect(some.code == 4 && some.text.contains("== h2: exit 7, "), "\(some.text)")
                #expect(some.text.contains("== h4: host key unknown") && some.text.contains("4 hosts in "))
                #expect(some.text.contains("`muster hosts trust h4 --fingerprint SHA256:…`"))
                let all = try bench.muster("exec", "--hosts", "h1,h2", bench.manifest, "--", "false")
                #expect(all.code == 1 && all.text.contains("0 ok, 2 failed"))
            }
        }

        @Test("a choice: by role, domain, label, pattern; none or a wrong one is refused before anything is asked")
        func selection() async throws {
            try await withSSHD { daemon in
                let bench = try ExecBench(daemon, hosts: 4)
                func hosts(_ words: String...) throws -> [String] {
                    let ended = try bench.muster("exec", words[0], words[1], "--json", bench.manifest, "--", "true")
                    return bench.lines(ended.text).compactMap { $0["host"] as? String }.sorted()
                }
                #expect(try hosts("--role", "worker") == ["h2", "h3", "h4"])
                #expect(try hosts("--domain", "a") == ["h1", "h3"])
                #expect(try hosts("--label", "disk=nvme") == ["h1"])
                #expect(try hosts("--hosts", "h?,x*,h2") == [])
                #expect(try hosts("--hosts", "h[2],h*") == [])
                #expect(try hosts("--hosts", "*1,h2") == ["h1", "h2"])
                let none = try bench.muster("exec", bench.manifest, "--", "true")
                #expect(none.code == 64 && none.text.contains("it is not said which hosts are meant"))
                #expect(try bench.muster("exec", "--all", bench.manifest).code == 64)
            }
        }

        @Test("a script and its arguments; lines one after the other on one session, until one fails")
        func scripts() async throws {
            try await withSSHD { daemon in
                let bench = try ExecBench(daemon, hosts: 2)
                try "echo \"$# $1\"; cat\n".write(toFile: daemon.path("s.sh"), atomically: true, encoding: .utf8)
                let script = try bench.muster(
                    "exec", "--all", "--script", daemon.path("s.sh"), bench.manifest, "--", "a b", "c")
                #expect(script.code == 0 && script.text.components(separatedBy: "2 a b").count == 3, "\(script.text)")
                try "# three\necho one\n\nfalse\necho three\n".write(
                    toFile: daemon.path("each"), atomically: true, encoding: .utf8)
                let each = try bench.muster("exec", "--hosts", "h1", "--each", daemon.path("each"), bench.manifest)
                #expect(each.code == 1 && each.text.contains("$ echo one\none\n$ false\n"), "\(each.text)")
                #expect(each.text.contains("== h1: `false`: exit 1, ") && !each.text.contains("three"))
            }
        }

        @Test("a megabyte of output keeps its beginning and its end; a hanging command ends at its deadline (F47, F48)")
        func bounds() async throws {
            try await withSSHD { daemon in
                let bench = try ExecBench(daemon, hosts: 1)
                let long = try bench.muster(
                    "exec", "--all", "--keep", "16", "--json", bench.manifest, "--", "seq", "1", "200000")
                let line = try #require(bench.lines(long.text).first)
                let output = try #require(line["stdout"] as? String)
                #expect(output.hasPrefix("1\n2\n") && output.hasSuffix("\n200000\n") && output.utf8.count < 20_000)
                #expect((line["bytesLeftOut"] as? Int ?? 0) > 1_000_000 && long.code == 0)
                let hanging = try bench.muster(
                    "exec", "--all", "--timeout", "1", bench.manifest, "--", "sh", "-c", "echo begun; sleep 5")
                #expect(hanging.code == 1 && hanging.text.contains("\nbegun\n"), "\(hanging.text)")
                #expect(hanging.text.contains("the command did not end before its deadline"))
            }
        }

        @Test("trust: refused unless the host presents exactly that key; then exec, and all else, reach it (F04)")
        func trust() async throws {
            try await withSSHD { daemon in
                let bench = try ExecBench(daemon, hosts: 2, unknown: [2])
                let right = try daemon.hostKey().fingerprint.description
                let wrong = "SHA256:" + String(repeating: "A", count: 43)
                let refused = try bench.muster("trust", "h2", "--fingerprint", wrong, bench.manifest)
                #expect(refused.code == 2 && refused.text.contains("it presents `\(right)`"), "\(refused.text)")
                #expect(try bench.muster("exec", "--all", bench.manifest, "--", "true").code == 4)
                let trusted = try bench.muster("trust", "h2", "--fingerprint", right, bench.manifest)
                #expect(trusted.code == 0 && trusted.text.contains("host `h2`: trusted"), "\(trusted.text)")
                let ended = try bench.muster("exec", "--all", bench.manifest, "--", "true")
                #expect(ended.code == 0, "\(ended.text)")
                #expect(try bench.muster("trust", "h9", "--fingerprint", right, bench.manifest).code == 64)
            }
        }
    }
}
