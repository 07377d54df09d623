// The host scripts at work: each is run by a real shell against a fake `docker`, twice where it must be idempotent.
import DockerEngine
import FleetModel
import FleetReconciler
import Foundation
import Testing

@Suite("Host scripts at work") struct ScriptRunTests {
    private static let initAct = RemoteAct(
        "init-swarm", ["eu1", "control", "docker", "swarm", "init", "--advertise-addr", "a b"])
    private static let join = RemoteAct(
        "join-swarm", ["eu1", "control", "198.18.1.2", "127.0.0.1:2377", "127.0.0.3:2377"],
        secret: Secret("SWMTKN-1-verysecret-token"))

    private func word(_ output: FramedOutput) -> String {
        output.lines.map { "\($0.word) \($0.rest)" }.joined(separator: ",")
    }

    @Test("init-swarm: makes it, a second time changes nothing", arguments: shells)
    func initSwarm(shell: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        #expect(word(try host.run(Self.initAct, shell: shell)) == "changed ")
        #expect(word(try host.run(Self.initAct, shell: shell)) == "unchanged ")
        #expect(host.state("arguments")?.contains("swarm init --advertise-addr a b\n") == true)
        #expect(host.read("etc/made.json")?.contains(#""swarm":["control"]"#) == true)
    }

    @Test("F21, F23: init-swarm and join-swarm refuse a Swarm that is not ours, and a half-joined host")
    func foreign() throws {
        for act in [Self.initAct, Self.join] {
            let foreign = try FakeDocker(swarm: "active")
            let half = try FakeDocker(swarm: "pending")
            defer { foreign.remove(); half.remove() }
            #expect(try foreign.run(act).first("fail")?.hasPrefix("foreign-swarm their-") == true)
            #expect(try half.run(act).first("fail")?.hasPrefix("half-joined pending") == true)
            #expect(foreign.read("etc/made.json") == nil, "nothing was written")
        }
    }

    @Test("join-swarm: one request to the engine, the token in it and in no argument", arguments: shells)
    func joinSwarm(shell: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        #expect(word(try host.run(Self.join, shell: shell)) == "changed ")
        let request = try #require(host.state("request"))
        let body = try #require(request.components(separatedBy: "\r\n\r\n").last)
        #expect(request.contains("Content-Length: \(body.utf8.count)\r\n"))
        #expect(
            DockerReader.json(body)
                == .object([
                    "ListenAddr": .string("0.0.0.0:2377"), "AdvertiseAddr": .string("198.18.1.2"),
                    "DataPathAddr": .string("198.18.1.2"), "JoinToken": .string("SWMTKN-1-verysecret-token"),
                    "RemoteAddrs": .array([.string("127.0.0.1:2377"), .string("127.0.0.3:2377")]),
                ]))
        #expect(host.state("arguments")?.contains("verysecret") == false)
        #expect(word(try host.run(Self.join, shell: shell)) == "unchanged ")
    }

    /// An engine that answers a join with `status` and `message`, and is in `state` then.
    private func engine(_ status: String, _ message: String, state: String) throws -> FakeDocker {
        let host = try FakeDocker()
        host.set("join", state)
        host.set("answer", "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\n\r\n{\"message\":\"\(message)\"}")
        return host
    }

    private static let timeout = "Timeout was reached before node joined. The attempt will continue in the background"

    @Test(
        "F28: join reports a time-out and is active a moment later → joined; still pending after a minute → named, and left alone"
    )
    func joinTimesOut() throws {
        let late = try engine("503 Service Unavailable", Self.timeout, state: "pending")
        let never = try engine("503 Service Unavailable", Self.timeout, state: "pending")
        defer { late.remove(); never.remove() }
        late.set("later", "3 active")
        #expect(word(try late.run(Self.join)) == "changed ")
        #expect(try never.run(Self.join, patience: 1).first("fail")?.hasPrefix("swarm-join pending: ") == true)
        #expect(never.state("swarm") == "pending\n", "to leave in the middle may cost the majority")
    }

    @Test(
        "F26, F27: a refused join is known at once, and why; the token is in no word of it",
        arguments: [
            (
                "400 Bad Request",
                "rpc error: A valid join token is necessary to join this cluster: SWMTKN-1-verysecret-token",
                "token-rejected"
            ),
            ("500 Internal Server Error", "remote CA does not match fingerprint. Expected: 1f", "token-rejected"),
            (
                "503 Service Unavailable",
                "rpc error: code = Unavailable desc = connection error: dial tcp: no route to host",
                "manager-unreachable"
            ),
            ("500 Internal Server Error", "manager stopped: cannot listen", "swarm-join"),
        ])
    func joinRefused(status: String, message: String, code: String) throws {
        let host = try engine(status, message, state: "inactive")
        defer { host.remove() }
        let start = ContinuousClock.now
        let output = try host.run(Self.join)
        #expect(output.first("fail")?.hasPrefix("\(code) inactive: ") == true, "\(output.lines)")
        #expect(!output.lines.contains { $0.rest.contains("verysecret") })
        #expect(ContinuousClock.now - start < .seconds(30), "not waited for a state that cannot come")
    }

    @Test("authorize-region-key: one line for the managers' addresses, other keys stay, a second time changes nothing")
    func authorize() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        let file = "home/.ssh/authorized_keys"
        try FileManager.default.createDirectory(at: host.scratch.url("home/.ssh"), withIntermediateDirectories: true)
        try Data("ssh-ed25519 AAAAoperator me@desk\n".utf8).write(to: host.scratch.url(file))
        func act(_ addresses: String...) -> RemoteAct {
            RemoteAct("authorize-region-key", ["eu1", host.home, "ssh-ed25519 AAAAregion"] + addresses)
        }
        #expect(word(try host.run(act("198.18.1.1", "198.18.1.2"))) == "changed ")
        let line = #"restrict,from="198.18.1.1,198.18.1.2,172.17.0.0/16" ssh-ed25519 AAAAregion muster:eu1"#
        #expect(host.read(file) == "ssh-ed25519 AAAAoperator me@desk\n\(line)\n")
        #expect(word(try host.run(act("198.18.1.1", "198.18.1.2"))) == "unchanged ")
        #expect(word(try host.run(act("198.18.1.9"))) == "changed ")
        #expect(host.read(file)?.split(separator: "\n").count == 2, "the old line is replaced")
        #expect(host.read("etc/made.json")?.contains(#""regionKeyFrom":["198.18.1.9"]"#) == true)
        let other = RemoteAct("authorize-region-key", ["eu1", host.home, "ssh-ed25519 AAAAother", "198.18.1.9"])
        #expect(word(try host.run(other)) == "changed ", "another folder's key takes the place of the first")
        #expect(host.read(file)?.contains("AAAAregion") == false)
        #expect(host.read("etc/made.json")?.contains(#""regionKey":["ssh-ed25519 AAAAother"]"#) == true)
    }

    @Test("I2: authorize-region-key stops before the line is there → made.json does not say that it is")
    func authorizeKilled() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        try FileManager.default.createDirectory(
            at: host.scratch.url("home/.ssh/authorized_keys.muster"), withIntermediateDirectories: true)
        let act = RemoteAct("authorize-region-key", ["eu1", host.home, "ssh-ed25519 AAAAregion", "198.18.1.1"])
        #expect(try host.run(act, isQuiet: false).first("fail")?.hasPrefix("write-key") == true)
        let made = host.read("etc/made.json").flatMap { DockerReader.decoded(MadeRecord.self, $0) }
        #expect(made?.region == "eu1", "down must know that something may be here")
        #expect(made?.regionKeyFrom == [], "the planner must see that the key is not in yet")
    }

    @Test("F38: authorize-region-key stops in the middle of taking another key's place → neither is written down as in")
    func authorizeAnotherKilled() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        try FileManager.default.createDirectory(at: host.scratch.url("home/.ssh"), withIntermediateDirectories: true)
        func act(_ key: String) -> RemoteAct {
            RemoteAct("authorize-region-key", ["eu1", host.home, "ssh-ed25519 \(key)", "198.18.1.1"])
        }
        #expect(word(try host.run(act("AAAAana"))) == "changed ")
        try FileManager.default.createDirectory(
            at: host.scratch.url("home/.ssh/authorized_keys.muster"), withIntermediateDirectories: true)
        #expect(try host.run(act("AAAAbob"), isQuiet: false).first("fail")?.hasPrefix("write-key") == true)
        let made = host.read("etc/made.json").flatMap { DockerReader.decoded(MadeRecord.self, $0) }
        #expect(made?.regionKey == [] && made?.regionKeyFrom == [])
    }

    @Test(
        "F39: install-engine after a power cut in the middle of apt → Muster's packages are finished, others' left alone"
    )
    func finishPackages() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        try host.program("dockerd", "exit 0")
        try host.program(
            "dpkg-query", "cat \"$(dirname \"$0\")/../state/packages\" 2>/dev/null || echo 'installed docker.io'")
        try host.program("dpkg", "cd \"$(dirname \"$0\")/../state\" && echo \"$*\" >>dpkg && rm -f packages")
        try host.program("apt-get", "exit 100")
        host.set("packages", "unpacked docker.io\nhalf-configured grub-pc")
        let act = RemoteAct("install-engine", ["eu1", "-", "-", ""])
        #expect(word(try host.run(act)) == "unchanged ", "neither is written down as Muster's")
        #expect(host.state("dpkg") == nil)
        _ = try host.run(Self.initAct)
        try Data("docker.io\n".utf8).write(to: host.scratch.url("etc/made/packages"))
        #expect(word(try host.run(act)) == "changed finished packages")
        #expect(host.state("dpkg") == "--force-confold --configure -a\n")
        #expect(word(try host.run(act)) == "unchanged ")
    }

    /// `apt-get` that brings `brought`, and tells the hook so as apt does, on a host where `known` is what dpkg knows.
    private func apt(_ brought: [String], known: String, ends status: Int = 0, on host: FakeDocker) throws {
        let files = brought.map { "/var/cache/apt/archives/\($0)_1%3a2.3-4_amd64.deb" }.joined(separator: " ")
        try host.program("dpkg-query", "printf '%s\\n' \(known)")
        try host.program(
            "apt-get",
            """
            for word; do case $word in DPkg::Pre-Install-Pkgs::=*) hook=${word#*=} ;; esac; done
            [ -z "$hook" ] || { printf '%s\\n' \(files) | /bin/sh -c "$hook" && exit \(status); }
            """)
        // Those of this machine are neither looked at nor changed.
        for name in ["iptables", "systemctl"] { try host.program(name, "exit 0") }
    }

    @Test("install-engine: what apt brings is Muster's; what it only upgrades is not, and nothing is listed twice")
    func packagesBrought() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        try apt(
            ["containerd", "docker.io", "libnftnl11", "runc"],
            known: "'installed containerd' 'config-files runc' 'installed libc6' 'unpacked docker'", on: host)
        let act = RemoteAct("install-engine", ["eu1", "-", "-", ""])
        let texts = ["/run/muster-": "\(host.scratch.url("state").path)/", "v dockerd": "v no-such-engine"]
        #expect(word(try host.run(act, replacing: texts)) == "changed installed docker.io")
        func packages() -> [String]? {
            host.read("etc/made.json").flatMap { DockerReader.decoded(MadeRecord.self, $0) }?.packages
        }
        #expect(packages() == ["docker.io", "libnftnl11", "runc"])
        #expect(word(try host.run(act, replacing: texts)) == "changed installed docker.io")
        #expect(packages() == ["docker.io", "libnftnl11", "runc"])
        #expect(host.state("debs") == nil && host.state("known") == nil)
    }

    @Test("F39: install-engine is cut off in the middle of apt → what it was about to bring is on its list by then")
    func packagesCutOff() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        try apt(["docker.io", "containerd"], known: "'installed containerd'", ends: 100, on: host)
        let texts = ["/run/muster-": "\(host.scratch.url("state").path)/", "v dockerd": "v no-such-engine"]
        let output = try host.run(RemoteAct("install-engine", ["eu1", "-", "-", ""]), replacing: texts)
        #expect(output.first("fail")?.hasPrefix("package-install") == true)
        #expect(host.read("etc/made/packages") == "docker.io\n")
    }

    @Test("load-image: asks for the archive only if the image is not there")
    func loadImage() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        host.set("image", "is there")
        #expect(word(try host.run(RemoteAct("load-image", ["eu1", "muster:1"], upload: "x"))) == "unchanged ")
    }

    @Test(
        "start-control-plane: secrets byte for byte and in no argument; a second time changes nothing",
        arguments: shells)
    func startControlPlane(shell: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        let key = "-----KEY-----\nwith 'quotes' $(id)\n"
        let lines = "muster-eu1-ca-key \(Data(key.utf8).base64EncodedString())\nmuster-eu1-empty "
        let act = RemoteAct(
            "start-control-plane",
            ["eu1", "muster-eu1", "docker", "service", "create", "--label", "a=$(id) b", "image"],
            secret: Secret(lines))
        #expect(word(try host.run(act, shell: shell)) == "changed ")
        #expect(host.state("secret-muster-eu1-ca-key") == key)
        #expect(host.state("service") == "--label\na=$(id) b\nimage\n")
        #expect(host.state("arguments")?.contains("quotes") == false)
        #expect(host.state("arguments")?.contains(Data(key.utf8).base64EncodedString()) == false)
        #expect(word(try host.run(act, shell: shell)) == "unchanged ")
    }

    @Test("F37: start-control-plane: what another folder began goes with its keys, unless it was handed the region")
    func startedByAnother() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        func act(_ key: String) -> RemoteAct {
            RemoteAct(
                "start-control-plane",
                [
                    "eu1", "muster-eu1", "docker", "service", "create", "--label",
                    "io.muster.region-key=ssh-ed25519 \(key)",
                ],
                secret: Secret("muster-eu1-region-key \(Data(key.utf8).base64EncodedString())"))
        }
        #expect(word(try host.run(act("AAAAana"))) == "changed ")
        host.set("volume", "hers")
        #expect(word(try host.run(act("AAAAbob"))) == "changed ")
        #expect(host.state("service")?.contains("AAAAbob") == true && host.state("volume") == nil)
        #expect(host.state("secret-muster-eu1-region-key") == "AAAAbob")
        #expect(word(try host.run(act("AAAAbob"))) == "unchanged ")
        host.set("config-muster-eu1-2-1", "muster-eu1-2-1")
        #expect(try host.run(act("AAAAana")).first("fail") == "control-plane-owns muster-eu1-2-1")
        #expect(host.state("service")?.contains("AAAAbob") == true)
    }

    @Test("start-control-plane: ends when the control plane answers, though Swarm does not call it running yet")
    func startedAndNotYetHealthy() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        host.set("task", "Starting 1 second ago")
        host.set("container", "c1")
        let act = RemoteAct("start-control-plane", ["eu1", "muster-eu1", "docker", "service", "create", "image"])
        #expect(word(try host.run(act)) == "changed ")
        #expect(host.state("arguments")?.contains("exec c1 /usr/local/bin/muster serve --probe") == true)
    }

    @Test("record-witness: makes the new one, keeps those named, removes the others")
    func recordWitness() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        for name in ["muster-eu1-1-1", "muster-eu1-1-2"] { host.set("config-\(name)", name) }
        let act = RemoteAct("record-witness", ["eu1", "muster-eu1-1-3", "muster-eu1-1-2"])
        #expect(word(try host.run(act)) == "changed ")
        #expect(host.state("config-muster-eu1-1-3") != nil && host.state("config-muster-eu1-1-2") != nil)
        #expect(host.state("config-muster-eu1-1-1") == nil)
        #expect(word(try host.run(act)) == "unchanged ")
    }

    @Test("leave-swarm leaves our Swarm and no other; reset-swarm leaves what we joined half")
    func leave() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        _ = try host.run(Self.initAct)
        let act = RemoteAct("leave-swarm", ["eu1", "control", "forced"])
        #expect(word(try host.run(act)) == "changed ")
        #expect(host.state("swarm") == "inactive\n")
        #expect(word(try host.run(act)) == "unchanged ")
        host.set("swarm", "active")
        #expect(try host.run(act).first("fail")?.hasPrefix("foreign-swarm") == true)
        #expect(
            try host.run(RemoteAct("reset-swarm", ["eu1", "control"])).first("fail")?.hasPrefix("foreign-swarm") == true
        )
    }

    @Test("F23, F38: reset-swarm: the join of a Muster that was killed still goes on → it is waited for, and not left")
    func stillJoining() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        _ = try host.run(Self.initAct)
        host.set("swarm", "pending")
        DispatchQueue.global().asyncAfter(deadline: .now() + 1) { host.set("swarm", "active") }
        #expect(word(try host.run(RemoteAct("reset-swarm", ["eu1", "control"]))) == "unchanged ")
        #expect(host.state("arguments")?.contains("swarm leave") == false)
        host.set("swarm", "error")
        #expect(word(try host.run(RemoteAct("reset-swarm", ["eu1", "control"]))) == "changed ")
        #expect(host.state("swarm") == "inactive\n")
    }

    @Test("label-node and promote-node run the rendered command; swarm-token gives the token of the role")
    func small() throws {
        let host = try FakeDocker()
        defer { host.remove() }
        let label = RemoteAct("label-node", ["eu1", "docker", "node", "update", "--label-add", "a=b c", "n1"])
        #expect(word(try host.run(label)) == "changed ")
        #expect(
            word(try host.run(RemoteAct("promote-node", ["eu1", "docker", "node", "promote", "n1"]))) == "changed ")
        #expect(try host.run(RemoteAct("swarm-token", ["worker", "127.0.0.1"])).first("token") == "TOKEN-worker")
        #expect(host.state("arguments")?.contains("node update --label-add a=b c n1\n") == true)
    }

    @Test(
        "F21: a host of another region is refused by every script that changes something",
        arguments: [
            "init-swarm", "join-swarm", "label-node", "promote-node", "leave-swarm", "reset-swarm", "load-image",
            "authorize-region-key", "start-control-plane", "record-witness", "remove-control-plane", "install-engine",
            "restore-host", "drain-node", "activate-node", "demote-node", "remove-node", "evict-swarm", "adopt-swarm",
        ])
    func otherRegion(word: String) throws {
        let host = try FakeDocker()
        defer { host.remove() }
        _ = try host.run(Self.initAct)
        let before = host.state("arguments")
        let output = try host.run(RemoteAct(word, ["us1", "a", "b", "c"], secret: Secret("x")))
        #expect(output.first("fail") == "other-region eu1")
        #expect(host.state("arguments") == before, "docker was not asked for anything")
    }
}
