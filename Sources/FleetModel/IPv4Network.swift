// Enough of IPv4 arithmetic to see that an address pool and a host's routes do not overlap (F34).

/// An IPv4 network in CIDR form, for example `10.201.0.0/16`.
package struct IPv4Network: Hashable, Sendable {
    package let base: UInt32
    package let prefixLength: Int

    /// nil for anything but four decimal bytes and a prefix of 0 to 32; a missing prefix means 32.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = Self.address(parts[0]) else { return nil }
        let length = parts.count == 2 ? Int(parts[1]) : 32
        guard let length, (0...32).contains(length) else { return nil }
        prefixLength = length
        base = address & Self.mask(length)
    }

    package func overlaps(_ other: IPv4Network) -> Bool {
        let mask = Self.mask(min(prefixLength, other.prefixLength))
        return base & mask == other.base & mask
    }

    private static func mask(_ length: Int) -> UInt32 { length == 0 ? 0 : ~UInt32(0) << UInt32(32 - length) }

    /// Byte by byte: a plan reads the routes of every host, and cutting strings up is what that costs.
    private static func address(_ text: some StringProtocol) -> UInt32? {
        var (address, byte, digits, dots): (UInt32, UInt32, Int, Int) = (0, 0, 0, 0)
        for character in text.utf8 {
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                (byte, digits) = (byte * 10 + UInt32(character - UInt8(ascii: "0")), digits + 1)
                // More than three digits would be an odd way to write a byte, and could overflow.
                guard byte <= 255, digits <= 3 else { return nil }
            case UInt8(ascii: "."):
                guard digits > 0, dots < 3 else { return nil }
                (address, byte, digits, dots) = (address << 8 | byte, 0, 0, dots + 1)
            default: return nil
            }
        }
        return dots == 3 && digits > 0 ? address << 8 | byte : nil
    }
}
