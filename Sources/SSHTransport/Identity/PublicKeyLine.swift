// The public half of a private key file, as `authorized_keys` has it: the control plane lets its own key in on hosts
// that join later, and has only the private half.
import CLibSSH2

extension SSHIdentity {
    /// `ssh-ed25519 AAAA…`, without a comment.
    package static func publicKeyLine(ofKeyFile path: String) throws(SSHError) -> String {
        let subject = "key `\(path)`"
        let text = try LocalFile.read(path, limit: 16384) { reason in
            SSHError(subject: subject, .keyUnreadable(reason: reason))
        }
        let key = try PrivateKey(SecretBytes(text), subject: subject).publicKey
        return "\(key.type) \(Base64.encode(key.blob))"
    }
}
