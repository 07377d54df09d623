// The one table of a manifest's keys. The reader takes from it which keys there are, which are needed and which numbers
// and words they take; the JSON Schema and the comments that `muster init` writes are made from it too: none can lie.

import FleetModel

/// One key of a section.
struct KeyShape: Sendable {
    let name: String
    let value: ValueShape
    let isRequired: Bool
    /// One sentence without its full stop, for the schema and for comments.
    let summary: String

    init(_ name: String, _ value: ValueShape, isRequired: Bool = false, _ summary: String) {
        (self.name, self.value, self.isRequired, self.summary) = (name, value, isRequired, summary)
    }
}

/// A mapping with known keys.
struct SectionShape: Sendable {
    /// With its article or in backquotes, for messages: "a host", "`access`".
    let title: String
    let keys: [KeyShape]

    var names: [String] { keys.map(\.name) }

    /// The shape of a key; asking for one that is not in the table is a defect of the reader.
    subscript(name: String) -> KeyShape {
        guard let key = keys.first(where: { $0.name == name }) else {
            preconditionFailure("\(title) has no key \(name) in the table")
        }
        return key
    }
}

/// What the value of a key may be.
indirect enum ValueShape: Sendable {
    case text(TextForm)
    case number(ClosedRange<Int>)
    /// One of these numbers only.
    case numbers([Int])
    case word([String])
    case flag
    /// A number of hosts, or a share like `20%`.
    case hostsOrShare(ClosedRange<Int>)
    case section(SectionShape)
    case list(ValueShape, count: ClosedRange<Int>)
    /// Keys and values of people's own: labels of a host.
    case labels
    /// Keys for daemon.json, with everything that JSON can hold.
    case daemon
}

enum ManifestShape {
    private static let port = ValueShape.number(1...65_535)

    /// Docker's names of configs and secrets have at most 64 letters: `muster-<region>-<epoch>-<generation>` leaves 32
    /// for the region when epoch and generation have 11 digits each.
    static let maximumRegionName = 32

    /// Twice the 10,000 hosts that the file's size allows with all keys; the inventory's bound is the same.
    static let maximumHosts = 20_000

    static let manifest = SectionShape(
        title: "a manifest",
        keys: [
            KeyShape("muster", .numbers([1]), isRequired: true, "The form of this file: always 1"),
            KeyShape(
                "region", .text(.name(atMost: maximumRegionName)), isRequired: true,
                "The region's name; it becomes a part of the names of Docker's objects and cannot change later"),
            KeyShape("access", .section(access), "How the hosts are reached: one account on all of them, by SSH"),
            KeyShape(
                "domains", .list(.text(.name(atMost: 63)), count: 1...maximumHosts), isRequired: true,
                "The failure domains, in order of preference: what fails together, be it a rack, a zone or a hypervisor"
            ),
            KeyShape(
                "clusters", .list(.section(cluster), count: 1...maximumHosts), isRequired: true,
                "The Swarms; exactly one runs the control plane"),
            KeyShape(
                "hosts", .list(.section(host), count: 1...maximumHosts), isRequired: true,
                "The hosts, in order of preference"),
            KeyShape("engine", .section(engine), "Which container engine, and from where"),
            KeyShape("network", .section(network), "Where overlay networks get their addresses from"),
            KeyShape(
                "controlPlane", .section(controlPlane), "Where the control plane listens, and who may connect to it"),
            KeyShape("budgets", .section(budgets), "How much may go wrong before a run stops"),
        ])

    static let access = SectionShape(
        title: "`access`",
        keys: [
            KeyShape("user", .text(.account), "The account on all hosts, `root` when absent"),
            KeyShape("port", port, "The port of sshd, 22 when absent"),
            KeyShape(
                "keyFile", .text(.path),
                "Path of an OpenSSH private key, or of a public key (`….pub`) whose private half the SSH agent holds"),
            KeyShape(
                "knownHosts", .text(.path), "Path of a known_hosts file; hosts with a `hostKey` need no line in it"),
            KeyShape(
                "sudo", .word(AccessPolicy.Sudo.allCases.map(\.rawValue)), "How an account other than root becomes root"
            ),
            KeyShape("bastion", .section(bastion), "The host through which all others are reached, if there is one"),
        ])

    static let bastion = SectionShape(
        title: "`bastion`",
        keys: [
            KeyShape("address", .text(.address), isRequired: true, "Its IPv4 address or DNS name"),
            KeyShape("port", port, "The port of its sshd, 22 when absent"),
            KeyShape("user", .text(.account), "The account on it, the hosts' when absent"),
            KeyShape("keyFile", .text(.path), "The key for it, the hosts' when absent"),
            KeyShape("hostKey", .text(.fingerprint), "The fingerprint of its host key: `SHA256:` and 43 letters"),
        ])

    static let cluster = SectionShape(
        title: "a cluster",
        keys: [
            KeyShape("name", .text(.name(atMost: 63)), isRequired: true, "The name of the Swarm"),
            KeyShape("control", .flag, "Whether it runs the control plane; exactly one does"),
            KeyShape(
                "managers", .numbers([1, 3, 5, 7]), isRequired: true,
                "How many managers: 1 survives no loss, 3 survive one, 5 survive two, 7 survive three"),
        ])

    static let host = SectionShape(
        title: "a host",
        keys: [
            KeyShape("name", .text(.name(atMost: 63)), isRequired: true, "The name of the host"),
            KeyShape(
                "address", .text(.address), isRequired: true,
                "IPv4 address or DNS name at which Muster and the other hosts reach it"),
            KeyShape("domain", .text(.name(atMost: 63)), isRequired: true, "One of `domains`"),
            KeyShape("cluster", .text(.name(atMost: 63)), isRequired: true, "One of `clusters`"),
            KeyShape(
                "role", .word(NodeRole.allCases.map(\.rawValue)),
                "`manager` or `worker` fixes the role; Muster chooses managers otherwise"),
            KeyShape("labels", .labels, "Labels of the Swarm node, for placement constraints"),
            KeyShape(
                "hostKey", .text(.fingerprint),
                "The fingerprint of its host key, as `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints it"),
            KeyShape("reserve", .section(reserve), "What is kept back for the system itself"),
        ])

    static let reserve = SectionShape(
        title: "`reserve`",
        keys: [
            // A thousand processors, 16 TiB of memory: more than any host has, less than what overflows a sum of hosts.
            KeyShape("cpuMillicores", .number(0...1_000_000), "Thousandths of a processor"),
            KeyShape("memoryMiB", .number(0...16_777_216), "Memory in MiB"),
        ])

    static let engine = SectionShape(
        title: "`engine`",
        keys: [
            KeyShape("source", .word(EnginePolicy.Source.allCases.map(\.rawValue)), "Where the engine comes from"),
            KeyShape(
                "version", .text(.version), "A version as apt shows it, `*` at most at the end; the newest when absent"
            ),
            KeyShape("daemon", .daemon, "Keys for daemon.json; other keys in it are left alone"),
        ])

    static let network = SectionShape(
        title: "`network`",
        keys: [
            KeyShape(
                "addressPool", .text(.network), "The range of the overlay networks, which no host and no router uses"),
            // Docker makes subnets from /8 down to /29; below that no address is left for a task.
            KeyShape("subnetBits", .number(8...29), "Prefix length of each overlay network"),
        ])

    static let controlPlane = SectionShape(
        title: "`controlPlane`",
        keys: [
            KeyShape("port", port, "The port of the control plane on the managers, 8443 when absent"),
            KeyShape(
                "allowFrom", .list(.text(.network), count: 0...maximumHosts),
                "Networks that may connect besides the region's own hosts"),
        ])

    static let budgets = SectionShape(
        title: "`budgets`",
        keys: [
            KeyShape(
                "failedHosts", .hostsOrShare(0...maximumHosts),
                "How many hosts may fail before a run stops: a number, or a share of all like `20%`")
        ])
}
