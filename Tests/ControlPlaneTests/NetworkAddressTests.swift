// Who may connect: addresses and networks as bytes.

import Testing

@testable import ControlPlane

@Suite struct NetworkAddressTests {
    @Test(
        "a network has its addresses and no others",
        arguments: [
            ("198.18.0.0/16", "198.18.255.255", true), ("198.18.0.0/16", "198.19.0.0", false),
            ("10.0.0.0/9", "10.127.1.1", true), ("10.0.0.0/9", "10.128.0.0", false), ("0.0.0.0/0", "8.8.8.8", true),
            ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false), ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fe80::1%eth0", false), ("198.18.0.0/16", "::ffff:198.18.0.1", true),
            ("::/0", "198.18.0.1", false),
        ])
    func contains(network: String, address: String, isIn: Bool) throws {
        let range = try #require(NetworkRange(network))
        #expect(range.contains(try #require(NetworkAddress(address))) == isIn)
    }

    @Test(
        "what is no network is none",
        arguments: ["", "/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "host", "::/129"])
    func noNetwork(text: String) { #expect(NetworkRange(text) == nil) }

    @Test("the rule lets in this machine, the region's hosts and allowFrom; not who is unknown")
    func rule() {
        let rule = PeerRule(allowFrom: ["192.0.2.0/24"], hosts: ["198.18.1.2", "manager.example"])
        for peer in ["127.0.0.1", "127.8.8.8", "::1", "198.18.1.2", "192.0.2.99", "::ffff:127.0.0.1"] {
            #expect(rule.allows(peer), "\(peer)")
        }
        for peer in ["198.18.1.3", "192.0.3.1", "nonsense", ""] { #expect(!rule.allows(peer), "\(peer)") }
        #expect(!rule.allows(nil))
    }
}
