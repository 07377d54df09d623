// One host in memory and what the scripts' acts do to it; FakeHosts holds them all.
import DockerEngine
import FleetModel
import FleetReconciler

/// What a host of the fake region has.
struct FakeHost {
    let name: HostID
    let address: String
    var isUp = true
    var hasEngine = false
    var daemon = "-"
    var node: NodeID?
    var isManager = false
    var availability = "active"
    var labels: [String: String] = [:]
    /// made.json, by kind; nil while there is none.
    var made: [String: [String]]?
    var lease: LeaseFacts?

    var madeJSON: String {
        let kinds = ["packages", "daemonKeys", "swarm", "regionKeyFrom", "regionKey", "images", "files"]
        let lists = kinds.map { "\"\($0)\":[\((made?[$0] ?? []).map { "\"\($0)\"" }.joined(separator: ","))]" }
        return "{\"region\":\"eu1\",\(lists.joined(separator: ","))}"
    }
}

extension FakeHosts.State {
    /// Runs `act` on `host` and gives what its script would print.
    mutating func answer(_ act: RemoteAct, _ host: HostID) -> ShellOutput {
        if act.word == "probe" { return FakeHosts.output(probe(host)) }
        if act.word == "swarm-token" {
            let token = act.arguments.first == "manager" ? FakeHosts.managerToken : FakeHosts.workerToken
            return FakeHosts.output(["token \(token)"])
        }
        if act.word == "lease" { return lease(act, host) }
        if let terms = act.lease, let problem = hold(terms, host) { return problem }
        let before = hosts
        let hadServices = services
        if let problem = change(act, host) { return FakeHosts.output(["fail \(problem)"], status: 1) }
        let isChange = hosts.mapValues(\.fingerprint) != before.mapValues(\.fingerprint) || services != hadServices
        if isChange { effects.append("\(act.word)/\(host)") }
        return FakeHosts.output([isChange ? "changed" : "unchanged"])
    }

    /// The act's effect; a text where the script would fail.
    private mutating func change(_ act: RemoteAct, _ host: HostID) -> String? {
        let arguments = act.arguments
        switch act.word {
        case "install-engine":
            hosts[host]?.hasEngine = true
            hosts[host]?.daemon = arguments[2]
            note(host, "packages", ["docker.io"])
        case "authorize-region-key":
            note(host, "regionKey", [arguments[2]])
            note(host, "regionKeyFrom", [arguments.dropFirst(3).joined(separator: ",")])
        case "init-swarm": enter(host, isManager: true, cluster: arguments[1])
        case "join-swarm":
            guard let token = act.secret?.exposed else { return "no-token no token came on stdin" }
            enter(host, isManager: token == FakeHosts.managerToken, cluster: arguments[1])
        case "promote-node": onNode(arguments) { $0.isManager = true }
        case "demote-node": onNode(arguments) { $0.isManager = false }
        case "drain-node": onNode(arguments) { $0.availability = "drain" }
        case "activate-node": onNode(arguments) { $0.availability = "active" }
        case "remove-node": onNode(arguments) { $0.node = nil }
        case "adopt-swarm": note(host, "swarm", [arguments[1]])
        case "label-node": label(arguments)
        case "load-image": note(host, "images", [arguments[1]])
        case "start-control-plane": services.insert(arguments[1])
        case "remove-control-plane": services.remove(arguments[1])
        case "leave-swarm", "reset-swarm", "evict-swarm": leave(host)
        case "restore-host":
            hosts[host]?.made = nil
            hosts[host]?.lease = nil
            hosts[host]?.hasEngine = false
        default: return "unknown-step \(act.word)"
        }
        return nil
    }

    private mutating func note(_ host: HostID, _ kind: String, _ items: [String]) {
        var made = hosts[host]?.made ?? [:]
        made[kind] = items
        hosts[host]?.made = made
    }

    private mutating func enter(_ host: HostID, isManager: Bool, cluster: String) {
        if hosts[host]?.node != nil { return }
        note(host, "swarm", [cluster])
        hosts[host]?.node = NodeID("node-\(host)")
        hosts[host]?.isManager = isManager
    }

    private mutating func leave(_ host: HostID) {
        note(host, "swarm", [])
        hosts[host]?.node = nil
        hosts[host]?.isManager = false
        hosts[host]?.labels = [:]
    }

    private mutating func onNode(_ arguments: [String], _ body: (inout FakeHost) -> Void) {
        guard let host = hosts.first(where: { $0.value.node?.rawValue == arguments.last })?.key else { return }
        body(&hosts[host]!)
    }

    private mutating func label(_ arguments: [String]) {
        onNode(arguments) { host in
            for (word, next) in zip(arguments, arguments.dropFirst()) where word == "--label-add" {
                let parts = next.split(separator: "=", maxSplits: 1).map(String.init)
                host.labels[parts[0]] = parts[1]
            }
        }
    }

    // MARK: - Probe

    private func probe(_ name: HostID) -> [String] {
        guard let host = hosts[name] else { return [] }
        var lines = [
            "clock 1000", "privilege root", "hostname \(name)", "machine-id m-\(name)", "boot-id b", "os.id debian",
            "os.version 12", "init systemd", "kernel 6.1", "cpus 4", "memory-kib 8388608", "available-kib 8388608",
            "disk-kib 83886080", "disk-free-kib 83886080", "root-writable yes", "sources 1",
        ]
        if let lease = host.lease {
            let state = lease.isReleased ? "released" : lease.isLive ? "live" : "expired"
            lines.append("lease \(state) \(lease.epoch) \(lease.since.secondsSinceEpoch) \(lease.owner) \(lease.plan)")
        }
        if host.made != nil { lines.append("made \(host.madeJSON)") }
        if host.hasEngine { lines += engine(host) }
        return lines + ["end"]
    }

    private func engine(_ host: FakeHost) -> [String] {
        let swarm =
            host.node.map { #""NodeID":"\#($0)","LocalNodeState":"active","ControlAvailable":\#(host.isManager)"# }
            ?? #""LocalNodeState":"inactive""#
        var lines = [
            "engine.origin apt", "engine.version 20.10.24",
            #"engine.info {"ID":"E-\#(host.name)","Driver":"overlay2","ServerVersion":"20.10.24","Swarm":{\#(swarm)}}"#,
        ]
        if host.daemon != "-" { lines.append("engine.daemon \(host.daemon)") }
        guard host.isManager else { return lines }
        lines.append("cluster yes")
        for node in hosts.values.sorted(by: { $0.name < $1.name }) {
            if let id = node.node { lines.append(line(id, node)) }
        }
        return lines
            + services.flatMap { name in
                [
                    "service \(name) muster:1 1/1",
                    #"service-spec {"Name":"\#(name)","RegionKey":"\#(Bench.secrets.regionPublicKey)"}"#,
                ]
            }
    }

    private func line(_ id: NodeID, _ host: FakeHost) -> String {
        let labels = host.labels.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(
            separator: ",")
        let role = host.isManager ? "manager" : "worker"
        let state = host.isUp ? "ready" : "down"
        return
            #"node {"ID":"\#(id)","Spec":{"Role":"\#(role)","Availability":"\#(host.availability)","Labels":{\#(labels)}},"#
            + #""Status":{"State":"\#(state)","Addr":"\#(host.address)"}}"#
    }
}

extension FakeHost {
    /// All that a change can change.
    fileprivate var fingerprint: String {
        "\(hasEngine) \(daemon) \(String(describing: node)) \(isManager) \(availability) \(labels.sorted { $0.key < $1.key }) \(made == nil) \(madeJSON)"
    }
}

// MARK: - Lease

extension FakeHosts.State {
    /// As `lease_hold` of prelude.sh.
    private mutating func hold(_ terms: LeaseTerms, _ host: HostID) -> ShellOutput? {
        let held = hosts[host]?.lease
        if let held, held.epoch > terms.epoch { return refuse("fenced", held) }
        if let held, held.epoch == terms.epoch, held.owner != terms.owner { return refuse("leased", held) }
        take(terms, host)
        return nil
    }

    /// As lease.sh.
    private mutating func lease(_ act: RemoteAct, _ host: HostID) -> ShellOutput {
        guard var terms = act.lease else { return FakeHosts.output(["fail no-terms"], status: 1) }
        let held = hosts[host]?.lease
        let isMine = held?.owner == terms.owner && held?.epoch == terms.epoch
        switch act.arguments[0] {
        case "acquire":
            if let held, held.owner != terms.owner, held.isLive, held.epoch > Int(act.arguments[2]) ?? 0 {
                return refuse("leased", held)
            }
            terms.epoch = max(terms.epoch, (held?.epoch ?? 0) + 1)
            take(terms, host)
            return FakeHosts.output(["epoch \(terms.epoch)", "changed"])
        case "renew":
            guard isMine else { return refuse("lease-lost", held) }
        default:
            guard isMine else { return FakeHosts.output(["unchanged"]) }
            hosts[host]?.lease?.isLive = false
            hosts[host]?.lease?.isReleased = true
        }
        return FakeHosts.output(["changed"])
    }

    private mutating func take(_ terms: LeaseTerms, _ host: HostID) {
        hosts[host]?.lease = LeaseFacts(
            owner: terms.owner, epoch: terms.epoch, plan: terms.plan, since: Timestamp(secondsSinceEpoch: 1000),
            isLive: true)
    }

    private func refuse(_ code: String, _ held: LeaseFacts?) -> ShellOutput {
        let who = held.map { "\($0.owner) \($0.since.secondsSinceEpoch) \($0.plan) \($0.epoch)" } ?? "- 0 - 0"
        return FakeHosts.output(["fail \(code) \(who)"], status: 1)
    }
}
