// IPv4 addresses and networks as numbers, so that ranges can be compared. Swarm's address pools and this version's
// transport are IPv4; IPv6 is refused by name.

struct IPv4Address: Equatable, CustomStringConvertible {
    let bits: UInt32

    init(bits: UInt32) { self.bits = bits }

    /// Four decimal numbers without leading zeros (`010` is 8 for some tools and 10 for others).
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
                let number = UInt8(part), part.count == 1 || part.first != "0"
            else { return nil }
            bits = bits << 8 | UInt32(number)
        }
        self.bits = bits
    }

    /// Neither "this network" (0.0.0.0/8) nor multicast, reserved or broadcast (224.0.0.0 and above).
    var isHost: Bool { (1..<224).contains(bits >> 24) }

    var description: String { [24, 16, 8, 0].map { String(bits >> $0 & 255) }.joined(separator: ".") }
}

struct IPv4Network: Equatable, CustomStringConvertible {
    let address: IPv4Address
    let prefix: Int

    /// `address/prefix`; bits behind the prefix may be set, `network` clears them.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), (1...2).contains(parts[1].utf8.count),
            parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let prefix = Int(parts[1]), prefix <= 32
        else { return nil }
        (self.address, self.prefix) = (address, prefix)
    }

    private init(address: IPv4Address, prefix: Int) { (self.address, self.prefix) = (address, prefix) }

    private var mask: UInt32 { prefix == 0 ? 0 : ~UInt32(0) << (32 - prefix) }

    var network: IPv4Network { IPv4Network(address: IPv4Address(bits: address.bits & mask), prefix: prefix) }

    func contains(_ other: IPv4Address) -> Bool { other.bits & mask == address.bits & mask }

    var description: String { "\(address)/\(prefix)" }
}
