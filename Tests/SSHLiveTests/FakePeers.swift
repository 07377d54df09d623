// Far ends that are no sshd: silent, rude, or not there at all.
import Foundation
import Glibc
import Synchronization

/// A listening socket on 127.0.0.1, any port.
final class Listener: Sendable {
    let descriptor: Int32
    let port: UInt16

    init(backlog: Int32) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = Self.loopback(0)
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
