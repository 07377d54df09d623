// Time of a simulated world, and the one thread that runs in it. Jobs run in the order in which they became ready; when
// none is, the clock jumps to the next timer. So a run depends on its seed alone, and an hour of waiting costs nothing.
package import FleetModel
import FleetReconciler
import Synchronization

/// A clock that jumps, and the executor of every task that waits for it.
package final class VirtualTime: TaskExecutor, FleetClock {
    private struct State {
        var now = Duration.zero
        var ready: [UnownedJob] = []
        /// Index of the next job in `ready`; those before it have run.
        var next = 0
        var timers = TimerQueue()
    }

    private let state = Mutex(State())

    package init() {}

    // MARK: - Clock

    /// 2027-01-15T08:00:00Z: any time will do, as long as it is the same in every run.
    static let start = 1_800_000_000

    package func now() -> Timestamp {
        Timestamp(secondsSinceEpoch: Self.start + Int(uptime().components.seconds))
    }

    package func uptime() -> Duration { state.withLock(\.now) }

    /// Suspends the caller for `duration` of virtual time.
    package func wait(_ duration: Duration) async {
        await withUnsafeContinuation { wake in
            state.withLock { $0.timers.insert(at: $0.now + max(.zero, duration), wake) }
        }
    }

    /// The same, until the caller's task is cancelled: then it ends at once.
    package func sleep(for duration: Duration) async throws(CancellationError) {
        let order = state.withLock { $0.timers.makeOrder() }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { wake in
                if Task.isCancelled { return wake.resume() }
                state.withLock { $0.timers.insert(at: $0.now + max(.zero, duration), order: order, wake) }
            }
        } onCancel: {
            state.withLock { $0.timers.remove(order: order) }?.resume()
        }
        if Task.isCancelled { throw CancellationError() }
    }

    // MARK: - Running

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(job) }
    }

    /// A year of virtual time: whatever still waits then, waits for ever.
    private static let end = Duration.seconds(365 * 86_400)

    /// Runs `body` and everything that it starts to the end, on the calling thread.
    /// - Returns: what `body` gave; nil when it waits for something that never comes.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value? {
        let result = Result<Value>()
        _ = Task(executorPreference: self) { result.put(await body()) }
        while step() {}
        return result.value
    }

    private final class Result<Value: Sendable>: Sendable {
        private let kept = Mutex<Value?>(nil)
        func put(_ value: Value) { kept.withLock { $0 = value } }
        var value: Value? { kept.withLock { $0 } }
    }

    /// Runs one job, or moves the clock to the next timer; false when there is neither.
    private func step() -> Bool {
        if let job = nextJob() {
            job.runSynchronously(on: asUnownedTaskExecutor())
            return true
        }
        let wake = state.withLock { state -> UnsafeContinuation<Void, Never>? in
            guard let timer = state.timers.removeFirst(), timer.at < Self.end else { return nil }
            state.now = max(state.now, timer.at)
            return timer.wake
        }
        wake?.resume()
        return wake != nil
    }

    private func nextJob() -> UnownedJob? {
        state.withLock { state in
            guard state.next < state.ready.count else {
                state.ready.removeAll(keepingCapacity: true)
                state.next = 0
                return nil
            }
            defer { state.next += 1 }
            return state.ready[state.next]
        }
    }
}
