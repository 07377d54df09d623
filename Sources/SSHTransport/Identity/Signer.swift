// Who signs: a key of our own at once, or the agent some time later. Sessions see only "here it is" or "not yet".

/// The one identity that a client offers.
enum Signer {
    case key(PrivateKey, name: String)
    case agent(AgentLink)

    init(_ plan: SignerPlan, _ loop: EventLoop) {
        self =
            switch plan {
            case .key(let key, let name): .key(key, name: name)
            case .agent(let socket, let fingerprint):
                .agent(AgentLink(loop: loop, path: socket, fingerprint: fingerprint))
            }
    }

    /// What an authentication refusal says was tried.
    static func words(_ key: SSHPublicKey, name: String) -> String {
        "`publickey` with `\(key.type)` `\(key.fingerprint)` of \(name)"
    }
}

/// The identity as it is made outside of the event loop: files are read here, once.
enum SignerPlan: Sendable {
    case key(PrivateKey, name: String)
    case agent(socket: String, fingerprint: SSHFingerprint)

    init(_ identity: SSHIdentity, environment: (String) -> String?) throws(SSHError) {
        switch identity {
        case .keyFile(let path):
            let subject = "key `\(path)`"
            // No key is larger than 16 KiB; a wrong path may well be a disk image.
            let text = try LocalFile.read(path, limit: 16384) { reason in
                SSHError(subject: subject, .keyUnreadable(reason: reason))
            }
            self = .key(try PrivateKey(SecretBytes(text), subject: subject), name: subject)
        case .key(let secret, let name):
            let subject = "key `\(name)`"
            self = .key(try PrivateKey(secret, subject: subject), name: subject)
        case .agent(let socket, let key):
            guard let path = socket ?? environment("SSH_AUTH_SOCK"), !path.isEmpty else {
                throw SSHError(subject: "ssh agent", .agentUnavailable(reason: "`SSH_AUTH_SOCK` is not set"))
            }
            self = .agent(socket: path, fingerprint: try Self.fingerprint(key))
        }
    }

    private static func fingerprint(_ key: SSHAgentKey) throws(SSHError) -> SSHFingerprint {
        switch key {
        case .fingerprint(let fingerprint): return fingerprint
        case .publicKeyFile(let path):
            let subject = "public key `\(path)`"
            let bytes = try LocalFile.read(path, limit: 16384) { reason in
                SSHError(subject: subject, .keyUnreadable(reason: reason))
            }
            guard let key = SSHPublicKey(line: String(decoding: bytes, as: UTF8.self)) else {
                throw SSHError(subject: subject, .keyUnreadable(reason: "it is no public key line"))
            }
            if key.type == "ssh-rsa" { throw SSHError(subject: subject, .keyUnsupported(type: key.type)) }
            return key.fingerprint
        }
    }
}
