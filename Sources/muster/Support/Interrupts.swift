// Ctrl-C and SIGTERM while a plan runs: the first asks the run to stop, the second ends the process where it stands.
import Dispatch
import FleetReconciler
import Glibc

/// Turns signals into a stop, as long as it is not ended.
final class Interrupts {
    private let sources: [any DispatchSourceSignal]

    private static let signals = [SIGINT, SIGTERM]
    private static let interrupted: Int32 = 130

    init(_ stop: StopSignal) {
        sources = Self.signals.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { Self.take(stop) }
            source.activate()
            return source
        }
    }

    /// Signals end the process again.
    func end() {
        for source in sources { source.cancel() }
        for number in Self.signals { signal(number, SIG_DFL) }
    }

    private static func take(_ stop: StopSignal) {
        guard stop.reason == nil else { _exit(interrupted) }
        stop.stop(.interrupted)
        Console.aside("stopping: the steps in hand are finished, nothing new is started; once more ends at once")
    }
}
