// The operator's own way to the hosts: the key that the manifest names, and the host keys that this machine knows.
import FleetModel
import SSHTransport

/// Makes the client of an operator.
enum OperatorClient {
    /// - Parameter adjust: changes limits and deadlines before the client starts.
    static func make(
        _ access: AccessPolicy, adjust: (inout SSHConfiguration) -> Void = { _ in }
    ) throws -> (client: SSHClient, knownHosts: SSHKnownHosts?) {
        do {
            let knownHosts = try access.knownHosts.map { path throws(SSHError) in try SSHKnownHosts(path: path) }
            var configuration = SSHConfiguration(identity: try identity(access), knownHosts: knownHosts)
            configuration.bastionIdentity = access.bastion?.keyFile.map(identity)
            adjust(&configuration)
            return (try SSHClient(configuration: configuration), knownHosts)
        } catch let error as SSHError {
            throw FleetProblem(.rejected, "ssh-setup", subject: error.subject, error.message, hint: error.hint)
        }
    }

    /// A public key's file names a key of the agent.
    private static func identity(_ file: String) -> SSHIdentity {
        file.hasSuffix(".pub") ? .agent(socket: nil, .publicKeyFile(file)) : .keyFile(file)
    }

    private static func identity(_ access: AccessPolicy) throws -> SSHIdentity {
        if let file = access.keyFile { return identity(file) }
        throw FleetProblem(
            .rejected, "no-key", subject: "region manifest", "`access.keyFile` is missing",
            hint: "name a private key, or a public key (`….pub`) whose private half is in the agent")
    }
}
