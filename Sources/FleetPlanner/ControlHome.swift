// The control plane's home keeps its volume, and a volume does not move: whatever would take that host away, or make it
// a worker, is refused by name before anything else is thought about.
import FleetModel

/// What the manifest and people's wishes do to the host that holds the control plane's volume.
struct ControlHome {
    let situation: Situation

    /// The host with the volume; nil as long as there is none. What the Swarm says counts before what this folder
    /// believes: another operator may have brought the control plane up, on another host.
    var host: HostID? {
        if let serving = situation.servingHome { return serving }
        guard let before = situation.input.parent?.controlPlane else { return nil }
        let name = "muster-\(situation.policy.region)"
        let isThere = situation.swarms[before.cluster]?.facts.services.contains { $0.name == name } == true
        return situation.input.isHandedOff || isThere ? before.home : nil
    }

    func refusals(_ blueprint: Blueprint) -> [ReportEntry] {
        guard let home = host, let before = situation.input.parent?.controlPlane,
            let what = change(of: home, before, blueprint)
        else { return [] }
        return [
            .host(
                .refused, "control-plane-home", home,
                "holds the control plane's volume, and \(what); a volume does not move",
                hint: "keep it in the manifest as a manager of cluster `\(before.cluster)`; only `muster down` and "
                    + "`muster up` give the control plane another home")
        ]
    }

    private func change(of home: HostID, _ before: DesiredControlPlane, _ blueprint: Blueprint) -> String? {
        guard let host = situation.policy.hosts.first(where: { $0.name == home }) else {
            return "the manifest has it no more"
        }
        if situation.policy.controlCluster?.name != before.cluster { return "the manifest has another control cluster" }
        if host.cluster != before.cluster { return "the manifest moves it to cluster `\(host.cluster)`" }
        if situation.input.intents.rejoin.contains(home) { return "joining anew would take it from its Swarm" }
        if blueprint.hosts[home]?.role != .manager { return "the manifest makes it a worker" }
        return nil
    }
}
