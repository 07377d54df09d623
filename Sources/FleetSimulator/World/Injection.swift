// The places where a world can be hurt. Each is counted as it is passed; a run with the same seed passes the same ones
// in the same order up to the one that is hurt, so that a sweep can try them all.
import FleetModel

/// One thing that goes wrong at one place.
package struct Injection: Hashable, Sendable {
    package enum Action: String, Hashable, Sendable, CaseIterable {
        /// `kill -9` of the operator's process: its ports refuse from now on, as those of a dead process.
        case killOperator
        /// The host loses its power and stays without.
        case powerOff
        /// The operator's connection to the host breaks; the script there goes on.
        case cutConnection
    }

    package let point: Int
    package let action: Action

    package init(point: Int, action: Action) { (self.point, self.action) = (point, action) }
}

/// A place that was passed.
package struct InjectionPoint: Hashable, Sendable {
    package let number: Int
    /// What may be done here.
    package let actions: [Injection.Action]
    package let label: String
}

extension SimulatedWorld {
    /// Hurts the world when it passes the point that `injection` names.
    package func inject(_ injection: Injection?) { self.injection = injection }

    /// Passes a place where an operator's process may die.
    func passPort(_ process: OperatorProcess, _ label: String) {
        let isInjected = pass([.killOperator], label)?.action == .killOperator
        guard isInjected || isLastCall() else { return }
        note("operator \(process.name): killed at \(label)")
        process.die()
        hasKilledOperator = true
        closeExchanges(of: process)
    }

    /// Passes a place where the host may lose its power, or the operator its connection.
    func passStroke(_ run: ScriptRun, _ label: String) {
        guard let injection = pass([.powerOff, .cutConnection], "\(run.host.name): \(run.act.word): \(label)") else {
            return
        }
        switch injection.action {
        case .powerOff: powerOff(run.host.name)
        case .cutConnection: cutConnection(run.exchange)
        case .killOperator: return
        }
    }

    private func pass(_ actions: [Injection.Action], _ label: String) -> Injection? {
        points.append(InjectionPoint(number: points.count, actions: actions, label: label))
        guard let injection, injection.point == points.count - 1 else { return nil }
        self.injection = nil
        note("point \(injection.point): \(injection.action.rawValue) at \(label)")
        return injection
    }
}
