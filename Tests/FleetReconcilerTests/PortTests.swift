// F19: how a port sounds that is open, closed or filtered, by real sockets of this machine: one that takes no more
// connections is as silent as a filtered one, and so is a datagram socket that nobody reads.
import FleetModel
import FleetReconciler
import Foundation
import Glibc
import Testing

/// A TCP port whose line is full, and a UDP port where nobody reads.
private final class SilentPorts {
    private var sockets: [Int32] = []
    let tcp: UInt16
    let udp: UInt16

    init() {
        var stream = Self.bound(SOCK_STREAM)
        let datagram = Self.bound(SOCK_DGRAM)
        listen(stream.socket, 0)
        (tcp, udp) = (stream.port, datagram.port)
        sockets = [stream.socket, datagram.socket]
        for _ in 0..<8 {
            let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            _ = Self.with(&stream.address) { connect(filler, $0, $1) }
            sockets.append(filler)
        }
    }

    func close() { for number in sockets { Glibc.close(number) } }

    private static func bound(_ type: __socket_type) -> (socket: Int32, port: UInt16, address: sockaddr_in) {
        let number = socket(AF_INET, Int32(type.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        _ = with(&address) { bind(number, $0, $1) }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutableBytes(of: &address) {
            getsockname(number, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &size)
        }
        return (number, UInt16(bigEndian: address.sin_port), address)
    }

    private static func with<Result>(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafeBytes(of: &address) {
            body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
    }
}

@Suite("Swarm's ports", .serialized) struct PortTests {
    private func manager() throws -> FakeDocker {
        let host = try FakeDocker(swarm: "active")
        host.set("control", "true")
        return host
    }

    private static let token = RemoteAct("swarm-token", ["worker", "127.0.0.1"])

    @Test("F19: ports where nobody listens answer → the token is given")
    func open() throws {
        let host = try manager()
        defer { host.remove() }
        #expect(try host.run(Self.token).first("token") == "TOKEN-worker")
    }

    @Test("F19: a silent port is named with the address, TCP and UDP; no token is given")
    func filtered() throws {
        let (host, ports) = (try manager(), SilentPorts())
        defer { host.remove(); ports.close() }
        for (port, silent) in [("7946/tcp", "\(ports.tcp)/tcp"), ("4789/udp", "\(ports.udp)/udp")] {
            let output = try host.run(Self.token, replacing: [port: silent])
            #expect(output.first("fail")?.hasPrefix("port-filtered \(silent) of 127.0.0.1, asked from ") == true)
            #expect(output.first("token") == nil)
        }
    }

    @Test("F19: a manager whose port is silent → nothing is written, nothing is asked of the engine")
    func joining() throws {
        let (host, ports) = (try FakeDocker(), SilentPorts())
        defer { host.remove(); ports.close() }
        let join = RemoteAct(
            "join-swarm", ["eu1", "control", "127.0.0.1", "127.0.0.1:2377"], secret: Secret("SWMTKN-1-x"))
        let output = try host.run(join, replacing: ["2377/tcp 7946/tcp": "2377/tcp \(ports.tcp)/tcp"])
        #expect(output.first("fail")?.hasPrefix("port-filtered \(ports.tcp)/tcp of 127.0.0.1") == true)
        #expect(host.read("etc/made.json") == nil && host.state("request") == nil)
    }
}
