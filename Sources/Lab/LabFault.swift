// The faults that a lab can make in a host, each as the real thing: a process that holds the lock, a disk that is full,
// an sshd that throttles. What each takes as its value, and what it leaves after a power cut, is decided here.

/// A fault that a lab host can be given and relieved of.
package enum LabFault: String, Sendable, CaseIterable, Codable {
    case fullDisk = "full-disk"
    case fullInodes = "full-inodes"
    case readOnly = "read-only"
    case heldLock = "held-lock"
    case halfConfigured = "half-configured"
    case packageSource = "package-source"
    case skewedClock = "skewed-clock"
    case clone
    case os
    case changedKey = "changed-key"
    case lockedOut = "locked-out"
    case fewStartups = "few-startups"
    case fewSessions = "few-sessions"
    case noisyShell = "noisy-shell"
    case sudo
    case occupiedPort = "occupied-port"
    case filteredPort = "filtered-port"
    case swallowedPackets = "swallowed-packets"
    case foreignSwarm = "foreign-swarm"
    case hangingCommand = "hanging-command"
    case frozen
    case oneWay = "one-way"
}

extension LabFault {
    /// Where a fault is made.
    enum Place: Equatable, Sendable {
        /// By a script in the running host. `needsOwnDisk`: the host boots anew onto a disk whose size can be moved.
        case host(needsOwnDisk: Bool)
        /// In the bridge between the hosts.
        case network
        /// By the host's control group, from outside.
        case freezer
    }

    var place: Place {
        switch self {
        case .fullDisk, .fullInodes: .host(needsOwnDisk: true)
        case .filteredPort, .swallowedPackets, .oneWay: .network
        case .frozen: .freezer
        case .readOnly, .heldLock, .halfConfigured, .packageSource, .skewedClock, .clone, .os, .changedKey,
            .lockedOut, .fewStartups, .fewSessions, .noisyShell, .sudo, .occupiedPort, .foreignSwarm, .hangingCommand:
            .host(needsOwnDisk: false)
        }
    }

    /// Whether it is gone when the host boots again: it was a process, a mount or a frozen group.
    var endsWithPower: Bool {
        switch self {
        case .fullDisk, .fullInodes, .readOnly, .heldLock, .occupiedPort, .frozen: true
        case .halfConfigured, .packageSource, .skewedClock, .clone, .os, .changedKey, .lockedOut, .fewStartups,
            .fewSessions, .noisyShell, .sudo, .filteredPort, .swallowedPackets, .foreignSwarm, .hangingCommand,
            .oneWay:
            false
        }
    }

    /// What it takes as its value.
    enum Value: Equatable, Sendable {
        case none
        case number(ClosedRange<Int>, default: Int)
        /// The first is the default.
        case word([String])
        /// A program's or a package's name.
        case name(default: String)
        /// Another host; without one, all others.
        case otherHost(isRequired: Bool)
    }

    var takes: Value {
        switch self {
        case .readOnly, .heldLock, .changedKey, .lockedOut, .foreignSwarm, .frozen: .none
        // Free MiB: apt wants some 300 for an engine, Muster's preflight 1024.
        case .fullDisk: .number(0...1024, default: 8)
        case .fullInodes: .number(0...100_000, default: 16)
        // A day either way: more than that and certificates fail, too, which is another fault.
        case .skewedClock: .number(-86_400...86_400, default: 90)
        // OpenSSH's own default is 10 of each.
        case .fewStartups: .number(1...10, default: 1)
        case .fewSessions: .number(0...10, default: 1)
        case .occupiedPort, .filteredPort: .number(1...65_535, default: 2377)
        // 576 every network carries, 1500 is what the hosts send at most; a tunnel in the way leaves some 1450.
        case .swallowedPackets: .number(576...1499, default: 1450)
        case .packageSource: .word(["none", "dead"])
        case .os: .word(["unknown", "derived"])
        case .noisyShell: .word(["noise", "odd"])
        case .sudo: .word(["password", "denied", "missing", "tty"])
        case .halfConfigured: .name(default: "sudo")
        case .hangingCommand: .name(default: "docker")
        case .clone: .otherHost(isRequired: true)
        case .oneWay: .otherHost(isRequired: false)
        }
    }

    /// What the host has then, for `muster lab fault ls`.
    package var summary: String {
        switch self {
        case .fullDisk: "a disk of its own with MIB left (a tmpfs, emptied by a power cut)"
        case .fullInodes: "a disk of its own with COUNT inodes left"
        case .readOnly: "a root that cannot be written"
        case .heldLock: "a process `unattended-upgr` that holds dpkg's lock"
        case .halfConfigured: "a package that dpkg could not configure"
        case .packageSource: "no package source, or one that does not answer"
        case .skewedClock: "commands that see a clock off by SECONDS (libfaketime)"
        case .clone: "the host name and machine-id of another host"
        case .os: "another system in os-release: unknown, or derived from Debian"
        case .changedKey: "another host key than the one in `known_hosts`"
        case .lockedOut: "accounts that do not take the lab's key"
        case .fewStartups: "an sshd that drops all but COUNT logins at once (`MaxStartups`)"
        case .fewSessions: "an sshd that takes COUNT channels a connection (`MaxSessions`)"
        case .noisyShell: "a login shell that talks, or one that is not POSIX (odd)"
        case .sudo: "`ops` has to give a password (`lab`), may not, has no sudo, or needs a terminal"
        case .occupiedPort: "a process that listens on PORT, TCP and UDP"
        case .filteredPort: "PORT, to which other hosts' packets are dropped"
        case .swallowedPackets: "packets of more than BYTES bytes, from and to other hosts, dropped without a word"
        case .foreignSwarm: "an engine that is a manager of a Swarm of its own"
        case .hangingCommand: "a command that never ends"
        case .frozen: "all processes frozen: it takes connections and never answers"
        case .oneWay: "packets to OTHER (or all hosts) dropped, those from there arriving"
        }
    }

    /// How the value is written in the help: `[MIB]`.
    package var usage: String {
        switch takes {
        case .none: ""
        case .number:
            switch self {
            case .fullDisk: "[MIB]"
            case .skewedClock: "[SECONDS]"
            case .occupiedPort, .filteredPort: "[PORT]"
            case .fullInodes, .fewStartups, .fewSessions: "[COUNT]"
            case .swallowedPackets: "[BYTES]"
            case .readOnly, .heldLock, .halfConfigured, .packageSource, .clone, .os, .changedKey, .lockedOut,
                .noisyShell, .sudo, .foreignSwarm, .hangingCommand, .frozen, .oneWay:
                "[NUMBER]"
            }
        case .word(let words): "[\(words.joined(separator: "|"))]"
        case .name: self == .halfConfigured ? "[PACKAGE]" : "[COMMAND]"
        case .otherHost(let isRequired): isRequired ? "OTHER" : "[OTHER]"
        }
    }

    /// The value in the form in which it is kept, its default if none is given; empty for a fault that takes none.
    ///
    /// - Throws: *rejected*, saying what it takes.
    func value(_ given: String?) throws(LabError) -> String {
        switch takes {
        case .none: if given == nil { return "" }
        case .number(let range, let usual):
            guard let given else { return "\(usual)" }
            let digits = given.hasPrefix("+") ? String(given.dropFirst()) : given
            if let number = Int(digits), range.contains(number) { return "\(number)" }
        case .word(let words):
            guard let given else { return words[0] }
            if words.contains(given) { return given }
        case .name(let usual):
            guard let given else { return usual }
            let isPlain = given.utf8.allSatisfy { byte in
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            }
            if isPlain, !given.isEmpty, !given.hasPrefix("."), !given.hasPrefix("-") { return given }
        case .otherHost(let isRequired):
            guard let given else {
                if isRequired { break }
                return "all"
            }
            if let host = LabAddress.host(named: given) { return LabAddress.name(of: host) }
        }
        let what = given.map { "does not take `\($0)`" } ?? "wants another host"
        throw LabError(
            .rejected, "fault `\(rawValue)`", what, hint: "write `\(rawValue) HOST\(usage.isEmpty ? "" : " \(usage)")`")
    }
}
