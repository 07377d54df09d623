// The command line's way to a control plane behind a bastion: one forwarded port of 127.0.0.1 for each manager that is
// asked, over the bastion's pinned session. The certificate is good for 127.0.0.1 too, and it is the region's authority
// that vouches for it: whoever stands behind the port has to be the control plane itself.
import ControlPlane
import FleetLive
import FleetModel
import SSHTransport

/// Forwards through one bastion.
actor BastionWay: ControlPlaneWay {
    private let client: SSHClient
    private let bastion: SSHEndpoint
    private let isOwner: Bool
    private var forwards: [String: SSHForward] = [:]

    /// - Parameters:
    ///   - client: nil makes one, which `close` ends.
    init(_ policy: BastionPolicy, client: SSHClient? = nil) throws {
        let access = AccessPolicy(user: policy.user, keyFile: policy.keyFile, bastion: policy)
        guard let endpoint = access.bastionEndpoint else { preconditionFailure("an access with a bastion has one") }
        bastion = endpoint
        isOwner = client == nil
        self.client = try client ?? OperatorClient.make(access).client
    }

    func localPort(to address: String, port: Int) async throws(FleetProblem) -> Int {
        if let forward = forwards[address] { return Int(forward.port) }
        do {
            let forward = try await client.forward(to: address, port: UInt16(clamping: port), via: bastion)
            // Another call may have been faster.
            if let other = forwards[address] {
                forward.close()
                return Int(other.port)
            }
            forwards[address] = forward
            return Int(forward.port)
        } catch {
            throw FleetProblem(
                error.isUnavailable ? .unavailable : .failed, "no-way-through-bastion", subject: error.subject,
                error.message, hint: error.hint)
        }
    }

    func close() async {
        for forward in forwards.values { forward.close() }
        forwards = [:]
        if isOwner { await client.shutdown() }
    }
}

extension AccessPolicy {
    /// The bastion with the key that it takes: what is needed to reach a control plane behind it without the manifest.
    var wayToControlPlane: BastionPolicy? {
        guard var bastion else { return nil }
        bastion.keyFile = bastion.keyFile ?? keyFile
        return bastion
    }
}
