// Names to addresses, off the loop's thread: getaddrinfo blocks for seconds when a name server is silent.
import CLibSSH2
import Glibc
import Synchronization

/// One address that connect(2) takes.
struct SocketAddress: Sendable {
    private let storage: sockaddr_storage
    private let length: socklen_t
    let family: Int32

    fileprivate init(_ info: addrinfo) {
        var storage = sockaddr_storage()
        memcpy(&storage, info.ai_addr, Int(info.ai_addrlen))
        self.storage = storage
        length = info.ai_addrlen
        family = info.ai_family
    }

    /// connect(2)'s errno, 0 when it is done at once.
    func connect(_ descriptor: Int32) -> Int32 {
        var address = storage
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, length) }
        }
        return result == 0 ? 0 : errno
    }
}

enum Resolution: Sendable {
    case addresses([SocketAddress])
    /// Temporary: a name server did not answer, or asked to be asked again.
    case failed(reason: String, isTemporary: Bool)
}

/// Looks names up on at most eight short-lived threads: more would only queue at the name server.
final class Resolver: Sendable {
    private struct Job: Sendable {
        let name: String
        let port: UInt16
        let done: @Sendable (Resolution) -> Void
    }
    private struct State {
        var waiting: [Job] = []
        var threads = 0
    }
    private let state = Mutex(State())
    private let lookUp: LookUp
    private static let threadLimit = 8

    typealias LookUp = @Sendable (_ name: String, _ port: UInt16) -> Resolution

    /// Without `AI_ADDRCONFIG`: a host with nothing but an IPv6 address is then "unreachable" from a machine that has
    /// none, and not "unknown".
    init(lookUp: LookUp?) { self.lookUp = lookUp ?? { Resolver.look(up: $0, port: $1, flags: 0) } }

    /// Addresses that need no name server; nil when `text` is a name.
    static func numeric(_ text: String, port: UInt16) -> Resolution? {
        switch look(up: text, port: port, flags: AI_NUMERICHOST) {
        case .addresses(let addresses): .addresses(addresses)
        case .failed: nil
        }
    }

    /// Calls back on a thread of the resolver's own.
    func resolve(_ name: String, port: UInt16, _ done: @escaping @Sendable (Resolution) -> Void) {
        let needsThread = state.withLock { state in
            state.waiting.append(Job(name: name, port: port, done: done))
            if state.threads == Self.threadLimit { return false }
            state.threads += 1
            return true
        }
        if needsThread, !LoopThread.start(name: "muster-dns", { [self] in work() }) { giveUp() }
    }

    /// The other threads, if there are any, still take what waits.
    private func giveUp() {
        let orphans = state.withLock { state -> [Job] in
            state.threads -= 1
            if state.threads > 0 { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for job in orphans { job.done(.failed(reason: "no thread left", isTemporary: true)) }
    }

    private func work() {
        while true {
            let job = state.withLock { state -> Job? in
                if state.waiting.isEmpty {
                    state.threads -= 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
            guard let job else { return }
            job.done(lookUp(job.name, job.port))
        }
    }

    private static func look(up name: String, port: UInt16, flags: Int32) -> Resolution {
        var hints = addrinfo()
        hints.ai_flags = flags
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(name, String(port), &hints, &list)
        if result != 0 {
            let reason =
                result == muster_eai_system
                ? SystemError.text(errno) : String(cString: gai_strerror(result))
            return .failed(reason: reason.lowercased(), isTemporary: result == EAI_AGAIN)
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let info = next {
            addresses.append(SocketAddress(info.pointee))
            next = info.pointee.ai_next
        }
        return .addresses(addresses)
    }
}
