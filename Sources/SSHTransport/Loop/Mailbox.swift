// The only door between the async world and the event loop's thread: a locked list and an eventfd that rings.
import CLibSSH2
import Glibc
import Synchronization

/// Messages for the loop, in order. Posting never blocks.
final class Mailbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var isClosed = false
    }
    private let state = Mutex(State())
    let bell: Int32

    /// nil when the process has no descriptor left.
    init?() {
        bell = eventfd(0, muster_eventfd_flags)
        if bell < 0 { return nil }
    }

    deinit { close(bell) }

    /// False when the loop has ended: nobody will ever read the message.
    func post(_ message: Message) -> Bool {
        let (isOpen, isFirst) = state.withLock { state in
            if state.isClosed { return (false, false) }
            state.messages.append(message)
            return (true, state.messages.count == 1)
        }
        if isFirst {
            var one: UInt64 = 1
            _ = write(bell, &one, 8)
        }
        return isOpen
    }

    func takeAll() -> [Message] {
        var count: UInt64 = 0
        _ = read(bell, &count, 8)
        return state.withLock { state in
            defer { state.messages = [] }
            return state.messages
        }
    }

    /// From now on every post is refused; returns what had come before.
    func closeAndTakeAll() -> [Message] {
        state.withLock { state in
            state.isClosed = true
            defer { state.messages = [] }
            return state.messages
        }
    }
}
