// Where a session goes and which key it must meet there; the key of the session pool.

/// One sshd, one account on it. Two endpoints that differ in anything never share a session.
package struct SSHEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// An IPv4 or IPv6 address without brackets, or a DNS name; behind a bastion the bastion looks it up.
    package var address: String
    package var port: UInt16
    package var user: String
    /// When not empty, the host's key must have one of these fingerprints; else known_hosts decides.
    package var pinnedKeys: [SSHFingerprint]
    private var way: Way

    private indirect enum Way: Hashable, Sendable {
        case direct
        case through(SSHEndpoint)
    }

    package init(
        address: String, port: UInt16 = 22, user: String, pinnedKeys: [SSHFingerprint] = [],
        via: SSHEndpoint? = nil
    ) {
        self.address = address
        self.port = port
        self.user = user
        self.pinnedKeys = pinnedKeys
        way = via.map { .through($0) } ?? .direct
    }

    /// The bastion that it is behind, if any; that one may be behind another.
    package var via: SSHEndpoint? {
        get {
            switch way {
            case .direct: nil
            case .through(let bastion): bastion
            }
        }
        set { way = newValue.map { .through($0) } ?? .direct }
    }

    /// `address`, `address:port` when it is not 22, `[v6]:port`.
    package var description: String {
        if port == 22 { return address }
        return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
