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

    private static func address(_ text: some StringProtocol) -> UInt32? {
        let bytes = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard bytes.count == 4, !bytes.contains(nil) else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt32($1!) }
    }
}
