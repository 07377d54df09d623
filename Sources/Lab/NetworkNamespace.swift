// A lab's network namespace, by name. A socket belongs for life to the namespace that its thread was in when it was
// made, so a thread enters for one call and comes back: nothing of ours keeps a namespace alive that is taken down.
import Glibc

// Swift's Glibc is imported without _GNU_SOURCE and so lacks setns(2) and the macro beside it.
@_silgen_name("setns")
private func setNamespace(_ file: CInt, _ kind: CInt) -> CInt
private let cloneNewNetwork: CInt = 0x4000_0000

struct NetworkNamespace: Sendable {
    static let folder = "/run/netns"

    let name: String

    var path: String { "\(Self.folder)/\(name)" }
    var exists: Bool { Files.exists(path) }

    /// Moves this thread into the namespace for good; a program that it then becomes or starts is there too.
    func enter() throws(LabError) {
        let target = open(path, O_RDONLY | O_CLOEXEC)
        guard target >= 0 else { throw noLab }
        defer { close(target) }
        guard setNamespace(target, cloneNewNetwork) == 0 else { throw .system("lab `\(name)`", "enter its network") }
    }

    /// Does one thing inside, on this thread, and comes back. `body` must not suspend.
    func visit<R>(_ body: () -> R) throws(LabError) -> R {
        let home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        guard home >= 0 else { throw .system("lab `\(name)`", "open this thread's network") }
        defer { close(home) }
        try enter()
        let result = body()
        // With no way back every later socket of this thread would be in the wrong network: better to stop.
        guard setNamespace(home, cloneNewNetwork) == 0 else {
            fatalError("cannot leave the lab's network: errno \(errno)")
        }
        return result
    }

    /// Begins to connect a socket that does not block; nil if that fails at once.
    func connecting(to address: String, port: UInt16) throws(LabError) -> Int32? {
        try visit {
            let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard file >= 0 else { return nil }
            var target = SocketAddress.of(address, port: port)
            let code = withUnsafePointer(to: &target) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if code == 0 || errno == EINPROGRESS { return file }
            close(file)
            return nil
        }
    }

    /// The processes in it, whatever started them.
    func pids() -> [pid_t] {
        guard let identity = Files.identity(path) else { return [] }
        return Files.names("/proc").compactMap { pid_t($0) }.filter { Files.identity("/proc/\($0)/ns/net") == identity }
    }

    /// Takes the name away; the namespace goes with its last process and socket.
    func remove() {
        umount2(path, Int32(MNT_DETACH))
        unlink(path)
    }

    var noLab: LabError {
        LabError(.refused, "lab `\(name)`", "its network does not exist", hint: "start it with `muster lab up 5`")
    }
}

enum SocketAddress {
    static func of(_ address: String, port: UInt16) -> sockaddr_in {
        var result = sockaddr_in()
        result.sin_family = sa_family_t(AF_INET)
        result.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &result.sin_addr)
        return result
    }

    static func isAddress(_ text: String) -> Bool {
        var ignored = in_addr()
        return inet_pton(AF_INET, text, &ignored) == 1
    }
}
