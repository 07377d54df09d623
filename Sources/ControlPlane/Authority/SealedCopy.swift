// The sealed copy (decision 9): inventory, authority key and region key, sealed to a key pair that only the operator
// holds. The control plane can make one and cannot open one.

import Crypto
package import FleetModel
package import FoundationEssentials

/// What a sealed copy holds.
package struct RegionArchive: Sendable {
    /// The bytes of a whole inventory file.
    package var inventory: Data
    package var authorityKeyPEM: Secret
    package var authorityCertificatePEM: String
    /// The region's SSH key, in OpenSSH's form.
    package var regionKey: Secret

    package init(inventory: Data, authorityKeyPEM: Secret, authorityCertificatePEM: String, regionKey: Secret) {
        (self.inventory, self.authorityKeyPEM) = (inventory, authorityKeyPEM)
        (self.authorityCertificatePEM, self.regionKey) = (authorityCertificatePEM, regionKey)
    }
}

/// The pair that copies are sealed to: X25519, kept on the operator's machine.
package struct SealingKey: Sendable {
    /// Private half in base64.
    package let privateText: Secret
    /// Public half in base64: the recipient, which the inventory knows.
    package let recipient: String

    package static func make() -> SealingKey {
        let key = Curve25519.KeyAgreement.PrivateKey()
        return SealingKey(
            privateText: Secret(key.rawRepresentation.base64EncodedString()),
            recipient: key.publicKey.rawRepresentation.base64EncodedString())
    }
}

/// Seals and opens region archives by HPKE (RFC 9180, base mode, X25519, HKDF-SHA256, ChaCha20-Poly1305).
package enum SealedCopy {
    /// Starts every copy; the last byte is the version of the form.
    static let magic = Data("MUSTER-SEALED-COPY".utf8) + [1]
    /// An X25519 public key as HPKE sends it.
    static let encapsulatedKeyLength = 32
    static let ciphersuite = HPKE.Ciphersuite.Curve25519_SHA256_ChachaPoly
    /// Binds the key schedule to this use of the key pair.
    static let info = Data("muster sealed copy".utf8)

    /// Seals `archive` so that only the holder of the recipient's private half opens it.
    package static func seal(_ archive: RegionArchive, to recipient: String) throws(FleetProblem) -> Data {
        do {
            guard let raw = Data(base64Encoded: recipient) else { throw CryptoKitError.incorrectKeySize }
            let key = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: raw)
            var sender = try HPKE.Sender(recipientKey: key, ciphersuite: ciphersuite, info: info)
            let sealed = try sender.seal(archive.packed, authenticating: magic)
            return magic + sender.encapsulatedKey + sealed
        } catch {
            throw FleetProblem(
                .rejected, "recipient-invalid", subject: "sealed copy",
                "the recipient is not an X25519 public key in base64",
                hint: "look at the setting `sealed-copy.recipient` of the inventory; `muster up` makes the pair")
        }
    }

    /// Opens a copy with the recipient's private half.
    package static func open(_ copy: Data, with privateText: Secret) throws(FleetProblem) -> RegionArchive {
        guard copy.starts(with: magic.dropLast()) else {
            throw damaged("it does not begin like a sealed copy", "use the file that `muster` saved for this region")
        }
        guard copy.dropFirst(magic.count - 1).first == magic.last else {
            throw damaged("its form is newer than this `muster` knows", "use the `muster` that made it, or a newer one")
        }
        let body = copy.dropFirst(magic.count)
        do {
            guard let raw = Data(base64Encoded: privateText.exposed) else { throw CryptoKitError.incorrectKeySize }
            var recipient = try HPKE.Recipient(
                privateKey: Curve25519.KeyAgreement.PrivateKey(rawRepresentation: raw), ciphersuite: ciphersuite,
                info: info, encapsulatedKey: Data(body.prefix(encapsulatedKeyLength)))
            let opened = try recipient.open(Data(body.dropFirst(encapsulatedKeyLength)), authenticating: magic)
            if let archive = RegionArchive(packed: opened) { return archive }
        } catch {
            throw damaged(
                "it is damaged or was sealed to another key",
                "use the private key whose public half the region's inventory names")
        }
        throw damaged("its contents are incomplete", "use an older sealed copy")
    }

    private static func damaged(_ what: String, _ hint: String) -> FleetProblem {
        FleetProblem(
            .rejected, "sealed-copy-unreadable", subject: "sealed copy", "cannot be opened: " + what, hint: hint)
    }
}

extension RegionArchive {
    /// Four sections, each with its length as 8 bytes before it, in the order of the properties.
    var packed: Data {
        let sections = [
            inventory, Data(authorityKeyPEM.exposed.utf8), Data(authorityCertificatePEM.utf8),
            Data(regionKey.exposed.utf8),
        ]
        return sections.reduce(into: Data()) { packed, section in
            withUnsafeBytes(of: UInt64(section.count).bigEndian) { packed.append(contentsOf: $0) }
            packed.append(section)
        }
    }

    init?(packed: Data) {
        var rest = packed[...]
        var sections: [Data] = []
        while !rest.isEmpty {
            let length = rest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard rest.count >= 8, length <= UInt64(rest.count - 8) else { return nil }
            sections.append(Data(rest.dropFirst(8).prefix(Int(length))))
            rest = rest.dropFirst(8 + Int(length))
        }
        guard sections.count == 4 else { return nil }
        inventory = sections[0]
        authorityKeyPEM = Secret(String(decoding: sections[1], as: UTF8.self))
        authorityCertificatePEM = String(decoding: sections[2], as: UTF8.self)
        regionKey = Secret(String(decoding: sections[3], as: UTF8.self))
    }
}
