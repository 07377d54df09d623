// Clocks that move when a test says so, or when somebody waits: minutes pass in no time, and in the same order each
// time.
import FleetModel
import FleetReconciler
import Synchronization

/// Moves on by itself: who waits is answered at once, and the time is later then.
final class HastyClock: FleetClock {
    private let time = Mutex(Duration.seconds(1))

    func now() -> Timestamp { Timestamp(secondsSinceEpoch: 1000) }
    func uptime() -> Duration { time.withLock { $0 } }
    func sleep(for duration: Duration) async throws(CancellationError) {
        if Task.isCancelled { throw CancellationError() }
        time.withLock { $0 += duration }
    }
}

/// Stands still until a test moves it.
final class ManualClock: FleetClock {
    private struct State {
        var now = Duration.seconds(1)
        var next = 0
        var sleepers: [Int: (due: Duration, wake: CheckedContinuation<Bool, Never>)] = [:]
    }

    private let state = Mutex(State())
    /// How long each that began to wait means to wait.
    let sleeps: AsyncStream<Duration>
    private let slept: AsyncStream<Duration>.Continuation

    init() { (sleeps, slept) = AsyncStream.makeStream(of: Duration.self) }

    func now() -> Timestamp { Timestamp(secondsSinceEpoch: 1000) }
    func uptime() -> Duration { state.withLock(\.now) }

    func sleep(for duration: Duration) async throws(CancellationError) {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        let isOver = await withTaskCancellationHandler {
            await withCheckedContinuation { wake in
                let isCancelled = state.withLock { state in
                    if Task.isCancelled { return true }
                    state.sleepers[id] = (state.now + duration, wake)
                    return false
                }
                if isCancelled { wake.resume(returning: false) } else { slept.yield(duration) }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.wake.resume(returning: false)
        }
        if !isOver { throw CancellationError() }
    }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now += duration
            let due = state.sleepers.filter { $0.value.due <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.sorted { $0.key < $1.key }.map(\.value.wake)
        }
        for wake in due { wake.resume(returning: true) }
    }
}
