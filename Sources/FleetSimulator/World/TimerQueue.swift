// Who waits until when: a binary heap by time, and by order of arrival among those of the same time.

/// Timers, the earliest first.
struct TimerQueue {
    struct Timer {
        let at: Duration
        /// Decides between timers of the same time, so that the order never depends on the heap's shape.
        let order: Int
        let wake: UnsafeContinuation<Void, Never>

        func isBefore(_ other: Timer) -> Bool { (at, order) < (other.at, other.order) }
    }

    private var heap: [Timer] = []
    private var made = 0

    /// A number for a timer that is not there yet.
    mutating func makeOrder() -> Int {
        made += 1
        return made
    }

    mutating func insert(at: Duration, order: Int? = nil, _ wake: UnsafeContinuation<Void, Never>) {
        heap.append(Timer(at: at, order: order ?? makeOrder(), wake: wake))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes a timer out before its time; nil when it is not there.
    mutating func remove(order: Int) -> UnsafeContinuation<Void, Never>? {
        guard let index = heap.firstIndex(where: { $0.order == order }) else { return nil }
        let wake = heap[index].wake
        let left = heap.enumerated().filter { $0.offset != index }.map(\.element)
        heap = []
        for timer in left { insert(at: timer.at, order: timer.order, timer.wake) }
        return wake
    }

    mutating func removeFirst() -> Timer? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return first }
        heap[0] = last
        var parent = 0
        while let child = [2 * parent + 1, 2 * parent + 2].filter({ $0 < heap.count })
            .min(by: { heap[$0].isBefore(heap[$1]) }), heap[child].isBefore(heap[parent])
        {
            heap.swapAt(child, parent)
            parent = child
        }
        return first
    }
}
