// Decides, without any IO, whether an offered host key is the right one, and which key types to ask for (F04, F05).

/// What is known about one host's keys, gathered once an endpoint.
struct HostTrust {
    enum Verdict: Equatable {
        case trusted
        case revoked
        case unknown
        case changed(expected: [SSHFingerprint])
    }

    /// Fingerprints of the endpoint itself; when there are any, they alone decide.
    private let pinned: [SSHFingerprint]
    private let known: [SSHPublicKey]
    private let revoked: Set<SSHPublicKey>

    init(endpoint: SSHEndpoint, knownHosts: SSHKnownHosts?) {
        let entries = knownHosts?.entries(address: endpoint.address, port: endpoint.port) ?? []
        pinned = endpoint.pinnedKeys
        known = entries.filter { !$0.isRevoked }.map(\.key)
        revoked = Set(entries.filter(\.isRevoked).map(\.key))
    }

    func verdict(on key: SSHPublicKey) -> Verdict {
        if revoked.contains(key) { return .revoked }
        if !pinned.isEmpty {
            return pinned.contains(key.fingerprint) ? .trusted : .changed(expected: pinned)
        }
        if known.contains(key) { return .trusted }
        if known.isEmpty { return .unknown }
        let sameType = known.filter { $0.type == key.type }
        return .changed(expected: (sameType.isEmpty ? known : sameType).map(\.fingerprint))
    }

    /// A fingerprint does not tell its key's type: a host may well have the right key beside the one that it offered.
    var mayHaveOtherKey: Bool { !pinned.isEmpty }

    /// The host key algorithms to ask for, best first: the types that are known to be right come before all others, so
    /// that a host with several keys shows the pinned one. RSA is last: libssh2 1.10 verifies it with SHA-1 only.
    func algorithms(without refused: Set<String>) -> [String] {
        let trusted = known.filter { pinned.isEmpty || pinned.contains($0.fingerprint) }.map(\.type)
        var order: [String] = []
        for type in trusted + Self.supported where !order.contains(type) && Self.supported.contains(type) {
            order.append(type)
        }
        return order.filter { !refused.contains($0) }
    }

    private static let supported = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
    ]
}
