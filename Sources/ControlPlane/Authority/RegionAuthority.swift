// The region's own certificate authority (decision 9): made once at bring-up on the operator's machine, it signs the
// control plane's certificate at each start. Clients trust this authority and no other.

import Crypto
package import FleetModel
import FoundationEssentials
import SwiftASN1
import X509

/// A P-256 authority for one region.
package struct RegionAuthority: Sendable {
    package let region: RegionID
    /// PEM of the private key. It lies in a Swarm secret and in the sealed copy, nowhere else.
    package let keyPEM: Secret
    /// PEM of the certificate that clients trust.
    package let certificatePEM: String

    let key: P256.Signing.PrivateKey
    let certificate: Certificate

    /// 20 years: nobody rotates an authority that lives as long as its region; a leaf lives 90 days.
    static let lifetimeDays = 7300
    /// Decision 9: a leaf is made at each start, so 90 days is also how long a server may run without one.
    static let leafLifetimeDays = 90
    /// A day back, so that a host whose clock is behind still accepts a new certificate (F17, F46).
    static let backdating: TimeInterval = 86_400

    /// Makes a new authority.
    package static func make(region: RegionID, now: Timestamp) throws -> RegionAuthority {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName {
            OrganizationName("Muster")
            CommonName("Muster authority of region \(region)")
        }
        let (notBefore, notAfter) = Self.validity(from: now, days: lifetimeDays)
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: notBefore, notValidAfter: notAfter, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
                SubjectKeyIdentifier(hash: .init(key.publicKey))
            }, issuerPrivateKey: .init(key))
        return RegionAuthority(
            region: region, keyPEM: Secret(key.pemRepresentation),
            certificatePEM: try certificate.serializeAsPEM().pemString, key: key, certificate: certificate)
    }

    /// Reads an authority back; the key must be the certificate's own.
    package static func load(region: RegionID, keyPEM: Secret, certificatePEM: String) throws -> RegionAuthority {
        do {
            let key = try P256.Signing.PrivateKey(pemRepresentation: keyPEM.exposed)
            let certificate = try Certificate(pemEncoded: certificatePEM)
            guard certificate.publicKey == .init(key.publicKey) else { throw Self.mismatch(region) }
            return RegionAuthority(
                region: region, keyPEM: keyPEM, certificatePEM: certificatePEM, key: key, certificate: certificate)
        } catch let problem as FleetProblem {
            throw problem
        } catch {
            throw FleetProblem(
                .rejected, "authority-unreadable", subject: "region `\(region)`",
                "the authority's key or certificate is not readable PEM",
                hint: "look at the secret that the control plane's service mounts, or restore the sealed copy")
        }
    }

    private static func mismatch(_ region: RegionID) -> FleetProblem {
        FleetProblem(
            .rejected, "authority-mismatch", subject: "region `\(region)`",
            "the authority's key does not belong to its certificate",
            hint: "mount the key and the certificate of the same region")
    }

    static func validity(from now: Timestamp, days: Int) -> (Date, Date) {
        let start = Date(timeIntervalSince1970: TimeInterval(now.secondsSinceEpoch))
        return (start - backdating, start + TimeInterval(days) * 86_400)
    }
}

/// A certificate for the server, with its key; it lives in memory only.
package struct ServerLeaf: Sendable {
    package let certificatePEM: String
    package let keyPEM: Secret
    package let notAfter: Timestamp
}

extension RegionAuthority {
    /// Signs a leaf that is good for `addresses`, the region's name, `localhost` and 127.0.0.1.
    package func issueLeaf(addresses: [String], now: Timestamp) throws -> ServerLeaf {
        let leafKey = P256.Signing.PrivateKey()
        let (notBefore, notAfter) = Self.validity(from: now, days: Self.leafLifetimeDays)
        let leaf = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(leafKey.publicKey),
            notValidBefore: notBefore, notValidAfter: notAfter, issuer: certificate.subject,
            subject: try DistinguishedName { CommonName("Muster control plane of region \(region)") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(Self.names(region: region, addresses: addresses))
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: .init(key.publicKey)).keyIdentifier)
            }, issuerPrivateKey: .init(key))
        return ServerLeaf(
            certificatePEM: try leaf.serializeAsPEM().pemString, keyPEM: Secret(leafKey.pemRepresentation),
            notAfter: Timestamp(secondsSinceEpoch: Int(notAfter.timeIntervalSince1970)))
    }

    /// Every name once, addresses as addresses: clients compare the two kinds differently.
    static func names(region: RegionID, addresses: [String]) -> [GeneralName] {
        var seen = Set<String>()
        return (addresses + [region.rawValue, "localhost", "127.0.0.1"]).filter { seen.insert($0).inserted }.map {
            name in
            if let address = NetworkAddress(name) {
                .ipAddress(ASN1OctetString(contentBytes: ArraySlice(address.bytes)))
            } else {
                .dnsName(name)
            }
        }
    }
}
