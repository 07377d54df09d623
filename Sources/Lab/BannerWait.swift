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
    }

    /// One attempt is given up and begun anew after this long: ten times what a loaded sshd was seen to take to its
    /// banner. At half of it a machine at load 300 never gets through; at twice a lost first packet costs too much.
    private static let attemptLimit = Duration.seconds(2)

    /// Blocks until all have spoken, have been given up or the deadline has passed; returns those that did not speak.
    func silentHosts(of hosts: [Int], within deadline: Duration) throws(LabError) -> [Int] {
        let start = ContinuousClock.now
        var waiting = Set(hosts)
        var lost: [Int] = []
        var attempts: [Int: Attempt] = [:]
        defer { for attempt in attempts.values { close(attempt.file) } }
        while !waiting.isEmpty, start.duration(to: .now) < deadline {
            for host in waiting.sorted() where attempts[host] == nil {
                switch outlook(host) {
                case .wait: break
                case .attempt:
                    let file = try network.connecting(to: LabAddress.address(of: host), port: 22)
                    attempts[host] = file.map { Attempt(file: $0, began: .now) }
                case .givenUp:
                    waiting.remove(host)
                    lost.append(host)
                }
            }
            turn(&attempts, &waiting)
        }
        return (lost + waiting).sorted()
    }

    private func turn(_ attempts: inout [Int: Attempt], _ waiting: inout Set<Int>) {
        let order = attempts.keys.sorted()
        var files = order.map { pollfd(fd: attempts[$0]!.file, events: Int16(POLLIN), revents: 0) }
        poll(&files, nfds_t(files.count), 20)  // how late a new pid file may be noticed; a host takes 150 ms or more
        for (host, file) in zip(order, files) {
            var bytes = [UInt8](repeating: 0, count: 4)
            let isReady = file.revents != 0
            let speaks = isReady && recv(file.fd, &bytes, 4, 0) == 4 && bytes == Array("SSH-".utf8)
            let isOld = attempts[host]!.began.duration(to: .now) > Self.attemptLimit
            guard isReady || isOld else { continue }
            close(file.fd)
            attempts[host] = nil
            if speaks { waiting.remove(host) }
        }
        // A refused connection is answered at once: without a pause a booting host would be asked 10,000 times a
        // second.
        usleep(10_000)
    }
}
