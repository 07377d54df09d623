// Where the password for sudo comes from: the environment, or somebody at a terminal; never the manifest, an argument
// or a file. It goes to the hosts on standard input and nowhere else (F11, F49).
import ArgumentParser
import FleetModel
import Foundation
import Glibc

/// The password of the account on the hosts.
enum SudoPassword {
    static let variable = "MUSTER_SUDO_PASSWORD"

    /// nil where the policy needs none, or where nobody may be asked and none was given.
    static func given(for policy: FleetPolicy, mayAsk: Bool = true) throws -> Secret? {
        guard policy.access.sudo == .password, policy.access.user != "root" else { return nil }
        if let text = ProcessInfo.processInfo.environment[variable], !text.isEmpty {
            // Programs that this one starts have no use for it.
            unsetenv(variable)
            return try checked(text)
        }
        guard mayAsk else { return nil }
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
            throw problem(policy, "`access.sudo` is `password`, and none was given")
        }
        Console.write("Password of `\(policy.access.user)` for sudo on the hosts: ", to: STDERR_FILENO)
        let text = try typedLine()
        guard !text.isEmpty else { throw problem(policy, "no password was typed") }
        return try checked(text)
    }

    private static func checked(_ text: String) throws(FleetProblem) -> Secret {
        guard !text.contains(where: \.isNewline), !text.utf8.contains(0) else {
            throw FleetProblem(
                .rejected, "odd-password", subject: variable, "holds a line end or a NUL byte, which sudo cannot read",
                hint: "give the password alone")
        }
        return Secret(text)
    }

    /// One line from the terminal, without echo. Keys are read one by one, Ctrl-C among them: a signal would end the
    /// process and leave the terminal mute.
    private static func typedLine() throws -> String {
        var before = termios()
        tcgetattr(STDIN_FILENO, &before)
        var quiet = before
        quiet.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            Console.write("\n", to: STDERR_FILENO)
        }
        var bytes: [UInt8] = []
        var key: UInt8 = 0
        while read(STDIN_FILENO, &key, 1) == 1 {
            switch key {
            case 3: throw ExitCode(130)
            case 4, 10, 13: return String(decoding: bytes, as: UTF8.self)
            case 8, 127: while let last = bytes.popLast(), last & 0xC0 == 0x80 {}  // a character, not a byte of it
            case 21: bytes = []
            case _: bytes.append(key)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func problem(_ policy: FleetPolicy, _ message: String) -> FleetProblem {
        FleetProblem(
            .rejected, "no-sudo-password", subject: "region `\(policy.region)`", message,
            hint: "set \(variable), or run the command on a terminal")
    }
}
