// Far ends that are no sshd: silent, rude, or not there at all.
import Foundation
import Glibc
import Synchronization

/// A listening socket on 127.0.0.1, or on all of 127.0.0.0/8, any port.
final class Listener: Sendable {
    let descriptor: Int32
    let port: UInt16

    init(backlog: Int32, everywhere: Bool = false) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = Self.loopback(0)
        if everywhere { address.sin_addr.s_addr = 0 }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let number = descriptor
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(number, raw, size) == 0 && listen(number, backlog) == 0 && getsockname(number, raw, &size) == 0
            }
        }
        if !result { throw ToolFailure(description: "no port: \(String(cString: strerror(errno)))") }
        port = UInt16(bigEndian: address.sin_port)
    }

    static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    static func connect(_ number: Int32, _ port: UInt16) -> Int32 {
        var address = loopback(port)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    func close() { Glibc.close(descriptor) }
}

/// Accepts on a thread of its own and treats every connection the same way.
final class FakePeer: Sendable {
    enum Manner: Sendable {
        /// Says nothing, ever.
        case silent
        /// Says this and closes; the first `times` connections only, later ones go to `next`.
        case closes(saying: String)
    }

    private let listener: Listener
    private let held = Mutex<[Int32]>([])
    private let count = Atomic<Int>(0)
    var port: UInt16 { listener.port }
    var accepted: Int { count.load(ordering: .relaxed) }

    init(_ manner: Manner) throws {
        let listener = try Listener(backlog: 512)
        self.listener = listener
        Thread.detachNewThread { [self] in
            while true {
                let number = accept(listener.descriptor, nil, nil)
                if number < 0 { return }
                count.add(1, ordering: .relaxed)
                switch manner {
                case .silent: held.withLock { $0.append(number) }
                case .closes(let text):
                    _ = text.withCString { write(number, $0, strlen($0)) }
                    Glibc.close(number)
                }
            }
        }
    }

    func stop() {
        shutdown(listener.descriptor, Int32(SHUT_RDWR))
        listener.close()
        for number in held.withLock({ $0 }) { Glibc.close(number) }
    }
}

/// An address that swallows every SYN: a listener that never accepts and whose backlog is full.
final class BlackHole {
    private let listener: Listener
    private var fillers: [Int32] = []
    var port: UInt16 { listener.port }

    init() throws {
        listener = try Listener(backlog: 0)
        for _ in 0..<8 {
            let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            _ = Listener.connect(number, listener.port)
            fillers.append(number)
        }
    }

    func stop() {
        for number in fillers { Glibc.close(number) }
        listener.close()
    }
}

/// Passes bytes on, each way `delay` later: a long line, where the kernel has no netem.
final class DelayRelay: Sendable {
    private struct Parcel {
        let due: ContinuousClock.Instant
        let target: Int32
        let bytes: [UInt8]
    }
    private let listener: Listener
    private let isStopped = Atomic<Bool>(false)
    var port: UInt16 { listener.port }

    init(to port: UInt16, delay: Duration) throws {
        let listener = try Listener(backlog: 512, everywhere: true)
        self.listener = listener
        Thread.detachNewThread { [self] in run(listener.descriptor, port, delay) }
    }

    func stop() { isStopped.store(true, ordering: .relaxed) }

    private func run(_ entrance: Int32, _ port: UInt16, _ delay: Duration) {
        var partners: [Int32: Int32] = [:]
        var ended: Set<Int32> = []
        var parcels: [Parcel] = []
        while !isStopped.load(ordering: .relaxed) {
            let open = partners.keys.filter { !ended.contains($0) }
            var polled = ([entrance] + open).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            poll(&polled, nfds_t(polled.count), 2)
            for entry in polled where entry.revents != 0 {
                if entry.fd == entrance {
                    accept(entrance, port, &partners)
                } else if let parcel = take(entry.fd, delay, partners) {
                    parcels.append(parcel)
                    if parcel.bytes.isEmpty { ended.insert(entry.fd) }
                }
            }
            while let first = parcels.first, first.due <= .now { deliver(parcels.removeFirst()) }
        }
        for number in partners.keys { Glibc.close(number) }
        listener.close()
    }

    private func deliver(_ parcel: Parcel) {
        if parcel.bytes.isEmpty {
            shutdown(parcel.target, Int32(SHUT_WR))
        } else {
            _ = parcel.bytes.withUnsafeBytes { send(parcel.target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }
    }

    private func accept(_ entrance: Int32, _ port: UInt16, _ partners: inout [Int32: Int32]) {
        let near = Glibc.accept(entrance, nil, nil)
        let far = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard near >= 0, Listener.connect(far, port) == 0 else {
            Glibc.close(near)
            Glibc.close(far)
            return
        }
        partners[near] = far
        partners[far] = near
    }

    /// An empty one is the stream's end.
    private func take(_ number: Int32, _ delay: Duration, _ partners: [Int32: Int32]) -> Parcel? {
        guard let target = partners[number] else { return nil }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0 && errno == EAGAIN { return nil }
        return Parcel(due: .now + delay, target: target, bytes: Array(buffer[..<max(0, count)]))
    }
}
