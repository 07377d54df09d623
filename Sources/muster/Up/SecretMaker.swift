// The secrets of a region: made once, on the operator's machine, before anything is sent; the private halves leave it
// only as Swarm secrets (decision 9).
import ControlPlane
import FleetLive
import FleetModel
import FleetReconciler
import Foundation

/// Makes what is missing and reads the rest, so that a killed `up` goes on with the same keys.
struct SecretMaker {
    let folder: RegionFolder
    let policy: FleetPolicy
    let epoch: Int

    func secrets() throws -> RegionSecrets {
        try makeRegionKey()
        let authority = try authority()
        let handOff = try token(.handOffToken)
        guard let key = folder.secret(.regionKey), let publicKey = folder.regionKeyLine else {
            throw Self.missing(folder.path(of: .regionKey))
        }
        return RegionSecrets(
            regionPublicKey: publicKey, regionKey: key,
            authorityCertificate: authority.certificatePEM, authorityKey: authority.keyPEM,
            handOffDigest: handOff.sha256, seedPolicy: try seedPolicy(), epoch: epoch)
    }

    /// The token of this kind, made at the first call.
    func token(_ item: RegionFolder.Item) throws -> TokenText {
        if let secret = folder.secret(item) { return TokenText(secret) }
        let made = TokenText.make()
        try folder.write(made.secret.exposed, to: item)
        return made
    }

    /// The key pair to which sealed copies are sealed; its private half never leaves this machine.
    func sealingRecipient() throws -> String {
        if let text = folder.text(.sealingKey), let recipient = text.split(separator: "\n").last {
            return String(recipient)
        }
        let made = SealingKey.make()
        try folder.write("\(made.privateText.exposed)\n\(made.recipient)", to: .sealingKey)
        return made.recipient
    }

    private func authority() throws -> RegionAuthority {
        if let key = folder.secret(.authorityKey), let certificate = folder.text(.authorityCertificate) {
            return try RegionAuthority.load(region: policy.region, keyPEM: key, certificatePEM: certificate)
        }
        let made = try RegionAuthority.make(region: policy.region, now: SystemClock().now())
        try folder.write(made.certificatePEM, to: .authorityCertificate)
        try folder.write(made.keyPEM.exposed, to: .authorityKey)
        return made
    }

    private func seedPolicy() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(policy.portable), as: UTF8.self)
    }

    /// OpenSSH's own tool writes OpenSSH's own format.
    private func makeRegionKey() throws {
        if folder.has(.regionKey), folder.has(.regionPublicKey) { return }
        folder.remove([.regionKey, .regionPublicKey])
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/ssh-keygen")
        process.arguments = [
            "-q", "-t", "ed25519", "-N", "", "-C", "muster:\(policy.region)", "-f", folder.path(of: .regionKey),
        ]
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { throw Self.missing("/usr/bin/ssh-keygen") }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Self.missing(folder.path(of: .regionKey)) }
    }

    private static func missing(_ path: String) -> FleetProblem {
        FleetProblem(
            .failed, "region-key", subject: "file `\(path)`", "cannot make the region's key",
            hint: "install openssh-client, and check the disk")
    }
}
