// The region's authority, its leaves, tokens and the sealed copy.

import FleetModel
import Foundation
import Testing
import X509

@testable import ControlPlane

@Suite struct AuthorityTests {
    let now = Timestamp(secondsSinceEpoch: 1_795_000_000)

    @Test("an authority is read back from its PEMs; with another's key it is not")
    func load() throws {
        let (one, other) = (
            try RegionAuthority.make(region: "eu1", now: now), try RegionAuthority.make(region: "eu1", now: now)
        )
        let back = try RegionAuthority.load(region: "eu1", keyPEM: one.keyPEM, certificatePEM: one.certificatePEM)
        #expect(back.certificate == one.certificate)
        #expect(throws: FleetProblem.self) {
            try RegionAuthority.load(region: "eu1", keyPEM: other.keyPEM, certificatePEM: one.certificatePEM)
        }
        #expect(throws: FleetProblem.self) {
            try RegionAuthority.load(region: "eu1", keyPEM: Secret("no key"), certificatePEM: one.certificatePEM)
        }
    }

    @Test("a leaf is good for 90 days, for every address once, the region, localhost and 127.0.0.1, and signs nothing")
    func leaf() throws {
        let authority = try RegionAuthority.make(region: "eu1", now: now)
        let leaf = try authority.issueLeaf(
            addresses: ["198.18.1.2", "198.18.1.2", "fd00::2", "manager.example", "localhost"], now: now)
        let certificate = try Certificate(pemEncoded: leaf.certificatePEM)
        #expect(leaf.notAfter.seconds(since: now) == 90 * 86_400)
        #expect(authority.certificate.publicKey.isValidSignature(certificate.signature, for: certificate))
        let names = try #require(try certificate.extensions.subjectAlternativeNames).map(Self.text)
        #expect(
            names == [
                "ip 4: 198 18 1 2", "ip 16", "dns manager.example", "dns localhost", "dns eu1", "ip 4: 127 0 0 1",
            ])
        #expect(try certificate.extensions.basicConstraints == .notCertificateAuthority)
        #expect(try certificate.extensions.extendedKeyUsage?.contains(.serverAuth) == true)
    }

    private static func text(_ name: GeneralName) -> String {
        switch name {
        case .dnsName(let dns): "dns \(dns)"
        case .ipAddress(let address) where address.bytes.count == 4:
            "ip 4: " + address.bytes.map(String.init).joined(separator: " ")
        case .ipAddress(let address): "ip \(address.bytes.count)"
        case _: "other"
        }
    }

    @Test("tokens are 256 bits in text, differ, and are compared by digest")
    func tokens() {
        let (one, other) = (TokenText.make(), TokenText.make())
        #expect(one.secret.exposed.wholeMatch(of: /muster_[A-Za-z0-9_-]{43}/) != nil)
        #expect(one.sha256 != other.sha256 && one.sha256.count == 64)
        #expect(TokenText.sha256(of: "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(TokenText.isSame(one.sha256, one.sha256) && !TokenText.isSame(one.sha256, other.sha256))
        #expect(!TokenText.isSame("", one.sha256))
    }
}

@Suite struct SealedCopyTests {
    let key = SealingKey.make()
    let archive = RegionArchive(
        inventory: Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0) }), authorityKeyPEM: Secret("key"),
        authorityCertificatePEM: "certificate", regionKey: Secret("region key"))

    @Test("what is sealed opens with the private half, and holds all of it")
    func roundTrip() throws {
        let copy = try SealedCopy.seal(archive, to: key.recipient)
        let back = try SealedCopy.open(copy, with: key.privateText)
        #expect(back.inventory == archive.inventory && back.regionKey == archive.regionKey)
        #expect(back.authorityKeyPEM == archive.authorityKeyPEM && back.authorityCertificatePEM == "certificate")
        #expect(copy.range(of: Data("region key".utf8)) == nil)
    }

    @Test("a copy that is damaged anywhere does not open")
    func damage() throws {
        let copy = try SealedCopy.seal(archive, to: key.recipient)
        for position in [0, 18, 20, 55, copy.count / 2, copy.count - 1] {
            var broken = copy
            broken[position] ^= 1
            #expect(throws: FleetProblem.self, "byte \(position)") {
                try SealedCopy.open(broken, with: key.privateText)
            }
        }
        for length in [0, 10, 19, 40, 51, copy.count - 1] {
            #expect(throws: FleetProblem.self) { try SealedCopy.open(copy.prefix(length), with: key.privateText) }
        }
    }

    @Test("another key does not open it; a recipient that is no key is refused; no error shows a secret")
    func wrongKey() throws {
        let copy = try SealedCopy.seal(archive, to: key.recipient)
        let other = SealingKey.make()
        let problem = #expect(throws: FleetProblem.self) { try SealedCopy.open(copy, with: other.privateText) }
        #expect(problem?.description.contains(other.privateText.exposed) == false)
        #expect(throws: FleetProblem.self) { try SealedCopy.open(copy, with: Secret("no key")) }
        #expect(throws: FleetProblem.self) { try SealedCopy.seal(archive, to: "no key") }
        #expect("\(key)".contains(key.privateText.exposed) == false)
    }
}
