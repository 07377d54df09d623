// One thread for all sessions: epoll for sockets, a heap for deadlines, a mailbox for everybody else (ADR 0003).
import CLibSSH2
import Glibc

/// Something with a descriptor in the loop.
protocol Descriptor: AnyObject {
    /// Edge-triggered: work until it would block, or the edge is lost.
    func ready(isGone: Bool)
}

/// Confined to its thread, as is everything that hangs on it; therefore no class here is Sendable.
final class EventLoop {
    private let epoll: Int32
    private var timers = TimerHeap()
    private var descriptors: [UInt64: any Descriptor] = [:]
    private var lastToken: UInt64 = 0
    /// Never blocks; so it also stands in where libssh2 wants a descriptor to look at and a session has none.
    let bell: Int32
    private var isRunning = true
    /// For reads of all sessions: 32 KiB is the largest packet, so that one read takes one whole.
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 16)

    /// nil when the process has no descriptor left.
    init?(bell: Int32) {
        self.bell = bell
        epoll = epoll_create1(muster_epoll_cloexec)
        if epoll < 0 { return nil }
        var event = epoll_event(events: muster_epoll_in, data: epoll_data_t(u64: 0))
        epoll_ctl(epoll, EPOLL_CTL_ADD, bell, &event)
    }

    deinit {
        close(epoll)
        scratch.deallocate()
    }

    func run(onBell: () -> Void) {
        // 256 events a turn: at half of it nothing is lost, only a system call more for each 128 busy sockets.
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        while isRunning {
            let count = epoll_wait(epoll, &events, Int32(events.count), waitMilliseconds)
            for index in 0..<max(0, Int(count)) {
                let event = events[index]
                if event.data.u64 == 0 {
                    onBell()
                } else {
                    descriptors[event.data.u64]?.ready(isGone: event.events & muster_epoll_gone != 0)
                }
            }
            let now = Moment.now()
            while let action = timers.takeDue(at: now) { action() }
        }
    }

    func stop() { isRunning = false }

    /// Rounded up: a deadline that is not yet due must not spin.
    private var waitMilliseconds: Int32 {
        guard let next = timers.next else { return -1 }
        let left = next.nanoseconds - Moment.now().nanoseconds
        return Int32(clamping: max(0, (left + 999_999) / 1_000_000))
    }

    func after(_ delay: Duration, _ action: @escaping () -> Void) -> Timer {
        timers.schedule(at: Moment.now() + delay, action)
    }

    func cancel(_ timer: Timer?) { timers.cancel(timer) }

    /// The token that `remove` wants; never used twice, so that a late event cannot meet a descriptor's successor.
    func add(_ number: Int32, _ descriptor: any Descriptor) -> UInt64 {
        lastToken += 1
        descriptors[lastToken] = descriptor
        var event = epoll_event(events: muster_epoll_all, data: epoll_data_t(u64: lastToken))
        epoll_ctl(epoll, EPOLL_CTL_ADD, number, &event)
        return lastToken
    }

    /// Call it before the descriptor is closed.
    func remove(_ number: Int32, token: UInt64) {
        descriptors[token] = nil
        var event = epoll_event()
        epoll_ctl(epoll, EPOLL_CTL_DEL, number, &event)
    }
}

/// Starts a detached thread that leaves all signals to the others.
enum LoopThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// False when the system has no thread left.
    static func start(name: String, _ run: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let body = Unmanaged.passRetained(
            Body {
                muster_name_thread(name)
                run()
            })
        let result = pthread_create(
            &thread, &attributes,
            { raw in
                Unmanaged<Body>.fromOpaque(raw!).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        if result != 0 {
            body.release()
            return false
        }
        return true
    }
}
