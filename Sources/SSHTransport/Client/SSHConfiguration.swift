// Everything that a client may be told; each default says why it is that number.

package struct SSHConfiguration: Sendable {
    package var identity: SSHIdentity
    /// Who we are to bastions; nil: the same as to hosts.
    package var bastionIdentity: SSHIdentity?
    package var knownHosts: SSHKnownHosts?
    package var deadlines = SSHDeadlines()
    package var limits = SSHLimits()
    /// How names are looked up when not by the system; for tests.
    var lookUp: Resolver.LookUp?
    /// The round trip when not the kernel's measure; for tests, whose relays the kernel cannot see through.
    var assumedTrip: Duration?

    package init(identity: SSHIdentity, knownHosts: SSHKnownHosts? = nil) {
        self.identity = identity
        self.knownHosts = knownHosts
    }
}

/// Who we are to the hosts. One identity only: an agent with more keys than `MaxAuthTries` never gets to the right one.
package enum SSHIdentity: Sendable {
    case keyFile(String)
    /// `name` is what errors call it.
    case key(SecretBytes, name: String)
    /// `socket` nil means `SSH_AUTH_SOCK`.
    case agent(socket: String?, SSHAgentKey)
}

/// Names the one key of an agent that is to be offered.
package enum SSHAgentKey: Sendable {
    case publicKeyFile(String)
    case fingerprint(SSHFingerprint)
}

/// One value a stage, so that a time-out says what was slow.
package struct SSHDeadlines: Sendable {
    /// A resolver tries each server for 5 s, twice.
    package var resolution: Duration = .seconds(12)
    /// Three SYN (at 0, 1 and 3 s) and some; half of it loses hosts behind one lost packet too many.
    package var connection: Duration = .seconds(10)
    /// Banner and key exchange. A starved sshd needs seconds; a silent host costs this much, once.
    package var handshake: Duration = .seconds(20)
    /// PAM modules and remote account databases are slow.
    package var authentication: Duration = .seconds(20)
    /// How long a start is tried again after resets, counted from its first attempt.
    package var retrying: Duration = .seconds(60)

    package init() {}
}

package struct SSHLimits: Sendable {
    /// Connections being started at once while round trips are short; they widen it (`StartWindow`). 16 are enough on a
    /// loopback; at half of it a core idles from round trips of 5 ms on, twice of it meets `MaxStartups` of shared
    /// sshds.
    package var connectWindow = 64
    /// Sessions held open; the one unused for longest makes room. 60 KiB and one descriptor each.
    package var sessions = 1024
    /// Channels at once on one session; sshd's own `MaxSessions` is 10, less some for people.
    package var channels = 8
    /// Tunnels at once through one session of a bastion; OpenSSH has no limit of its own for them (`MaxSessions` counts
    /// shells and commands only). At half of it large regions take a second session, which costs nothing.
    package var tunnels = 1024
    /// Silence after which a busy session is asked for a sign of life; three unanswered ones and it is lost.
    package var keepalive: Duration = .seconds(15)

    package init() {}
}
