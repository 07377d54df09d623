// The reconciler's memory, met by the inventory.
package import FleetModel
import FleetReconciler
package import InventoryStore

/// An inventory as the place where plans, journal and facts are kept.
package struct InventoryFleetStore: FleetStore {
    let inventory: Inventory

    package init(_ inventory: Inventory) { self.inventory = inventory }

    package func record(_ entry: JournalEntry, life: HostLife?) async throws(FleetProblem) {
        _ = try await inventory.record(entry, life: life)
    }

    package func record(_ entries: [JournalEntry]) async throws(FleetProblem) {
        _ = try await inventory.record(entries)
    }

    package func setTarget(_ blueprint: Blueprint, at time: Timestamp) async throws(FleetProblem) {
        try await inventory.setTarget(blueprint, at: time)
        try await inventory.syncHosts(with: blueprint, at: time)
    }

    package func savePlan(_ plan: Plan, id: PlanID, at time: Timestamp) async throws(FleetProblem) {
        try await inventory.savePlan(id: id, plan: plan, at: time)
    }

    package func save(_ observation: FleetObservation) async throws(FleetProblem) {
        try await inventory.save(observation)
    }
}
