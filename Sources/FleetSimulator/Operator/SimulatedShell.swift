// The `HostShell` of the simulated world: what a connection and a script would do, with all the ways to lose them.
package import FleetModel
package import FleetReconciler

/// The way of one process to its hosts.
package struct SimulatedShell: HostShell {
    let world: SimulatedWorld
    let process: OperatorProcess

    package func run(_ act: RemoteAct, on host: HostPolicy) async throws(ShellFailure) -> ShellOutput {
        try await world.exec(act, on: host.name, process)
    }

    package func execCounts(of hosts: [HostPolicy]) -> [HostID: Int] {
        let execs = process.execs
        return Dictionary(uniqueKeysWithValues: hosts.map { ($0.name, execs[$0.name] ?? 0) })
    }
}

extension SimulatedWorld {
    func exec(_ act: RemoteAct, on name: HostID, _ process: OperatorProcess) async throws(ShellFailure) -> ShellOutput {
        let label = "\(act.word) on \(name)"
        try passShell(process, "before \(label)")
        process.count(name)
        await time.wait(random.milliseconds(2...20))
        guard let host = hosts[name], host.isOn, !network.cut.contains(name) else {
            // Ten seconds: SSHTransport's own deadline for a connection.
            await time.wait(.seconds(10))
            throw .timedOut(name, "connection", isOutcomeUnknown: false)
        }
        let exchange = open(name, process)
        start(act, on: host, exchange)
        let end = await withUnsafeContinuation { exchange.wait($0) }
        exchanges[exchange.serial] = nil
        try passShell(process, "after \(label)")
        switch end {
        case .answered(let output): return output
        case .failed(let failure): throw failure
        }
    }

    private func passShell(_ process: OperatorProcess, _ label: String) throws(ShellFailure) {
        if process.isAlive { passPort(process, label) }
        guard process.isAlive else { throw ShellFailure(OperatorProcess.death, isOutcomeUnknown: false) }
    }

    /// Starts the script, and the deadline beside it.
    private func start(_ act: RemoteAct, on host: SimulatedHost, _ exchange: Exchange) {
        let (name, serial, nonce) = (host.name, exchange.serial, exchange.process.nonce)
        if act.word != "probe" { note("host \(name): \(act.word) \(act.arguments.joined(separator: " "))") }
        spawn { await $0.expire(serial, after: act.deadline) }
        let loses = host.random.chance(network.loss[name] ?? 0)
        // Half of the lost connections are lost before the script has started.
        if loses, host.random.chance(50) { return cutConnection(exchange) }
        if loses { cutConnection(exchange) }
        spawn { await $0.work(act, on: name, serial, nonce: nonce) }
    }

    private func work(_ act: RemoteAct, on name: HostID, _ serial: Int, nonce: String) async {
        guard let host = hosts[name], let exchange = exchanges[serial] else { return }
        let run = ScriptRun(act: act, host: host, boot: host.boots, exchange: exchange)
        guard let (lines, status) = act.word == "probe" ? await look(run) : await lines(of: run), !exchange.isCut else {
            return
        }
        let text = "Welcome to \(name)!\n" + lines.map { "\(nonce) \($0)\n" }.joined()
        exchange.settle(.answered(ShellOutput(standardOutput: text, exitStatus: status)))
    }

    /// A probe: it takes a moment, and nothing can be half done by it.
    private func look(_ run: ScriptRun) async -> (lines: [String], status: Int)? {
        await time.wait(run.host.random.milliseconds(50...250) * run.host.slowness)
        await thaw(run.host)
        guard (try? check(run)) != nil else { return nil }
        return (probe(run.host), 0)
    }
}
