// What is wrong with one host, judged from its facts alone. Each rule names its fault of docs/faults.md.
import FleetModel

/// The findings about one reachable host.
struct HostFindings {
    let host: HostPolicy
    let facts: HostFacts
    let policy: FleetPolicy
    let intents: FleetIntents

    var all: [ReportEntry] {
        // Without root the other readings mean little: what may not be read looks as if it were not there.
        if !privilege.isEmpty { return privilege }
        return [rootLogin, system, kernel, room, packages, engine, swarm, ports, region, translation].flatMap { $0 }
    }

    /// Free room in MiB below /var/lib/docker that an engine, its packages and the image of the control plane need:
    /// 350 MiB unpacked; at half of 1024 a first workload would not fit.
    private static let leastDiskMiB = 1024
    /// Engine and containerd take about 150 MiB with a Swarm; at half of 256 the engine is killed when it pulls.
    private static let leastMemoryMiB = 256

    private func quarantine(_ code: String, _ message: String, hint: String? = nil) -> [ReportEntry] {
        [.host(.quarantined, code, host.name, message, hint: hint)]
    }

    private func refuse(_ code: String, _ message: String, hint: String? = nil) -> [ReportEntry] {
        [.host(.refused, code, host.name, message, hint: hint)]
    }

    /// F11.
    private var privilege: [ReportEntry] {
        switch facts.identity.privilege {
        case .root, .sudo: []
        case .sudoWantsPassword:
            quarantine(
                "sudo-wants-password", "`sudo` asks `\(policy.access.user)` for a password",
                hint: "set `access.sudo: password` in the manifest, or add a NOPASSWD line for it on the host")
        case .sudoMissing where policy.access.sudo == .none && policy.access.user != "root":
            quarantine(
                "not-root", "`\(policy.access.user)` is not root, and `access.sudo` is `none`",
                hint: "set `access.sudo: nopasswd` in the manifest, or log in as root")
        case .sudoMissing:
            quarantine(
                "sudo-missing", "`\(policy.access.user)` is not root and there is no `sudo`",
                hint: "install sudo on the host, or log in as root")
        case .notInSudoers:
            quarantine(
                "not-in-sudoers", "`\(policy.access.user)` may not use `sudo`",
                hint: "add it to the sudoers on the host")
        }
    }

    /// F11: the control plane has no password for sudo.
    private var rootLogin: [ReportEntry] {
        guard policy.access.sudo == .password, let allowed = facts.rootLogin,
            ["no", "forced-commands-only"].contains(allowed)
        else { return [] }
        return quarantine(
            "root-login-forbidden",
            "`access.sudo` is `password`, so the control plane would log in as root, and sshd forbids it "
                + "(`PermitRootLogin \(allowed)`)",
            hint: "set `PermitRootLogin prohibit-password` on the host, or use `access.sudo: nopasswd`")
    }

    /// F13.
    private var system: [ReportEntry] {
        let system = facts.operatingSystem
        guard system.usesApt else {
            return quarantine(
                "unknown-system", "runs `\(system.prettyName)`, and engines are installed from apt only for now",
                hint: "use Debian or Ubuntu")
        }
        guard system.initSystem != .other else {
            return quarantine(
                "unknown-init", "neither systemd nor sysvinit starts its services", hint: "use one of the two")
        }
        return []
    }

    /// F16.
    private var kernel: [ReportEntry] {
        let missing = [
            (facts.kernel.hasOverlay, "overlayfs"), (facts.kernel.hasVXLAN, "vxlan"),
            (facts.kernel.hasCgroups, "cgroups"),
        ].filter { !$0.0 }.map(\.1)
        if missing.isEmpty { return [] }
        return quarantine(
            "kernel-feature-missing", "kernel `\(facts.kernel.release)` has no \(missing.joined(separator: ", no "))",
            hint: "load the module or use a kernel that has it")
    }

    /// F15, F16.
    private var room: [ReportEntry] {
        let capacity = facts.capacity
        if !capacity.isRootWritable {
            return quarantine("read-only", "/etc is read-only", hint: "mount the root file system writable")
        }
        if capacity.diskFreeMiB < Self.leastDiskMiB {
            return quarantine(
                "disk-full",
                "\(capacity.diskFreeMiB) MiB are free for /var/lib/docker, \(Self.leastDiskMiB) are needed",
                hint: "make room on it")
        }
        if capacity.inodesFreePercent < 5 {
            return quarantine(
                "inodes-full", "\(capacity.inodesFreePercent) % of the inodes below /var/lib/docker are free",
                hint: "remove small files there")
        }
        if capacity.memoryMiB < Self.leastMemoryMiB {
            return quarantine(
                "memory-small", "has \(capacity.memoryMiB) MiB of memory, \(Self.leastMemoryMiB) are needed",
                hint: "give it more")
        }
        return []
    }

    /// F14, F25: only what stops an installation, and only where one is due.
    private var packages: [ReportEntry] {
        guard facts.engine == nil else { return [] }
        var found: [ReportEntry] = []
        if let holder = facts.packages.lockHolder {
            found.append(
                .host(
                    .waits, "package-lock", host.name, "the package manager is held by process `\(holder)`",
                    hint: "Muster waits up to 5 minutes for it"))
        }
        // Whoever holds the lock is in the middle of configuring: that is no fault yet.
        // What a run of ours was cut off at, the next one finishes.
        let halfConfigured = facts.packages.halfConfigured.filter { facts.made?.packages.contains($0) != true }
        if facts.packages.lockHolder == nil, !halfConfigured.isEmpty {
            found += quarantine(
                "half-configured", "dpkg left `\(halfConfigured.joined(separator: "`, `"))` half-configured",
                hint: "run `dpkg --configure -a` on the host")
        }
        if facts.packages.sources == 0 {
            found += quarantine(
                "no-package-source", "no package source is configured", hint: "add one below /etc/apt/sources.list.d")
        }
        return found
    }

    /// F20.
    private var engine: [ReportEntry] {
        guard let engine = facts.engine else { return [] }
        if engine.origin != "apt" {
            return quarantine(
                "foreign-engine", "its `docker` comes from \(engine.origin)", hint: "remove it, or take the host out")
        }
        if !engine.isDaemonFileValid {
            return quarantine(
                "bad-daemon-file", "/etc/docker/daemon.json is not JSON", hint: "mend the file, or remove it")
        }
        if engine.hasLiveRestore {
            return quarantine(
                "live-restore", "the engine has `live-restore`, which cannot be in a Swarm",
                hint: "remove it from /etc/docker/daemon.json")
        }
        if engine.isRunning, engine.storageDriver != "overlay2" {
            return quarantine(
                "storage-driver", "the engine stores in `\(engine.storageDriver)`, not overlay2",
                hint: "put /var/lib/docker on ext4 or xfs")
        }
        return conflictingKeys(engine)
    }

    private func conflictingKeys(_ engine: EngineFacts) -> [ReportEntry] {
        guard case .object(let present)? = engine.daemon else { return [] }
        return policy.engine.daemon.sorted { $0.key < $1.key }.flatMap { key, wanted -> [ReportEntry] in
            guard let value = present[key], value != wanted, facts.made?.daemonKeys.contains(key) != true else {
                return []
            }
            return quarantine(
                "daemon-key-conflict",
                "daemon.json has `\(key)`: `\(value.canonicalText)`, the manifest wants `\(wanted.canonicalText)`",
                hint: "change one of the two")
        }
    }

    /// F21, F23.
    private var swarm: [ReportEntry] {
        if facts.swarm.state == .inactive { return [] }
        if isOurs { return facts.swarm.state == .locked ? locked : [] }
        if let id = intents.evict[host.name] ?? intents.adopt[host.name] {
            return facts.swarm.isNamed(id) ? [] : otherThanNamed(id)
        }
        // A manager that is adopted brings the hosts of its Swarm with it; whether it is one is known later.
        if intents.adopt.keys.contains(where: { $0 != host.name }) && facts.swarm.state == .active { return [] }
        let id = facts.swarm.swarmID ?? facts.swarm.nodeID?.rawValue
        let which = id.map { " `\($0)`" } ?? ""
        let through = facts.swarm.managerAddresses.first.map { " (a manager is `\($0)`)" } ?? ""
        return refuse(
            "foreign-swarm", "is in another Swarm\(which)\(through), which this region did not make",
            hint: "take it out of the manifest, let it leave with `muster hosts evict \(host.name) --swarm "
                + "\(id ?? "ID") --manifest FILE`, or take that Swarm over with `adopt` in its place")
    }

    private func otherThanNamed(_ id: String) -> [ReportEntry] {
        let present = [facts.swarm.swarmID, facts.swarm.nodeID?.rawValue].compactMap { $0 }.joined(separator: "`, `")
        return refuse(
            "other-swarm", "is not in the Swarm `\(id)` that was named: it is in `\(present)`",
            hint: "look at it with `muster check`, then name that one")
    }

    /// F32.
    private var locked: [ReportEntry] {
        quarantine(
            "swarm-locked", "its Swarm is locked since its engine restarted",
            hint: "unlock it on the host: `docker swarm unlock`")
    }

    private var isOurs: Bool { facts.made?.region == policy.region && facts.made?.swarm.isEmpty == false }

    /// F19.
    private var ports: [ReportEntry] {
        if facts.swarm.state != .inactive || facts.listeners.isEmpty { return [] }
        let taken = facts.listeners.keys.sorted().joined(separator: ", ")
        return quarantine("port-taken", "something listens on port \(taken), which Swarm needs", hint: "stop it")
    }

    private var region: [ReportEntry] {
        guard let made = facts.made, made.region != policy.region else { return [] }
        return refuse(
            "other-region", "was made by region `\(made.region)`",
            hint: "take it out of one of the two manifests, or run `muster down` for that region")
    }

    /// F36: the address in the manifest is one of another machine's, which passes on what comes to it.
    private var translation: [ReportEntry] {
        let own = facts.identity.addresses
        guard IPv4Network("\(host.address)/32") != nil, !own.isEmpty, !own.contains(host.address) else { return [] }
        return [
            .host(
                .note, "address-translated", host.name,
                "answers at `\(host.address)`, and its own addresses are `\(own.joined(separator: "`, `"))`: its Swarm "
                    + "will tell the others the first",
                hint: "give the address that the other hosts reach it by, and pass ports 2377, 7946 and 4789 on to it")
        ]
    }
}
