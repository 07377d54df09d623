// The lab's hosts have addresses of the range for benchmarks (RFC 2544), which no router of the world carries. Outside
// of the lab's network such packets would leave this machine by its default route, for whoever answers there: so
// nothing is sent to them unless a route of their own leads to them.
package import FleetModel
import Glibc

/// The IPv4 routes of the network namespace that this process is in.
package struct RouteTable: Sendable {
    private var routes: [(destination: UInt32, mask: UInt32)] = []

    /// From the text of /proc/net/route: a header, then one route a line, numbers in hexadecimal and in the machine's
    /// byte order. Lines that do not read so are left away, as are routes that are down or that refuse.
    package init(procText text: String) {
        for line in text.split(separator: "\n").dropFirst() {
            let words = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
            guard words.count >= 8, let destination = UInt32(words[1], radix: 16),
                let flags = UInt32(words[3], radix: 16), let mask = UInt32(words[7], radix: 16),
                flags & Self.up != 0, flags & Self.reject == 0
            else { continue }
            routes.append((UInt32(bigEndian: destination), UInt32(bigEndian: mask)))
        }
    }

    /// As the kernel has them now; none when it does not say.
    package static func current() -> RouteTable { RouteTable(procText: read("/proc/net/route")) }

    /// `RTF_UP` and `RTF_REJECT` of <linux/route.h>.
    private static let (up, reject): (UInt32, UInt32) = (0x1, 0x200)

    /// The shortest prefix of a route of one's own: VPN clients cut the default route into halves and quarters, and
    /// nobody routes half the world for a lab.
    private static let leastMask: UInt32 = 0xFF00_0000

    /// Whether a route other than the default route covers the address.
    func leads(to address: UInt32) -> Bool {
        routes.contains { $0.mask >= Self.leastMask && address & $0.mask == $0.destination }
    }

    /// The file is made while it is read, so its size is not known before: a table of 64 KiB has 500 routes.
    private static func read(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var (text, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
        while text.count < 1 << 20 {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count <= 0 { break }
            text += buffer.prefix(count)
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Refuses the lab's addresses outside of the lab's network. The operator's side asks it before every connection; the
/// control plane does not, because its container has a default route only and is inside by birth.
package enum LabGuard {
    /// RFC 2544: 198.18.0.0 to 198.19.255.255.
    private static let range = IPv4Network("198.18.0.0/15")

    /// - Parameter subject: what the addresses belong to, for the message: "region `lab`".
    /// - Throws: `outside-the-lab`, naming the first address that must not be asked from here.
    package static func check(
        _ addresses: some Sequence<String>, subject: String, routes: @autoclosure () -> RouteTable = .current()
    ) throws(FleetProblem) {
        let inRange = addresses.lazy.compactMap { text in
            IPv4Network(text).flatMap { range?.overlaps($0) == true ? (text, $0.base) : nil }
        }
        guard inRange.first(where: { _ in true }) != nil else { return }
        let routes = routes()
        guard let outside = inRange.first(where: { !routes.leads(to: $0.1) }) else { return }
        throw FleetProblem(
            .refused, "outside-the-lab", subject: subject,
            "`\(outside.0)` is an address for labs (198.18.0.0/15), and only the default route leads to it from here",
            hint: "run it in the lab's network: `muster lab exec -- muster …`")
    }

    /// The same for hosts of a policy; behind a bastion only the bastion is asked from here.
    package static func check(_ policy: FleetPolicy, hosts: [HostPolicy]? = nil) throws(FleetProblem) {
        let addresses = policy.access.bastion.map { [$0.address] } ?? (hosts ?? policy.hosts).map(\.address)
        try check(addresses, subject: "region `\(policy.region)`")
    }
}
