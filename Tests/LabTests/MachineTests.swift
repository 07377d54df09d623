// How the lab reads the machine that it runs on: control groups, package sources, file systems, tools.
import Testing

@testable import Lab

@Suite struct MachineTests {
    private let mounts = """
        tmpfs /sys/fs/cgroup tmpfs rw,relatime,mode=755 0 0
        cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,nodev,noexec,relatime,cpu,cpuacct 0 0
        cgroup /sys/fs/cgroup/cpuset cgroup rw,relatime,cpuset,clone_children 0 0
        cgroup /sys/fs/cgroup/pids cgroup rw,relatime,pids 0 0
        cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,xattr,release_agent=/lib/agent,name=systemd 0 0
        cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime,nsdelegate 0 0
        """

    @Test("hierarchies are told apart by what mounts them again, joined ones and named ones too")
    func hierarchies() {
        let groups = ControlGroups(mounts: mounts)
        #expect(groups.hierarchies.map(\.options) == ["cpu,cpuacct", "cpuset", "pids", "name=systemd", "unified"])
        #expect(groups.folder(of: "cpuacct") == "/sys/fs/cgroup/cpu,cpuacct")
        #expect(groups.killFolder == "/sys/fs/cgroup/pids")
        #expect(groups.words.hasPrefix("cpu,cpuacct@/sys/fs/cgroup/cpu,cpuacct cpuset@/sys/fs/cgroup/cpuset "))
    }

    @Test("missing controllers are named")
    func missing() {
        #expect(ControlGroups(mounts: mounts).missing == ["memory", "devices", "freezer", "blkio"])
        #expect(!ControlGroups(mounts: mounts).isUnified)
    }

    @Test("a machine with version 2 only needs its controllers, and has one hierarchy for all")
    func unified() {
        let mounts = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nsdelegate 0 0\n"
        let groups = ControlGroups(mounts: mounts, unifiedControllers: "cpuset cpu io memory hugetlb pids rdma\n")
        #expect(groups.isUnified && groups.missing.isEmpty)
        #expect(groups.killFolder == "/sys/fs/cgroup")
        #expect(groups.words == "unified@/sys/fs/cgroup")
        #expect(ControlGroups(mounts: mounts, unifiedControllers: "cpu pids").missing == ["cpuset", "io", "memory"])
    }

    @Test("the Debian archive is found among other sources, with its updates and security")
    func source() throws {
        let source = try #require(
            PackageSource(
                targets: """
                    http://mirror.example/debian/ bookworm-updates main
                    http://mirror.example/debian/ bookworm main
                    http://mirror.example/debian/ bookworm contrib
                    http://mirror.example/debian-security/ bookworm-security main
                    https://other.example/tools nodistro main

                    """))
        #expect(source.mirror == "http://mirror.example/debian")
        #expect(source.suite == "bookworm")
        #expect(
            source.lines == [
                "deb http://mirror.example/debian bookworm-updates main",
                "deb http://mirror.example/debian bookworm main",
                "deb http://mirror.example/debian-security bookworm-security main",
            ])
    }

    @Test(
        "a machine without a Debian archive has no package source",
        arguments: ["", "https://e.example/ubuntu jammy main"])
    func noSource(targets: String) {
        #expect(PackageSource(targets: targets) == nil)
    }

    @Test("another suite, archive or set of rights makes other layers; the same makes the same")
    func key() throws {
        let bookworm = try #require(PackageSource(targets: "http://a.example/debian bookworm main"))
        let trixie = try #require(PackageSource(targets: "http://a.example/debian trixie main"))
        let key = Preparation.key(bookworm, isLimited: false)
        #expect(key.hasPrefix("bookworm-"))
        #expect(key == Preparation.key(bookworm, isLimited: false))
        #expect(key != Preparation.key(bookworm, isLimited: true))
        #expect(key != Preparation.key(trixie, isLimited: false))
    }

    @Test("a host's layers, the uppermost first")
    func lowerFolders() {
        #expect(Preparation.lowerFolders("/c", .plain, engine: false) == "/c/plain:/c/root")
        #expect(Preparation.lowerFolders("/c", .systemd, engine: true) == "/c/engine-systemd:/c/systemd:/c/root")
    }

    @Test("the file system below a folder is found by its device number")
    func fileSystem() {
        let mounts = """
            22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
            35 22 0:39 / /var rw - overlay overlay rw,lowerdir=/a
            """
        #expect(Preflight.fileSystem(of: 254 << 8, mounts: mounts) == "ext4")
        #expect(Preflight.fileSystem(of: 39, mounts: mounts) == "overlay")
        #expect(Preflight.fileSystem(of: 40, mounts: mounts) == nil)
    }

    @Test("all missing tools are named at once, with the line that installs them")
    func tools() throws {
        let text = try #require(Preflight.missingTools(in: "/nowhere").first)
        #expect(text.contains("`debootstrap`, `apt-ftparchive`, `busybox`, `ip`, `ssh`"))
        #expect(
            text.hasSuffix(
                "(`apt-get install -y --no-install-recommends apt-utils busybox-static debootstrap iproute2 mount "
                    + "openssh-client util-linux`)"))
    }

    @Test("every script of the lab is in the binary")
    func scripts() {
        for name in [
            "create.sh", "enter.sh", "fault.sh", "inside.sh", "machine.sh", "prepare.sh", "region.sh", "start.sh",
        ] {
            #expect(LabScripts.bytes(name).starts(with: Array("#!/bin/sh\n".utf8)), "\(name)")
        }
    }

    @Test("the table is as wide as its widest cells")
    func table() {
        let hosts = [
            LabHost(
                index: 1, name: "h1", address: "198.18.1.2", flavour: .plain, state: .up, pid: 12345, hasEngine: false,
                faults: ["skewed-clock 90", "frozen"]),
            LabHost(
                index: 10, name: "h10", address: "198.18.1.11", flavour: .systemd, state: .off, pid: nil,
                hasEngine: true, faults: []),
        ]
        #expect(
            LabHost.table(of: hosts) == """
                HOST  ADDRESS      FLAVOUR  STATE  PID    ENGINE  FAULTS
                h1    198.18.1.2   plain    up     12345  no      skewed-clock 90, frozen
                h10   198.18.1.11  systemd  off    -      yes     -
                """)
    }
}
