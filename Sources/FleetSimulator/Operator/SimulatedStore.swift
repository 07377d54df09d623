// The `FleetStore` of the simulated world: the inventory file of one machine, with its transactions. A process that is
// killed at a call has either written all of it or nothing.
package import FleetModel
import FleetReconciler

/// What one machine keeps of its region. Lives inside the world's actor.
final class SimulatedInventory {
    var journal: [JournalEntry] = []
    var lives: [HostID: HostLife] = [:]
    var target: Blueprint?
    var plans: [PlanID: Plan] = [:]
    var isHandedOff = false
    /// Came along with the region.
    var handedLease: HandedLease?

    func add(_ entry: JournalEntry) {
        var entry = entry
        entry.sequence = journal.count + 1
        journal.append(entry)
    }
}

/// The way of one process to its inventory.
package struct SimulatedStore: FleetStore {
    let world: SimulatedWorld
    let process: OperatorProcess

    package func record(_ entry: JournalEntry, life: HostLife?) async throws(FleetProblem) {
        try await world.record(entry, life: life, process)
    }

    package func record(_ entries: [JournalEntry]) async throws(FleetProblem) {
        try await world.record(entries, process)
    }

    package func setTarget(_ blueprint: Blueprint, at time: Timestamp) async throws(FleetProblem) {
        try await world.setTarget(blueprint, process)
    }

    package func savePlan(_ plan: Plan, id: PlanID, at time: Timestamp) async throws(FleetProblem) {
        try await world.write(process, "savePlan") { $0.plans[id] = plan }
    }

    package func save(_ observation: FleetObservation) async throws(FleetProblem) {
        try await world.write(process, "save") { _ in }
    }
}

extension SimulatedWorld {
    /// The inventory in a folder of an operator's machine; made when it is not there.
    func inventory(_ folder: String) -> SimulatedInventory {
        if let inventory = inventories[folder] { return inventory }
        let inventory = SimulatedInventory()
        inventories[folder] = inventory
        return inventory
    }

    /// One transaction, with a place to die before and after it.
    func write(
        _ process: OperatorProcess, _ label: String, _ body: (SimulatedInventory) -> Void
    ) throws(FleetProblem) {
        try passStore(process, "before \(label)")
        body(inventory(process.folder))
        try passStore(process, "after \(label)")
    }

    func record(_ entry: JournalEntry, life: HostLife?, _ process: OperatorProcess) throws(FleetProblem) {
        try write(process, "record \(entry.phase.rawValue) \(entry.step)") { inventory in
            inventory.add(entry)
            if let life { inventory.lives[entry.host] = life }
        }
    }

    func record(_ entries: [JournalEntry], _ process: OperatorProcess) throws(FleetProblem) {
        try write(process, "record \(entries.count) entries") { entries.forEach($0.add) }
    }

    func setTarget(_ blueprint: Blueprint, _ process: OperatorProcess) throws(FleetProblem) {
        let generation = inventory(process.folder).target?.generation ?? 0
        guard blueprint.parent == generation else {
            throw FleetProblem(
                .refused, "stale-blueprint", subject: "region `\(blueprint.region)`",
                "its target has changed: generation \(generation), not \(blueprint.parent)", hint: "plan again")
        }
        try write(process, "setTarget") { $0.target = blueprint }
    }

    private func passStore(_ process: OperatorProcess, _ label: String) throws(FleetProblem) {
        if process.isAlive { passPort(process, label) }
        guard process.isAlive else { throw OperatorProcess.death }
    }

    // MARK: - What tests read

    package func journal(_ folder: String) -> [JournalEntry] { inventory(folder).journal }
    package func target(_ folder: String) -> Blueprint? { inventory(folder).target }
    package func lives(_ folder: String) -> [HostID: HostLife] { inventory(folder).lives }
    func folderOfHandOff() -> String? { inventories.keys.sorted().first { isHandedOff($0) } }
    package func isHandedOff(_ folder: String) -> Bool { inventory(folder).isHandedOff }
}
