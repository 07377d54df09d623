// Addresses and networks as bytes: for the names in the certificate and for `allowFrom`, where comparing text would
// let `::ffff:10.0.0.1` pass as another host than `10.0.0.1`.

import Glibc

/// One IPv4 or IPv6 address.
struct NetworkAddress: Hashable, Sendable {
    /// 4 or 16 bytes, in network order; an IPv4 address that is mapped into IPv6 is the IPv4 address.
    let bytes: [UInt8]

    init?(_ text: String) {
        // A zone (`fe80::1%eth0`) names an interface of one host, nothing that two hosts agree on.
        let bare = String(text.prefix { $0 != "%" })
        if let four = Self.parsed(bare, family: AF_INET, count: 4) {
            bytes = four
        } else if let sixteen = Self.parsed(bare, family: AF_INET6, count: 16) {
            let isMapped = sixteen[..<10].allSatisfy { $0 == 0 } && sixteen[10] == 0xFF && sixteen[11] == 0xFF
            bytes = isMapped ? Array(sixteen[12...]) : sixteen
        } else {
            return nil
        }
    }

    private static func parsed(_ text: String, family: Int32, count: Int) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &buffer) == 1 ? buffer : nil
    }

    var isLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }
}

/// A network in CIDR form.
struct NetworkRange: Hashable, Sendable {
    let base: NetworkAddress
    let prefixLength: Int

    /// Takes `198.18.0.0/16`, and a bare address as the network of just that address.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let base = NetworkAddress(String(parts[0])) else { return nil }
        let widest = base.bytes.count * 8
        guard let length = parts.count == 2 ? Int(parts[1]) : widest, (0...widest).contains(length) else { return nil }
        (self.base, self.prefixLength) = (base, length)
    }

    func contains(_ address: NetworkAddress) -> Bool {
        guard address.bytes.count == base.bytes.count else { return false }
        let (whole, rest) = prefixLength.quotientAndRemainder(dividingBy: 8)
        guard address.bytes[..<whole] == base.bytes[..<whole] else { return false }
        guard rest > 0 else { return true }
        let mask = ~UInt8(0) << (8 - rest)
        return address.bytes[whole] & mask == base.bytes[whole] & mask
    }
}

/// Who may connect: `allowFrom`, the region's own hosts, and the machine itself.
struct PeerRule: Sendable {
    var ranges: [NetworkRange]
    var hosts: Set<NetworkAddress>

    /// Entries that are no networks are left out: the manifest's validation has refused them before.
    init(allowFrom: [String], hosts: [String]) {
        ranges = allowFrom.compactMap(NetworkRange.init)
        self.hosts = Set(hosts.compactMap(NetworkAddress.init))
    }

    func allows(_ peer: String?) -> Bool {
        guard let peer, let address = NetworkAddress(peer) else { return false }
        return address.isLoopback || hosts.contains(address) || ranges.contains { $0.contains(address) }
    }
}
