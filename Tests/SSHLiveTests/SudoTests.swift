// F11, F49: `access.sudo: password` against a real sshd, a real sudo and a real account without rights of its own, made
// for the test and removed after it.
import Foundation
import Glibc
import Testing

/// An account that has to give its password to sudo, and sudo's own log of how it went.
final class SudoAccount {
    static let password = "correct horse's \"staple\" $(id)"
    let name = "msshu\(getpid())"
    let log: String
    private let rules: String

    /// - Parameter rule: what sudoers says of it; nil: nothing.
    init(_ daemon: PrivateSSHD, rule: String? = "ALL=(ALL) PASSWD: ALL") throws {
        log = daemon.path("sudo.log")
        rules = "/etc/sudoers.d/\(name)"
        try Self.sweep()
        try tool("/usr/sbin/useradd", ["-M", "-d", "/", "-s", "/bin/sh", "-p", Self.crypted(), name])
        let lines = ["Defaults:\(name) logfile=\(log), !syslog"] + (rule.map { ["\(name) \($0)"] } ?? [])
        try lines.map { $0 + "\n" }.joined().write(toFile: rules, atomically: true, encoding: .utf8)
        chmod(rules, 0o440)
        chmod(daemon.folder, 0o755)
    }

    /// What test runs that were killed have left.
    private static func sweep() throws {
        let accounts = try String(contentsOfFile: "/etc/passwd", encoding: .utf8).split(separator: "\n")
        for name in accounts.map({ String($0.prefix { $0 != ":" }) }) where name.hasPrefix("msshu") {
            guard let pid = Int32(name.dropFirst(5)), kill(pid, 0) != 0, errno == ESRCH else { continue }
            remove(name)
        }
    }

    private static func crypted() throws -> String {
        let file = "/tmp/mssh-password-\(getpid())"
        defer { unlink(file) }
        try password.write(toFile: file, atomically: true, encoding: .utf8)
        return try tool("/usr/bin/perl", ["-e", "open(F, shift); print crypt(<F>, q($6$muster$))", file])
    }

    private static func remove(_ name: String) {
        unlink("/etc/sudoers.d/\(name)")
        _ = try? tool("/usr/sbin/userdel", ["-f", name])
    }

    func remove() { Self.remove(name) }

    /// How often sudo was given a wrong password.
    var refusals: Int {
        ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").ranges(of: "incorrect password attempt").count
    }
}

extension LiveSSHTests {
    @Suite(
        .serialized,
        .enabled(if: LiveSSH.isRequired || access("/usr/bin/sudo", X_OK) == 0, "`/usr/bin/sudo` is missing"))
    struct SudoTests {
        private func withBench(
            rule: String? = "ALL=(ALL) PASSWD: ALL", _ body: (ExecBench, SudoAccount) throws -> Void
        ) async throws {
            try await withSSHD { daemon in
                let account = try SudoAccount(daemon, rule: rule)
                defer { account.remove() }
                try body(try ExecBench(daemon, hosts: 1, user: account.name, sudo: "password"), account)
            }
        }

        private func codes(_ text: String) -> Set<String> {
            Set(text.matches(of: /"code" ?: ?"([a-z-]+)"/).map { String($0.1) })
        }

        @Test("F11, F49: asked, given, root: probe, words, script and lines; the password is nowhere to be seen")
        func given() async throws {
            try await withBench { bench, account in
                let check = try bench.muster(in: [], "check", bench.manifest, "--json", password: SudoAccount.password)
                #expect(!codes(check.text).contains { $0.contains("sudo") || $0.contains("root") }, "\(check.text)")
                #expect(check.text.contains(/"privilege" ?: ?"sudo"/), "\(check.text)")
                let words = try bench.muster(
                    "exec", "--all", "--sudo", bench.manifest, "--", "id", "-un",
                    password: SudoAccount.password)
                #expect(words.code == 0 && words.text.contains("\nroot\n"), "\(words.text)")
                try "echo \"$1 $(id -u)\"; cat\n".write(
                    toFile: bench.daemon.path("s.sh"), atomically: true, encoding: .utf8)
                let script = try bench.muster(
                    "exec", "--all", "--sudo", "--script", bench.daemon.path("s.sh"), bench.manifest, "--", "a b",
                    password: SudoAccount.password)
                #expect(script.code == 0 && script.text.contains("\na b 0\n"), "\(script.text)")
                for text in [check.text, words.text, script.text, bench.daemon.log] {
                    #expect(!text.contains("horse") && !text.contains(" password \n"))
                }
                #expect(account.refusals == 0)
                let log = try String(contentsOfFile: account.log, encoding: .utf8)
                #expect(log.contains("COMMAND=/bin/sh") && !log.contains("horse"))
            }
        }

        @Test(
            "F11: a wrong one is given once, and told apart from one that is missing and from an account without rights"
        )
        func wrong() async throws {
            try await withBench { bench, account in
                let wrong = try bench.muster(in: [], "check", bench.manifest, "--json", password: "a guess")
                #expect(codes(wrong.text).contains("sudo-password-wrong"), "\(wrong.text)")
                #expect(account.refusals == 1 && !wrong.text.contains("a guess"))
                let run = try bench.muster(
                    "exec", "--all", "--sudo", bench.manifest, "--", "id", "-un", password: "a guess")
                #expect(run.code == 1 && run.text.contains("1 incorrect password attempt"), "\(run.text)")
                #expect(account.refusals == 2 && !run.text.contains("\nroot\n"))
                let none = try bench.muster(in: [], "check", bench.manifest)
                #expect(none.code == 64 && none.text.contains("set MUSTER_SUDO_PASSWORD"), "\(none.text)")
            }
            try await withBench(rule: nil) { bench, _ in
                let denied = try bench.muster(in: [], "check", bench.manifest, "--json", password: SudoAccount.password)
                #expect(codes(denied.text).contains("not-in-sudoers"), "\(denied.text)")
            }
        }

        @Test("F11: a sudo that does not ask is not told the password")
        func notAsked() async throws {
            try await withBench(rule: "ALL=(ALL) NOPASSWD: ALL") { bench, _ in
                let run = try bench.muster(
                    "exec", "--all", "--sudo", bench.manifest, "--", "sh", "-c", "id -un; cat",
                    password: SudoAccount.password)
                #expect(run.code == 0 && run.text.contains("\nroot\n") && !run.text.contains("horse"), "\(run.text)")
            }
        }

        @Test(
            "F49: while a command of root runs, no process has the password among its arguments or in its environment")
        func processes() async throws {
            try await withBench { bench, _ in
                let look = """
                    for p in /proc/[0-9]*; do
                      case $(readlink $p/exe) in */muster) ;; *) tr '\\0' ' ' <$p/environ ;; esac |
                        grep -o 'correct hors[e]'
                      tr '\\0' ' ' <$p/cmdline | grep -o 'correct hors[e]'
                    done 2>/dev/null; echo looked
                    """
                let run = try bench.muster(
                    "exec", "--all", "--sudo", bench.manifest, "--", "sh", "-c", look, password: SudoAccount.password)
                #expect(run.text.contains("\nlooked\n") && !run.text.contains("correct horse\n"), "\(run.text)")
            }
        }
    }
}
