// Every way in which the transport can fail, as a closed set, so that callers decide by case and never by text.

package struct SSHError: Error, Equatable, Sendable {
    package enum Stage: String, Sendable, Equatable {
        case resolution, connection, handshake, authentication, command
    }

    package enum Code: Sendable, Equatable {
        case nameNotResolved(reason: String)
        case refused
        case unreachable(reason: String)
        case timedOut(Stage)
        case resetBeforeBanner
        case handshakeFailed(reason: String)
        /// Above all a host with nothing but an RSA key: libssh2 1.10 verifies those with SHA-1 only.
        case noCommonAlgorithm
        case hostKeyChanged(expected: [SSHFingerprint], offered: SSHFingerprint)
        case hostKeyUnknown(offered: SSHFingerprint)
        case hostKeyRevoked(offered: SSHFingerprint)
        /// `tried` is our key, `offered` the methods that the host would accept.
        case authenticationRefused(user: String, tried: String, offered: [String])
        case keyUnreadable(reason: String)
        case keyEncrypted
        /// RSA above all: libssh2 1.10 signs with SHA-1, which OpenSSH 8.8 and later refuse.
        case keyUnsupported(type: String)
        case agentUnavailable(reason: String)
        case knownHostsUnreadable(reason: String)
        case channelRefused(reason: String)
        /// The bastion is up and answered that it cannot, or will not, connect to the host.
        case forwardingRefused(reason: String)
        /// What happened to the bastion of a host; the subject is the bastion, the same text for all hosts behind it.
        indirect case bastion(Code)
        /// In mid-command the outcome is unknown: look again, never blindly run again.
        case connectionLost(inMidCommand: Bool)
        case outputLimitExceeded(limit: Int)
        case sourceUnreadable(reason: String)
        case uploadFailed(reason: String)
        case cancelled
        case shutDown
        /// The process ran out of something (descriptors, memory).
        case exhausted(reason: String)
    }

    /// `host `203.0.113.7:22``, or the file that is at fault.
    package let subject: String
    package let code: Code
    /// The command had been handed to the host: it may have run, in part or as a whole.
    package internal(set) var mayHaveRun = false

    package init(subject: String, _ code: Code, mayHaveRun: Bool = false) {
        self.subject = subject
        self.code = code
        self.mayHaveRun = mayHaveRun
    }

    init(_ endpoint: SSHEndpoint, _ code: Code) {
        switch code {
        case .bastion: self.init(subject: "bastion `\(endpoint.via ?? endpoint)`", code)
        case _: self.init(subject: "host `\(endpoint)`", code)
        }
    }
}
