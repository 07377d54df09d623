// How a command becomes root's: directly, by a sudo that asks for nothing, or by one that wants the account's password.
// The password goes in on standard input, once, after sudo has asked for it by this run's own prompt; what the command
// itself reads goes in only after a shell of root has said that it is there. So neither is taken for the other (F11).
package import FleetModel
import SSHTransport

/// The way to root on the hosts of one region.
package struct Elevation: Sendable {
    private enum Way { case direct, passwordless, password }

    private let way: Way
    private let nonce: String
    private let password: Secret?

    /// A shorter one is too likely to be a part of ordinary words to be blotted out of a text.
    private static let shortestHidden = 6

    /// - Parameter nonce: of the run; the prompt holds it, so that nothing else is taken for the prompt.
    package init(access: AccessPolicy, nonce: String, password: Secret?) {
        if access.user == "root" || access.sudo == .none {
            way = .direct
        } else if access.sudo == .password, password != nil {
            way = .password
        } else {
            way = .passwordless
        }
        (self.nonce, self.password) = (nonce, password)
    }

    /// `command` as root.
    ///
    /// LC_ALL: what sudo says is read. -k: what an earlier login was allowed is not relied on, so that every exec goes
    /// the same way.
    func words(_ command: [String]) -> [String] {
        switch way {
        case .direct: ["exec"] + command
        case .passwordless: ["exec", "env", "LC_ALL=C", "sudo", "-n", "--"] + command
        case .password:
            [
                "exec", "env", "LC_ALL=C", "sudo", "-S", "-k", "-p", question, "--", "/bin/sh", "-c",
                #"printf '%s sudo\n' "$0"; exec "$@""#, nonce,
            ] + command
        }
    }

    /// nil where nothing asks.
    var prompt: SSHCommand.Prompt? {
        guard way == .password, let password else { return nil }
        return SSHCommand.Prompt(
            question: [UInt8](question.utf8), answer: SecretBytes([UInt8](password.exposed.utf8)),
            settled: [UInt8]("\(nonce) sudo\n".utf8))
    }

    private var question: String { "\(nonce) password " }

    /// Whether sudo took the password for wrong: it asked again, or says so, as where one try is all that it gives.
    func isPasswordRefused(_ errors: String) -> Bool {
        way == .password
            && (errors.ranges(of: question).count > 1 || errors.contains("incorrect password attempt"))
    }

    /// The text without the password, should something on the host have echoed it (F49).
    func hidden(_ text: String) -> String {
        guard way == .password, let password, password.exposed.count >= Self.shortestHidden else { return text }
        return text.replacing(password.exposed, with: Secret.dots)
    }
}
