// The sections that hold networks and ports.

import FleetModel

/// The network section with the places of what other sections are compared with.
struct LocatedNetwork {
    var policy = NetworkPolicy()
    var pool = IPv4Network(NetworkPolicy().addressPool)
    var line: Int?
}

/// The control plane's section, the same way.
struct LocatedControlPlane {
    var policy = ControlPlanePolicy()
    var line: Int?
}

extension PolicyReader {
    func network(_ top: Section) -> LocatedNetwork {
        var network = LocatedNetwork()
        guard let section = top.section("network") else { return network }
        network.line = section.line
        if let text = section.text("addressPool") {
            network.line = text.line
            network.pool = context.network(text, title: "`addressPool`")
            network.policy.addressPool = text.value
        }
        if let bits = section.number("subnetBits") {
            (network.policy.subnetBits, network.line) = (bits.value, network.line ?? bits.line)
        }
        if let pool = network.pool, pool.prefix > network.policy.subnetBits {
            context.reject(
                .value, line: network.line ?? section.line,
                "`addressPool` \(pool) is smaller than one network of `subnetBits` \(network.policy.subnetBits)",
                hint: "widen the pool, or raise `subnetBits`")
        }
        return network
    }

    func controlPlane(_ top: Section) -> LocatedControlPlane {
        var controlPlane = LocatedControlPlane()
        guard let section = top.section("controlPlane") else { return controlPlane }
        controlPlane.line = section.line
        if let port = section.number("port") {
            (controlPlane.policy.port, controlPlane.line) = (port.value, port.line)
        }
        for item in section.list("allowFrom") ?? [] {
            guard let text = context.text(item, title: "an entry of `allowFrom`"),
                context.network(text, title: "an entry of `allowFrom`") != nil
            else { continue }
            controlPlane.policy.allowFrom.append(text.value)
        }
        return controlPlane
    }
}

extension Context {
    /// An IPv4 network in its one right spelling.
    func network(_ text: Located<String>, title: String) -> IPv4Network? {
        guard let network = IPv4Network(text.value) else {
            let isAddress = IPv4Address(text.value) != nil
            reject(
                .value, line: text.line, "\(title) is not an IPv4 network: \(shown(text.raw))",
                hint: isAddress ? "for one address write `/32` behind it" : "write it like `10.201.0.0/16`")
            return nil
        }
        guard network == network.network else {
            reject(
                .value, line: text.line, "\(title) has bits behind its prefix: \(shown(text.raw))",
                hint: text.raw == text.value ? "did you mean `\(network.network)`?" : nil)
            return nil
        }
        return network
    }
}
