// A port of 127.0.0.1 that leads into the lab, so that a browser of this machine reaches a page that runs on the hosts.
// In user space: the lab has no way out, and this adds none.
import Dispatch
import Glibc
import Synchronization

extension LabRegion {
    /// Listens on 127.0.0.1 and relays every connection to an address in the lab, until `stop()` or until the value is
    /// gone.
    ///
    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - target: `ADDRESS:PORT`.
    package func forward(port: UInt16 = 0, to target: String) throws(LabError) -> LabRelay {
        let parts = target.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, SocketAddress.isAddress(String(parts[0])), let number = UInt16(parts[1]), number > 0
        else {
            throw LabError(
                .rejected, subject, "`\(target)` is not ADDRESS:PORT", hint: "say it like `198.18.1.2:8443`")
        }
        try Preflight.checkRoot()
        guard network.exists else { throw network.noLab }
        return try LabRelay(port: port, network: network, address: String(parts[0]), targetPort: number)
    }
}

/// A running relay.
package final class LabRelay: Sendable {
    /// Where it listens on 127.0.0.1.
    package let port: UInt16
    private let wake: Int32
    private let end = Ending()

    fileprivate init(port: UInt16, network: NetworkNamespace, address: String, targetPort: UInt16) throws(LabError) {
        let (listener, bound) = try Self.listen(on: port)
        self.port = bound
        let (wakeReader, wakeWriter) = try Pipe.ends()
        wake = wakeWriter
        let end = end
        BackgroundThread.begin {
            var loop = RelayLoop(
                listener: listener, wake: wakeReader, network: network, address: address, targetPort: targetPort)
            loop.run()
            close(listener)
            close(wakeReader)
            end.happen()
        }
    }

    package func stop() { _ = write(wake, "x", 1) }

    /// Waits until it has been stopped.
    package func finished() async { await end.wait() }

    deinit { close(wake) }  // the loop sees the end of the pipe

    private static func listen(on port: UInt16) throws(LabError) -> (Int32, UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw .system("relay", "open a socket") }
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = SocketAddress.of("127.0.0.1", port: port)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && Glibc.listen(listener, 64) == 0
                    && getsockname(listener, $0, &size) == 0 ? 0 : errno
            }
        }
        guard code == 0 else {
            close(listener)
            throw LabError(
                .refused, "relay", "cannot listen on 127.0.0.1:\(port): \(errorText(code))", hint: "choose another port"
            )
        }
        return (listener, UInt16(bigEndian: address.sin_port))
    }
}

/// Something that happens once and may be waited for.
private final class Ending: Sendable {
    private struct State {
        var hasHappened = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    func happen() {
        let waiting = state.withLock { state in
            state.hasHappened = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.hasHappened { state.waiting.append(continuation) }
                return state.hasHappened
            }
            if isOver { continuation.resume() }
        }
    }
}

enum BackgroundThread {
    /// Runs a loop on a thread of its own; it may block for as long as it likes.
    static func begin(_ work: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "muster.lab").async(execute: work)
    }
}
