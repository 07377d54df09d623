// Why an account did not become root: each reason with its own cure (F11), told by what sudo says in English.
package import FleetModel

extension ActProblem {
    /// It was tried once: more of it could lock the account.
    package var passwordRefused: FleetProblem {
        FleetProblem(
            .failed, "sudo-password-wrong", subject: "host `\(host)`", "`sudo` refused the password",
            hint: "give the account's own password on this host; it was tried once, and is not tried again")
    }

    /// nil when it was not `sudo` that stood in the way.
    func sudoProblem(_ text: String, status: Int?) -> FleetProblem? {
        func problem(_ code: String, _ message: String, cause: String? = nil, hint: String) -> FleetProblem {
            FleetProblem(.failed, code, subject: "host `\(host)`", message, cause: cause, hint: hint)
        }
        if text.contains("incorrect password attempt") || text.contains("Sorry, try again") {
            return passwordRefused
        }
        if text.contains("a password is required") || text.contains("no password was provided") {
            return problem(
                "sudo-wants-password", "`sudo` asks for a password",
                hint:
                    "set `access.sudo: password` and MUSTER_SUDO_PASSWORD, or add a NOPASSWD line for the account on the host"
            )
        }
        if text.contains("you must have a tty") {
            return problem(
                "sudo-wants-terminal", "`sudo` wants a terminal (`requiretty`)",
                hint: "add `Defaults:ACCOUNT !requiretty` for the account to the sudoers on the host")
        }
        if text.contains("is not in the sudoers file") || text.contains("is not allowed to")
            || text.contains("may not run sudo")
        {
            return problem(
                "not-in-sudoers", "the account may not use `sudo`", hint: "add it to the sudoers on the host")
        }
        if text.contains("sudo: not found") || text.contains("sudo: command not found") || status == 127 {
            return problem(
                "sudo-missing", "there is no `sudo`, or no /bin/sh", cause: text,
                hint: "install sudo on the host, or log in as root")
        }
        return nil
    }
}
