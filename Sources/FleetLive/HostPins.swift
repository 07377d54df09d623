// Host keys are pinned before anything is sent (decision 6): a policy that goes to the control plane carries the
// fingerprint of every host, and needs no known_hosts file there.
package import FleetModel
package import SSHTransport

extension FleetPolicy {
    /// The policy with the fingerprint of every host that a known_hosts file vouches for, where the manifest has none.
    package func pinned(by knownHosts: SSHKnownHosts) -> FleetPolicy {
        var policy = self
        for index in policy.hosts.indices where policy.hosts[index].hostKey == nil {
            let port = UInt16(clamping: access.port)
            let keys = knownHosts.fingerprints(address: policy.hosts[index].address, port: port)
            policy.hosts[index].hostKey = keys.first?.description
        }
        if let bastion = access.bastion, bastion.hostKey == nil {
            let keys = knownHosts.fingerprints(address: bastion.address, port: UInt16(clamping: bastion.port))
            policy.access.bastion?.hostKey = keys.first?.description
        }
        return policy
    }
}
