// Addresses and names are a promise to manifests and tests: h1 is 198.18.1.2 for ever.
import Testing

@testable import Lab

@Suite struct AddressTests {
    @Test(
        "the first hosts, the last of a block and the first of the next",
        arguments: [
            (1, "198.18.1.2"), (3, "198.18.1.4"), (249, "198.18.1.250"), (250, "198.18.2.1"), (1000, "198.18.5.1"),
        ])
    func address(host: Int, expected: String) {
        #expect(LabAddress.address(of: host) == expected)
    }

    @Test("no two hosts share an address, none is the gateway's, and none ends in 0 or 255")
    func distinct() {
        let addresses = (1...LabAddress.mostHosts).map(LabAddress.address)
        #expect(Set(addresses).count == LabAddress.mostHosts)
        #expect(!addresses.contains(LabAddress.gateway))
        #expect(!addresses.contains { $0.hasSuffix(".0") || $0.hasSuffix(".255") })
        #expect(addresses.allSatisfy(SocketAddress.isAddress))
    }

    @Test("a host is named by number or name", arguments: ["7", "h7"])
    func named(word: String) {
        #expect(LabAddress.host(named: word) == 7)
    }

    @Test("anything else names no host", arguments: ["", "h", "0", "-1", "1001", "hh1", "1 ", "h1.part", "٣"])
    func unnamed(word: String) {
        #expect(LabAddress.host(named: word) == nil)
    }
}
