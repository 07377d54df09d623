// The words of every error: subject, what was tried, what happened, what to do next. Read them as prose.

extension SSHError: CustomStringConvertible {
    package var description: String { "\(subject): \(message); \(hint)" }

    /// What was tried and what happened.
    package var message: String {
        switch code {
        case .nameNotResolved(let reason): "cannot resolve its name: \(reason)"
        case .refused: "connection refused: nothing listens on this port"
        case .unreachable(let reason): "cannot connect: \(reason)"
        case .timedOut(let stage): "\(Self.words(stage)) did not end before its deadline"
        case .resetBeforeBanner: "sshd closed the connection before its banner, again and again"
        case .handshakeFailed(let reason): "ssh handshake failed: \(reason)"
        case .noCommonAlgorithm: "ssh handshake failed: no host key type, key exchange or cipher in common"
        case .hostKeyChanged(let expected, let offered):
            "host key changed: expected \(Self.list(expected.map(\.description))), it offers `\(offered)`"
        case .hostKeyUnknown(let offered): "host key unknown: it offers `\(offered)`, nothing vouches for it"
        case .hostKeyRevoked(let offered): "host key `\(offered)` is marked as revoked in known_hosts"
        case .authenticationRefused(let user, let tried, let offered):
            "user `\(user)` is refused: tried \(tried); it accepts \(offered.isEmpty ? "nothing" : Self.list(offered))"
        case .keyUnreadable(let reason): "cannot read the key: \(reason)"
        case .keyEncrypted: "the key is encrypted with a passphrase"
        case .keyUnsupported("ssh-rsa"):
            "rsa keys cannot be used: libssh2 signs them with sha-1, which openssh 8.8 and later refuse"
        case .keyUnsupported(let type): "keys of type `\(type)` cannot be used"
        case .agentUnavailable(let reason): "cannot sign with the ssh agent: \(reason)"
        case .knownHostsUnreadable(let reason): "cannot read it: \(reason)"
        case .channelRefused(let reason): "sshd refused to run the command: \(reason)"
        case .forwardingRefused(let reason): "its bastion cannot connect to it: \(reason)"
        case .bastion(let code):
            "the hosts behind it cannot be reached: \(SSHError(subject: "", code).message)"
        case .connectionLost(inMidCommand: true):
            "connection lost in mid-command, its outcome is unknown"
        case .connectionLost(inMidCommand: false): "connection lost before anything was run"
        case .outputLimitExceeded(let limit): "the command wrote more than \(limit) bytes and was stopped"
        case .sourceUnreadable(let reason): "cannot read the file to upload: \(reason)"
        case .uploadFailed(let reason): "upload failed, the old file is still in place: \(reason)"
        case .cancelled: "the command was cancelled"
        case .shutDown: "the ssh client was shut down"
        case .exhausted(let reason): "this process ran out of resources: \(reason)"
        }
    }

    /// What to do next.
    package var hint: String {
        switch code {
        case .nameNotResolved: "check the name, or use the address"
        case .refused: "check the port, and that sshd runs"
        case .unreachable: "check the address and the route to it"
        case .timedOut(.resolution): "check the name servers of this machine"
        case .timedOut(.connection): "check the address, the route and the firewall"
        case .timedOut(.handshake): "check that an sshd answers on this port and is not overloaded"
        case .timedOut(.authentication): "look into the host's sshd log for a slow account database"
        case .timedOut(.command): "look at the host before it is run again: it may still be running"
        case .resetBeforeBanner: "raise `MaxStartups` on the host, or look whether fail2ban blocks this machine"
        case .handshakeFailed: "compare the algorithms in the host's sshd_config with the ones of libssh2"
        case .noCommonAlgorithm:
            "if the host has nothing but an RSA key, `ssh-keygen -A` on it makes others; else see its sshd_config"
        case .hostKeyChanged:
            "compare it on the host's console with `ssh-keygen -lf`: if it differs there, someone may stand in "
                + "between; if it is the host's new key, trust it"
        case .hostKeyUnknown: "compare it on the host's console with `ssh-keygen -lf`, then trust it"
        case .hostKeyRevoked: "give the host a new key and pin that"
        case .authenticationRefused("root", _, _):
            "check that the public key is in its authorized_keys; where sshd lets no root in (`PermitRootLogin no`), "
                + "name another `access.user`, and how it becomes root in `access.sudo`"
        case .authenticationRefused: "check the user, and that the public key is in its authorized_keys"
        case .keyUnreadable: "name a private key of type ed25519 or ecdsa that this user may read"
        case .keyEncrypted: "load it with `ssh-add` and name the agent instead"
        case .keyUnsupported: "make another with `ssh-keygen -t ed25519` and install its public half"
        case .agentUnavailable: "check `SSH_AUTH_SOCK` and `ssh-add -l`"
        case .knownHostsUnreadable: "name a file that this user may read"
        case .channelRefused: "check `MaxSessions` and `ForceCommand` in the host's sshd_config"
        case .forwardingRefused:
            "check the address as the bastion sees it, and `AllowTcpForwarding` and `PermitOpen` in its sshd_config"
        case .bastion(let code): SSHError(subject: "", code).hint
        case .connectionLost(inMidCommand: true): "look at the host before it is run again"
        case .connectionLost(inMidCommand: false): "check the host and the route to it"
        case .outputLimitExceeded: "narrow the command, or raise the limit"
        case .sourceUnreadable: "name a regular file that this user may read"
        case .uploadFailed: "cure that on the host and upload again"
        case .cancelled: "run it again when it is wanted"
        case .shutDown: "make a new client"
        case .exhausted: "raise the hard limit (`ulimit -Hn`) or hold fewer sessions open"
        }
    }

    /// Worth another try later: the host or the way to it was not there, nobody said no.
    package var isUnavailable: Bool {
        switch code {
        case .nameNotResolved, .refused, .unreachable, .timedOut, .resetBeforeBanner, .connectionLost,
            .agentUnavailable, .exhausted, .forwardingRefused:
            true
        case .bastion(let code): SSHError(subject: "", code).isUnavailable
        case .handshakeFailed, .noCommonAlgorithm, .hostKeyChanged, .hostKeyUnknown, .hostKeyRevoked,
            .authenticationRefused,
            .keyUnreadable, .keyEncrypted, .keyUnsupported, .knownHostsUnreadable, .channelRefused,
            .outputLimitExceeded, .sourceUnreadable, .uploadFailed, .cancelled, .shutDown:
            false
        }
    }

    private static func words(_ stage: Stage) -> String {
        switch stage {
        case .resolution: "name resolution"
        case .connection: "tcp connection"
        case .handshake: "ssh handshake"
        case .authentication: "authentication"
        case .command: "the command"
        }
    }

    private static func list(_ texts: [String]) -> String {
        texts.map { "`\($0)`" }.joined(separator: " or ")
    }
}
