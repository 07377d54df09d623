// One script at work on one host: it takes time, it can be cut off by the host's end, and it says what bootstrap/host's
// scripts say.
import FleetModel
import FleetReconciler

/// What a running script knows.
struct ScriptRun {
    let act: RemoteAct
    let host: SimulatedHost
    /// The start of the host in which it runs: it does not outlive that.
    let boot: Int
    let exchange: Exchange

    /// `$3`, `$4` … of the script; empty where the words end.
    func argument(_ index: Int) -> String {
        act.arguments.indices.contains(index) ? act.arguments[index] : ""
    }

    var region: String { argument(0) }
}

/// Why a script ends before its end.
enum ScriptStop: Error {
    /// `fail CODE TEXT`.
    case fails(String, String)
    /// Its host has lost its power.
    case died
}

extension SimulatedWorld {
    /// What a script says when it has come to its end.
    static let changed = ["changed"]
    static let unchanged = ["unchanged"]

    /// Takes time, and then is a place where host or connection may go; what comes after it is one effect.
    func stroke(_ run: ScriptRun, _ milliseconds: ClosedRange<Int>, _ label: String) async throws(ScriptStop) {
        await time.wait(run.host.random.milliseconds(milliseconds) * run.host.slowness)
        await thaw(run.host)
        passStroke(run, label)
        try check(run)
    }

    /// A frozen host runs nothing until it thaws. Nobody waits for more than a day.
    func thaw(_ host: SimulatedHost) async {
        var rounds = 0
        while host.isFrozen, host.isOn, rounds < 2880 {
            rounds += 1
            await time.wait(.seconds(30))
        }
    }

    /// The script is still there.
    func check(_ run: ScriptRun) throws(ScriptStop) {
        guard run.host.isOn, run.host.boots == run.boot else { throw .died }
    }

    /// `until_true SECONDS …` of prelude.sh.
    func poll(_ run: ScriptRun, seconds: Int, _ condition: () -> Bool) async throws(ScriptStop) -> Bool {
        for _ in 0..<seconds * 2 {
            try check(run)
            if condition() { return true }
            await time.wait(.milliseconds(500))
        }
        try check(run)
        return condition()
    }

    /// `claim_region` of prelude.sh.
    func claim(_ run: ScriptRun) throws(ScriptStop) {
        try ownRegion(run, run.region)
        try holdLease(run)
    }

    /// `own_region` of prelude.sh.
    func ownRegion(_ run: ScriptRun, _ region: String) throws(ScriptStop) {
        let other = run.host.made == nil ? "" : run.host.madeRegion
        if !other.isEmpty, other != region { throw .fails("other-region", other) }
    }

    /// Runs the script of an act to its end; gives the lines that it says, nil when the host died under it.
    func lines(of run: ScriptRun) async -> (lines: [String], status: Int)? {
        do {
            let lines = try await script(run)
            try await stroke(run, 1...5, "ends")
            try keepLease(run)
            if let other = run.host.acting.end(run.exchange.serial, isGood: true) {
                violation("F37: \(run.act.word) on \(run.host.name) succeeds beside a script of plan \(other.plan)")
            }
            return (lines, 0)
        } catch {
            _ = run.host.acting.end(run.exchange.serial, isGood: false)
            switch error {
            case .fails(let code, let text):
                note("host \(run.host.name): \(run.act.word) fails: \(code) \(text)")
                return (["fail \(code) \(text)"], 1)
            case .died: return nil
            }
        }
    }

    private func script(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        switch run.act.word {
        case "install-engine": return try await installEngine(run)
        case "authorize-region-key": return try await authorizeRegionKey(run)
        case "load-image": return try await loadImage(run)
        case "start-control-plane": return try await startControlPlane(run)
        case "remove-control-plane": return try await removeControlPlane(run)
        case "record-witness": return try await recordWitness(run)
        case "restore-host": return try await restoreHost(run)
        case "lease": return try await lease(run)
        case _: return try await swarmScript(run)
        }
    }

    private func swarmScript(_ run: ScriptRun) async throws(ScriptStop) -> [String] {
        switch run.act.word {
        case "init-swarm": return try await initSwarm(run)
        case "join-swarm": return try await joinSwarm(run)
        case "reset-swarm": return try await resetSwarm(run)
        case "leave-swarm": return try await leaveSwarm(run)
        case "evict-swarm": return try await evictSwarm(run)
        case "adopt-swarm": return try await adoptSwarm(run)
        case "swarm-token": return try await swarmToken(run)
        case "label-node": return try await labelNode(run)
        case "promote-node": return try await promoteNode(run)
        case "demote-node": return try await demoteNode(run)
        case "drain-node": return try await drainNode(run)
        case "activate-node": return try await activateNode(run)
        case "remove-node": return try await removeNode(run)
        case _: throw .fails("unknown-step", run.act.word)
        }
    }
}
