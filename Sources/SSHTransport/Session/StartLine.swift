// Hosts that wait for their start, first come, first served: one line for those that are reached directly, one for each
// bastion, so that a slow bastion delays nobody else's hosts.

final class StartLine {
    var window: StartWindow
    private var queue: [HostSlot] = []
    private var head = 0

    init(window: StartWindow) { self.window = window }

    func append(_ slot: HostSlot) { queue.append(slot) }

    /// The next that still wants to start; nil when there is none, or no room for it.
    func next() -> HostSlot? {
        while head < queue.count, window.hasRoom {
            let slot = queue[head]
            if slot.phase == .queued, slot.hasWork { return slot }
            head += 1
            slot.leaveQueue()
        }
        if head == queue.count {
            queue = []
            head = 0
        }
        return nil
    }

    /// `next()` starts.
    func startNext() {
        let slot = queue[head]
        head += 1
        slot.start(window.take())
    }
}
