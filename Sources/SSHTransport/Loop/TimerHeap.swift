// Deadlines of all sessions in one binary heap; the event loop sleeps until the first.

/// A deadline that can be called off. Cancelled timers stay in the heap until they are due or swept.
final class Timer {
    fileprivate let due: Moment
    fileprivate var action: (() -> Void)?
    fileprivate init(due: Moment, action: @escaping () -> Void) {
        self.due = due
        self.action = action
    }
    var isPending: Bool { action != nil }
}

struct TimerHeap {
    private var heap: [Timer] = []
    private var cancelled = 0

    var next: Moment? { heap.first?.due }
    var count: Int { heap.count }

    mutating func schedule(at due: Moment, _ action: @escaping () -> Void) -> Timer {
        let timer = Timer(due: due, action: action)
        heap.append(timer)
        var child = heap.count - 1
        while child > 0, heap[child].due < heap[(child - 1) / 2].due {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
        return timer
    }

    /// Commands set long deadlines and end early: when most of the heap is dead, it is built anew.
    mutating func cancel(_ timer: Timer?) {
        guard let timer, timer.action != nil else { return }
        timer.action = nil
        cancelled += 1
        guard cancelled > 64, cancelled > heap.count / 2 else { return }
        heap.removeAll { $0.action == nil }
        cancelled = 0
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(index) }
    }

    /// The action of one timer that is due, or nil.
    mutating func takeDue(at now: Moment) -> (() -> Void)? {
        while let first = heap.first {
            if first.action != nil && now < first.due { return nil }
            heap.swapAt(0, heap.count - 1)
            heap.removeLast()
            sink(0)
            if let action = first.action {
                first.action = nil
                return action
            }
            cancelled -= 1
        }
        return nil
    }

    private mutating func sink(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].due < heap[least].due
            {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
