// What a known_hosts file vouches for, as pins: an inventory keeps these, and needs no known_hosts file any more.

extension SSHKnownHosts {
    /// Fingerprints of the keys that vouch for `address` on `port`, ed25519 before the others; empty when none does.
    package func fingerprints(address: String, port: UInt16) -> [SSHFingerprint] {
        let keys = entries(address: address, port: port).filter { !$0.isRevoked }.map(\.key)
        let first = keys.filter { $0.type == "ssh-ed25519" }
        return (first + keys.filter { $0.type != "ssh-ed25519" }).map(\.fingerprint)
    }
}
