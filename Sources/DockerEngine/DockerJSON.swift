// What Docker's CLI prints with `--format '{{json .}}'`, as far as Muster reads it. Unknown members are ignored, so a
// newer engine does not break the reading of an older Muster.
package import FleetModel
import FoundationEssentials

/// `docker info --format '{{json .}}'`.
struct DockerInfo: Decodable {
    struct Swarm: Decodable {
        struct Cluster: Decodable { var ID: String? }
        struct Peer: Decodable { var Addr: String? }
        var NodeID: String?
        var NodeAddr: String?
        var LocalNodeState: String?
        var ControlAvailable: Bool?
        var Error: String?
        var RemoteManagers: [Peer]?
        var Cluster: Cluster?
    }
    var ID: String?
    var Driver: String?
    var ServerVersion: String?
    var LiveRestoreEnabled: Bool?
    var Swarm: Swarm?
    var ServerErrors: [String]?
}

/// One line of `docker node inspect`, of which probe.sh asks for these members only.
struct DockerNode: Decodable {
    struct Spec: Decodable {
        var Role: String?
        var Availability: String?
        var Labels: [String: String]?
    }
    struct Description: Decodable { var Hostname: String? }
    struct Status: Decodable {
        var State: String?
        var Addr: String?
    }
    struct ManagerStatus: Decodable {
        var Leader: Bool?
        var Reachability: String?
        var Addr: String?
    }
    var ID: String
    var Spec: Spec?
    var Description: Description?
    var Status: Status?
    var ManagerStatus: ManagerStatus?
}

/// One line of `docker service inspect`, of which probe.sh asks for these members only.
struct DockerServiceLine: Decodable {
    struct Mode: Decodable {
        struct Global: Decodable {}
        var Global: Global?
    }
    struct Placement: Decodable { var Constraints: [String]? }
    struct Resources: Decodable {
        struct Amount: Decodable {
            var NanoCPUs: Int?
            var MemoryBytes: Int?
        }
        var Reservations: Amount?
    }
    struct Mount: Decodable {
        var `Type`: String?
        var Source: String?
    }
    var Name: String
    var Mode: Mode?
    var Placement: Placement?
    var Resources: Resources?
    var Mounts: [Mount]?
    var Networks: [Attachment]?
    var VirtualIPs: [VirtualIP]?
    var RegionKey: String?

    struct Attachment: Decodable { var Target: String }
    struct VirtualIP: Decodable { var NetworkID: String }
}

/// One line of `docker network inspect`, of which probe.sh asks for these members only.
struct DockerNetworkLine: Decodable {
    var ID: String
    var Name: String
    var Subnets: [String]
}

/// Readers of Docker's output. All of them give nil for text that is not what it should be.
package enum DockerReader {
    /// The engine and the Swarm from `docker info`; nil when the daemon did not answer.
    package static func info(_ text: String) -> (engine: EngineFacts, swarm: SwarmFacts)? {
        guard let info = decoded(DockerInfo.self, text), info.ServerVersion?.isEmpty == false else { return nil }
        let engine = EngineFacts(
            version: info.ServerVersion ?? "", isRunning: true, storageDriver: info.Driver ?? "",
            engineID: info.ID ?? "", hasLiveRestore: info.LiveRestoreEnabled ?? false)
        guard let swarm = info.Swarm else { return (engine, SwarmFacts()) }
        return (engine, facts(of: swarm))
    }

    private static func facts(of swarm: DockerInfo.Swarm) -> SwarmFacts {
        SwarmFacts(
            state: swarm.LocalNodeState.flatMap(SwarmFacts.State.init(rawValue:)) ?? .inactive,
            nodeID: swarm.NodeID.flatMap { $0.isEmpty ? nil : NodeID($0) }, nodeAddress: swarm.NodeAddr ?? "",
            isManager: swarm.ControlAvailable ?? false, swarmID: swarm.Cluster?.ID,
            managerAddresses: (swarm.RemoteManagers ?? []).compactMap(\.Addr).sorted(),
            errorText: swarm.Error.flatMap { $0.isEmpty ? nil : $0 })
    }

    /// One node from one line of `docker node inspect`.
    package static func node(_ text: String) -> NodeFacts? {
        guard let node = decoded(DockerNode.self, text) else { return nil }
        // The leader sees itself at 0.0.0.0 or not at all; the address of its Raft endpoint is the one it advertises.
        let raft = node.ManagerStatus?.Addr.flatMap(host)
        let address = raft ?? node.Status?.Addr ?? ""
        return NodeFacts(
            id: NodeID(node.ID), hostname: node.Description?.Hostname ?? "", address: address,
            role: node.Spec?.Role.flatMap(NodeRole.init(rawValue:)) ?? .worker,
            state: node.Status?.State ?? "unknown", availability: node.Spec?.Availability ?? "active",
            isLeader: node.ManagerStatus?.Leader ?? false, reachability: node.ManagerStatus?.Reachability,
            labels: node.Spec?.Labels ?? [:])
    }

    /// The host of `host:port`, or of `[host]:port` where the host is an IPv6 address.
    private static func host(_ endpoint: String) -> String? {
        guard let colon = endpoint.lastIndex(of: ":") else { return endpoint.isEmpty ? nil : endpoint }
        let host = endpoint[..<colon]
        return host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : String(host)
    }

    /// One service from a line `NAME IMAGE RUNNING/DESIRED`.
    package static func service(_ text: String) -> ServiceFacts? {
        let words = text.split(separator: " ")
        guard words.count >= 3 else { return nil }
        let counts = words[2].split(separator: "/").map { Int($0) ?? 0 }
        return ServiceFacts(
            name: String(words[0]), image: String(words[1]), runningTasks: counts.first ?? 0,
            desiredTasks: counts.count > 1 ? counts[1] : 0)
    }

    /// What decides where a service's tasks may run, from one line of probe.sh's own format.
    package static func serviceSpec(_ text: String) -> (name: String, spec: ServiceSpec)? {
        guard let line = decoded(DockerServiceLine.self, text) else { return nil }
        let reserved = line.Resources?.Reservations
        let virtual = (line.VirtualIPs ?? []).map(\.NetworkID).sorted()
        let spec = ServiceSpec(
            isGlobal: line.Mode?.Global != nil, reservedMillicores: (reserved?.NanoCPUs ?? 0) / 1_000_000,
            reservedMemoryMiB: (reserved?.MemoryBytes ?? 0) / 1_048_576, constraints: line.Placement?.Constraints ?? [],
            volumes: (line.Mounts ?? []).compactMap { $0.Type == "volume" ? $0.Source : nil },
            networks: Set((line.Networks ?? []).map(\.Target) + virtual).sorted(), virtualNetworks: virtual,
            regionKey: line.RegionKey.flatMap { $0.isEmpty ? nil : $0 })
        return (line.Name, spec)
    }

    /// An overlay network, from one line of probe.sh's own format; of its subnets Docker takes the first.
    package static func network(_ text: String) -> NetworkFacts? {
        guard let line = decoded(DockerNetworkLine.self, text), let subnet = line.Subnets.first else { return nil }
        return NetworkFacts(id: line.ID, name: line.Name, subnet: subnet)
    }

    /// Any JSON text as a value.
    package static func json(_ text: String) -> JSONValue? { decoded(JSONValue.self, text) }

    package static func decoded<Value: Decodable>(_ type: Value.Type, _ text: String) -> Value? {
        try? JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
