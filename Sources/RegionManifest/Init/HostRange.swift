// Many hosts in one word, as inventories and people write them: `web[01:50].example.org`, `db-[a:c]`, `10.0.0.1-20`.

/// Why a word cannot be expanded, for a message after the word itself.
struct RangeFailure: Error, Equatable {
    let reason: String
}

enum HostRange {
    /// All that a word with Ansible's ranges stands for, in order; the word itself when it has none.
    static func names(_ pattern: String) throws(RangeFailure) -> [String] {
        guard let open = pattern.firstIndex(of: "[") else {
            if pattern.contains("]") { throw RangeFailure(reason: "`]` has no `[` before it") }
            return [pattern]
        }
        guard let close = pattern[open...].firstIndex(of: "]") else {
            throw RangeFailure(reason: "`[` has no `]` after it")
        }
        let middle = try items(pattern[pattern.index(after: open)..<close])
        let tails = try names(String(pattern[pattern.index(after: close)...]))
        try check(middle.count * tails.count)
        return middle.flatMap { item in tails.map { pattern[..<open] + item + $0 } }
    }

    private static func check(_ count: Int) throws(RangeFailure) {
        let most = ManifestShape.maximumHosts
        if count > most { throw RangeFailure(reason: "it stands for \(count) hosts, more than \(most)") }
    }

    /// `01:50`, `1:9:2`, `a:f`: both ends are in it, and the digits of the first are kept.
    private static func items(_ text: Substring) throws(RangeFailure) -> [String] {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let step = parts.count == 3 ? Int(parts[2]) : 1, step > 0 else {
            throw RangeFailure(reason: "a range is written like `[01:50]` or `[a:f]`")
        }
        if let first = letter(parts[0]), let last = letter(parts[1]) {
            guard first <= last else { throw RangeFailure(reason: "its range ends before it begins") }
            return stride(from: first, through: last, by: UInt8.Stride(clamping: step)).map {
                String(UnicodeScalar($0))
            }
        }
        guard let first = number(parts[0]), let last = number(parts[1]) else {
            throw RangeFailure(reason: "a range is written like `[01:50]` or `[a:f]`")
        }
        guard first <= last else { throw RangeFailure(reason: "its range ends before it begins") }
        try check((last - first) / step + 1)
        let width = parts[0].hasPrefix("0") ? parts[0].count : 1
        return stride(from: first, through: last, by: step).map { number in
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
    }

    /// At most nine digits, so that nothing overflows.
    private static func number(_ text: Substring) -> Int? {
        (1...9).contains(text.utf8.count) && text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
    }

    private static func letter(_ text: Substring) -> UInt8? {
        guard text.utf8.count == 1, let byte = text.utf8.first, (97...122).contains(byte) || (65...90).contains(byte)
        else { return nil }
        return byte
    }

    /// `10.0.0.1-20` and `10.0.0.1-10.0.1.20`; nil for everything else.
    static func addresses(_ text: String) throws(RangeFailure) -> [String]? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = IPv4Address(parts[0]) else { return nil }
        let last: IPv4Address
        if let address = IPv4Address(parts[1]) {
            last = address
        } else if let byte = UInt8(parts[1]) {
            last = IPv4Address(bits: first.bits & 0xFFFF_FF00 | UInt32(byte))
        } else {
            throw RangeFailure(reason: "a range of addresses is written like `10.0.0.1-20`")
        }
        guard first.bits <= last.bits else { throw RangeFailure(reason: "its range ends before it begins") }
        try check(Int(last.bits - first.bits) + 1)
        return (first.bits...last.bits).map { IPv4Address(bits: $0).description }
    }
}
