// A host is up when its sshd speaks. Waits for many at once on one thread, each with short tries, because a connection
// that was begun before the host had its address would sit out the kernel's one-second retransmission.
import Glibc

struct BannerWait {
    let network: NetworkNamespace
    /// Whether it is worth to try a host now, and whether to give up on it.
    let outlook: (Int) -> Outlook

    enum Outlook { case wait, attempt, givenUp }

    private struct Attempt {
        let file: Int32
        let began: ContinuousClock.Instant
        let limit: Duration
    }

    /// The first attempt is given up after this long, since its first packet may be lost: half of it is less than what
    /// a loaded sshd takes to its banner, twice of it is wasted on each lost packet. Each further one may take twice as
    /// long: on a slow machine (5 s to a banner, emulated) equal attempts only pile up more work for sshd.
    private static let firstLimit = Duration.seconds(2)

    /// Blocks until all have spoken, have been given up or the deadline has passed; returns those that did not speak.
    func silentHosts(of hosts: [Int], within deadline: Duration) throws(LabError) -> [Int] {
        let start = ContinuousClock.now
        var waiting = Set(hosts)
        var lost: [Int] = []
        var attempts: [Int: Attempt] = [:]
        var limits: [Int: Duration] = [:]
        defer { for attempt in attempts.values { close(attempt.file) } }
        while !waiting.isEmpty, start.duration(to: .now) < deadline {
            for host in waiting.sorted() where attempts[host] == nil {
                switch outlook(host) {
                case .wait: break
                case .attempt:
                    let file = try network.connecting(to: LabAddress.address(of: host), port: 22)
                    let limit = limits[host, default: Self.firstLimit]
                    attempts[host] = file.map { Attempt(file: $0, began: .now, limit: limit) }
                case .givenUp:
                    waiting.remove(host)
                    lost.append(host)
                }
            }
            for host in turn(&attempts, &waiting) { limits[host, default: Self.firstLimit] *= 2 }
        }
        return (lost + waiting).sorted()
    }

    /// Looks once at all attempts; returns the hosts whose attempt has run out of time.
    private func turn(_ attempts: inout [Int: Attempt], _ waiting: inout Set<Int>) -> [Int] {
        var late: [Int] = []
        let order = attempts.keys.sorted()
        var files = order.map { pollfd(fd: attempts[$0]!.file, events: Int16(POLLIN), revents: 0) }
        poll(&files, nfds_t(files.count), 20)  // how late a new pid file may be noticed; a host takes 150 ms or more
        for (host, file) in zip(order, files) {
            var bytes = [UInt8](repeating: 0, count: 4)
            let isReady = file.revents != 0
            let speaks = isReady && recv(file.fd, &bytes, 4, 0) == 4 && bytes == Array("SSH-".utf8)
            let isLate = !isReady && attempts[host]!.began.duration(to: .now) > attempts[host]!.limit
            guard isReady || isLate else { continue }
            close(file.fd)
            attempts[host] = nil
            if speaks { waiting.remove(host) }
            if isLate { late.append(host) }
        }
        // A refused connection is answered at once: without a pause a booting host would be asked 10,000 times a
        // second.
        usleep(10_000)
        return late
    }
}
