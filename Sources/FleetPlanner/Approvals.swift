// Which plans people must agree to by typing a number (F44): those that remove much, or that cost any manager its role.
import FleetModel

extension PlanApproval {
    /// More than one host in ten: fewer is the everyday business of a region, more is a mistake often enough to ask.
    static let mostPercent = 10

    /// nil when `steps` need no agreement.
    init?(steps: [Step], situation: Situation) {
        let leaving = Set(situation.input.leaving.map(\.name))
        let removed = Set(steps.map(\.subject)).intersection(leaving).count
        let hosts = situation.hosts.count
        var managers: Set<HostID> = []
        for step in steps {
            switch step.action {
            case .demoteNode: managers.insert(step.subject)
            case .leaveSwarm:
                if situation.facts(of: step.subject)?.swarm.isManager == true { managers.insert(step.subject) }
            case .installEngine, .authorizeRegionKey, .initSwarm, .resetSwarm, .joinSwarm, .promoteNode, .drainNode,
                .activateNode, .removeNode, .evictSwarm, .adoptSwarm, .labelNode, .loadImage, .startControlPlane,
                .handOff,
                .removeControlPlane, .restoreHost:
                break
            }
        }
        guard removed * 100 > hosts * Self.mostPercent || !managers.isEmpty else { return nil }
        self.init(removedHosts: removed, hosts: hosts, managers: managers.sorted())
    }
}
