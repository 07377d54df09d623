// Where a session goes and which key it must meet there; the key of the session pool.

/// One sshd, one account on it. Two endpoints that differ in anything never share a session.
package struct SSHEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// An IPv4 or IPv6 address without brackets, or a DNS name.
    package var address: String
    package var port: UInt16
    package var user: String
    /// When not empty, the host's key must have one of these fingerprints; else known_hosts decides.
    package var pinnedKeys: [SSHFingerprint]

    package init(address: String, port: UInt16 = 22, user: String, pinnedKeys: [SSHFingerprint] = []) {
        self.address = address
        self.port = port
        self.user = user
        self.pinnedKeys = pinnedKeys
    }

    /// `address`, `address:port` when it is not 22, `[v6]:port`.
    package var description: String {
        if port == 22 { return address }
        return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
