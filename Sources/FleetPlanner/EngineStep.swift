// Whether a host's engine is as the policy wants it, and the step that makes it so.
import FleetModel

/// The engine of one living host.
struct EngineStep {
    let host: HostPolicy
    let facts: HostFacts
    let policy: EnginePolicy

    /// nil when the engine is there, runs, and has all keys that the policy asks for.
    func step() -> Step? {
        guard let reason else { return nil }
        let keys = policy.daemon.keys.sorted()
        return Step(
            id: StepID("install-engine/\(host.name)"),
            action: .installEngine(version: policy.version, daemon: mergedDaemon, keys: keys), host: host.name,
            reason: reason)
    }

    private var reason: String? {
        guard let engine = facts.engine else { return "no engine is installed" }
        if !engine.isRunning { return "the engine is installed and does not run" }
        let missing = policy.daemon.keys.sorted().filter { present[$0] != policy.daemon[$0] }
        return missing.isEmpty ? nil : "daemon.json lacks `\(missing.joined(separator: "`, `"))`"
    }

    private var present: [String: JSONValue] {
        if case .object(let members)? = facts.engine?.daemon { members } else { [:] }
    }

    /// daemon.json as it is with the policy's keys put in; nil when the policy asks for none.
    private var mergedDaemon: JSONValue? {
        policy.daemon.isEmpty ? nil : .object(present.merging(policy.daemon) { _, wanted in wanted })
    }
}
