// Which address and which name belongs to which host: 198.18.0.0/15 is set aside for tests of networks (RFC 2544), so
// a lab never collides with addresses that anyone uses.

package enum LabAddress {
    /// The lab's own end of the bridge: gateway that leads nowhere, and the apt repository's address.
    package static let gateway = "198.18.0.1"
    package static let network = "198.18.0.0/16"

    /// Up to 1000 were booted at once on 2 cores and 24 GB; half would not do for the scale tests, and twice as many
    /// were never tried.
    package static let mostHosts = 1000

    /// `198.18.1.2` for host 1; 250 hosts to each third number, so that the last is never 0 or 255.
    ///
    /// - Parameter host: 1 … `mostHosts`.
    package static func address(of host: Int) -> String { "198.18.\(1 + host / 250).\(1 + host % 250)" }

    package static func name(of host: Int) -> String { "h\(host)" }

    /// The number in `h7` or `7`, nil for anything else.
    package static func host(named word: String) -> Int? {
        let digits = word.hasPrefix("h") ? word.dropFirst() : word[...]
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits) else { return nil }
        return (1...mostHosts).contains(number) ? number : nil
    }
}
