// Group commit: entries that many hosts' steps write at the same time share one transaction, hence one sync of the disk
// (decision 10). Nobody waits for company: an entry is written as soon as the transaction before it has ended.

import FleetModel
import Synchronization

/// The entries that wait for the next transaction; as many as there are steps running, so it needs no bound.
final class JournalQueue: Sendable {
    struct Waiting: Sendable {
        let entry: JournalEntry
        let life: HostLife?
        /// Told its sequence when it is on the disk.
        let written: CheckedContinuation<Result<Int, any Error>, Never>
    }

    private let waiting = Mutex<[Waiting]>([])

    /// Adds an entry. Whether it is the first, so that its writer is the one who starts a transaction.
    func add(_ item: Waiting) -> Bool {
        waiting.withLock { items in
            items.append(item)
            return items.count == 1
        }
    }

    fileprivate func takeAll() -> [Waiting] {
        waiting.withLock { items in
            defer { items = [] }
            return items
        }
    }

    /// What one transaction writes: everything that waits when it begins.
    final class Batch: Sendable {
        private let queue: JournalQueue
        private let taken = Mutex<[Waiting]?>(nil)

        init(of queue: JournalQueue) { self.queue = queue }

        /// The same entries at each call: those that waited at the first. A transaction that could not even begin takes
        /// them afterwards, to tell them.
        var entries: [Waiting] {
            taken.withLock { taken in
                if let taken { return taken }
                let all = queue.takeAll()
                taken = all
                return all
            }
        }

        func end(with result: Result<[Int], any Error>) {
            for (index, item) in entries.enumerated() { item.written.resume(returning: result.map { $0[index] }) }
        }
    }
}
