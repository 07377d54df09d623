// What people do to a region at rest: hosts are taken out of the manifest, given to it, reinstalled.
import FleetModel
import FleetPlanner

extension Story {
    /// The same, brought up. `handedOff` false leaves the control plane out, so that its home may change.
    func atRest(handedOff: Bool = true) -> Story {
        var story = self
        var plan = story.plan()
        if !handedOff {
            plan.steps.removeAll { ["start-control-plane", "hand-off"].contains($0.action.word) }
        }
        story.carryOut(plan)
        return story
    }

    /// A region at rest whose first manager made a Swarm, was lost, and came back when another had made a second one.
    static func splitOff() -> Story {
        var story = Story()
        for step in story.plan().steps.prefix(while: { $0.action.word != "join-swarm" }) { story.world.perform(step) }
        story.kill("h1")
        story.bringUp()
        story.revive("h1")
        return story
    }

    /// Takes hosts out of the manifest; the machines stay.
    mutating func take(_ hosts: HostID...) { policy.hosts.removeAll { hosts.contains($0.name) } }

    /// A bare host more, in the manifest too.
    mutating func give(_ name: HostID, cluster: ClusterID = "control") {
        let address = "198.18.9.\(name.rawValue.dropFirst())"
        let role: NodeRole? = policy.hosts.contains { $0.role != nil } ? .worker : nil
        policy.hosts.append(HostPolicy(name: name, address: address, domain: "c", cluster: cluster, role: role))
        world.addBareHost(name, address: address)
    }

    /// The machine's disk is new: another machine-id, no engine, nothing made; its old node stays in the Swarm's list.
    mutating func reinstall(_ name: HostID) {
        let address = policy[name]?.address ?? ""
        world.addBareHost(name, address: address)
        host(name) { $0.identity.machineID = "machine-\(name)-new" }
    }

    /// Nobody can log in any more; its Swarm still hears it.
    mutating func cutOff(_ name: HostID) { world.machines[name]?.isCutOff = true }

    var lastPlan: Plan? { told }

    static func step(_ id: StepID, in plan: Plan?) -> Step? { plan?.steps.first { $0.id == id } }
}

extension FleetPolicy {
    /// A host of the manifest by its name.
    subscript(name: HostID) -> HostPolicy? {
        get { host(name) }
        set {
            guard let index = hosts.firstIndex(where: { $0.name == name }), let newValue else { return }
            hosts[index] = newValue
        }
    }
}
