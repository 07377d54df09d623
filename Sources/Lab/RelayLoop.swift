// The relay's one thread: accepts here, connects there, and carries bytes both ways, each way with its own end, so that
// a client that closes its half still gets its answer.
import Glibc

struct RelayLoop {
    let listener: Int32
    let wake: Int32
    let network: NetworkNamespace
    let address: String
    let targetPort: UInt16

    private var pairs: [Pair] = []
    private var identity: Files.Identity?

    /// Enough for a browser's and a few testers' connections; more are refused rather than eating our descriptors.
    private static let mostPairs = 200

    init(listener: Int32, wake: Int32, network: NetworkNamespace, address: String, targetPort: UInt16) {
        self.listener = listener
        self.wake = wake
        self.network = network
        self.address = address
        self.targetPort = targetPort
        identity = Files.identity(network.path)
    }

    /// Returns when it is woken.
    mutating func run() {
        while true {
            var files = [
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
            ]
            for pair in pairs { files += pair.wanted }
            // A sleeping relay looks once a second whether the lab is still the same one.
            poll(&files, nfds_t(files.count), 1000)
            if files[0].revents != 0 { break }
            if files[1].revents != 0 { accept() }
            for pair in pairs { pair.move() }
            dropStrangers()
            pairs.removeAll { $0.isOver }
        }
        pairs = []
    }

    private mutating func accept() {
        let near = Glibc.accept(listener, nil, nil)
        guard near >= 0 else { return }
        _ = fcntl(near, F_SETFD, FD_CLOEXEC)
        _ = fcntl(near, F_SETFL, O_NONBLOCK)
        guard pairs.count < Self.mostPairs, let far = try? network.connecting(to: address, port: targetPort) else {
            close(near)
            return
        }
        pairs.append(Pair(near: near, far: far))
    }

    /// A lab that was taken down meanwhile must not be kept alive by our sockets in it.
    private mutating func dropStrangers() {
        let now = Files.identity(network.path)
        if now != identity { pairs = [] }
        identity = now
    }
}

/// Two connected sockets and the bytes on their way between them.
private final class Pair {
    private let near: Int32
    private let far: Int32
    private var inward = Way()
    private var outward = Way()
    private var isConnected = false

    /// One direction: what was read and not yet written.
    private struct Way {
        var bytes: [UInt8] = []
        var hasEnded = false
        var isClosed = false

        /// What one turn carries: 64 KiB keeps a loopback busy; more only takes memory.
        static let size = 65_536

        var wantsBytes: Bool { !hasEnded && bytes.count < Self.size }

        /// False if the connection is broken.
        mutating func move(from source: Int32, to target: Int32) -> Bool {
            if wantsBytes, !take(from: source) { return false }
            if !bytes.isEmpty {
                let count = send(target, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                if count < 0 && errno != EAGAIN && errno != EINTR { return false }
                if count > 0 { bytes.removeFirst(count) }
            }
            if hasEnded, bytes.isEmpty, !isClosed {
                shutdown(target, Int32(SHUT_WR))
                isClosed = true
            }
            return true
        }

        private mutating func take(from source: Int32) -> Bool {
            var chunk = [UInt8](repeating: 0, count: Self.size)
            let count = recv(source, &chunk, chunk.count, 0)
            if count > 0 { bytes += chunk[..<count] }
            if count == 0 { hasEnded = true }
            return count >= 0 || errno == EAGAIN || errno == EINTR
        }
    }

    private(set) var isOver = false

    init(near: Int32, far: Int32) {
        self.near = near
        self.far = far
    }

    deinit {
        close(near)
        close(far)
    }

    /// What to wait for.
    var wanted: [pollfd] {
        guard isConnected else { return [pollfd(fd: far, events: Int16(POLLOUT), revents: 0)] }
        return [
            pollfd(fd: near, events: events(reading: inward, writing: outward), revents: 0),
            pollfd(fd: far, events: events(reading: outward, writing: inward), revents: 0),
        ]
    }

    func move() {
        if !isConnected {
            var file = pollfd(fd: far, events: Int16(POLLOUT), revents: 0)
            guard poll(&file, 1, 0) > 0 else { return }
            if file.revents & Int16(POLLERR | POLLHUP) != 0 {
                isOver = true
                return
            }
            isConnected = true
        }
        let isWhole = inward.move(from: near, to: far) && outward.move(from: far, to: near)
        isOver = !isWhole || (inward.isClosed && outward.isClosed)
    }

    private func events(reading: Way, writing: Way) -> Int16 {
        (reading.wantsBytes ? Int16(POLLIN) : 0) | (writing.bytes.isEmpty ? 0 : Int16(POLLOUT))
    }
}
