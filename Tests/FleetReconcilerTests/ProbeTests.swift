// The probe: its output as samples, and the real script run by the real shell of this machine.
import FleetModel
import FleetReconciler
import Foundation
import HostScripts
import Testing

@Suite("Probe") struct ProbeTests {
    private static let now = Int(Date().timeIntervalSince1970)

    private static func facts(_ lines: [String], observerClock: Int = 1000) -> HostFacts? {
        let text = lines.map { "N1 \($0)\n" }.joined()
        return ProbeReader(FramedOutput(text, nonce: "N1")).facts(observerClock: observerClock)
    }

    @Test("a bare Debian host → its facts")
    func bareHost() throws {
        let facts = try #require(
            Self.facts([
                "clock 1007", "privilege root", "hostname eu1-01", "machine-id abc", "boot-id def", "os.id debian",
                "os.version 12", "os.name Debian GNU/Linux 12 (bookworm)", "init systemd", "kernel 6.1.0-18-amd64",
                "architecture x86_64", "cpus 4", "memory-kib 8388608", "available-kib 4194304", "disk-kib 41943040",
                "disk-free-kib 20971520", "inodes-used 7", "root-writable yes", "address 198.18.1.1", "address fe80::1",
                "route 198.18.0.0/16", "ipvs no", "sources 2", "lock 4711 unattended-upgr", "listener 2377", "end",
            ]))
        #expect(facts.clockSkew == 7)
        #expect(facts.identity.addresses == ["198.18.1.1", "fe80::1"])
        #expect(facts.operatingSystem.prettyName == "Debian GNU/Linux 12 (bookworm)")
        #expect(facts.operatingSystem.usesApt && facts.operatingSystem.initSystem == .systemd)
        #expect(facts.capacity.cpuMillicores == 4000 && facts.capacity.memoryMiB == 8192)
        #expect(facts.capacity.diskFreeMiB == 20_480 && facts.capacity.inodesFreePercent == 93)
        #expect(facts.packages.lockHolder == "4711 unattended-upgr" && facts.packages.sources == 2)
        #expect(facts.engine == nil && facts.swarm.state == .inactive && facts.made == nil)
        #expect(!facts.kernel.hasIPVS && facts.kernel.hasOverlay)
        #expect(facts.listeners.keys.sorted() == ["2377"])
    }

    @Test("a manager → engine, Swarm, nodes, services, what Muster made")
    func manager() throws {
        let facts = try #require(
            Self.facts([
                "clock 1000", "privilege sudo", "engine.origin apt", "engine.version 20.10.24+dfsg1-1+b3",
                #"engine.daemon { "log-driver": "local" } "#,
                #"engine.info {"ID":"E1","Driver":"overlay2","ServerVersion":"20.10.24+dfsg1","Swarm":{"NodeID":"n1","LocalNodeState":"active","ControlAvailable":true,"Cluster":{"ID":"s1"}}}"#,
                "cluster yes",
                #"node {"ID":"n2","Spec":{"Role":"worker"},"Status":{"State":"down","Addr":"198.18.1.2"}}"#,
                #"node {"ID":"n1","Spec":{"Role":"manager"},"Status":{"State":"ready"},"ManagerStatus":{"Leader":true,"Addr":"198.18.1.1:2377"}}"#,
                "node {broken", "service muster-eu1 muster:abc 1/1", "service db postgres 1/1",
                #"service-spec {"Name":"db","Mode":{"Replicated":{}},"Mounts":[{"Type":"volume","Source":"data"}],"Networks":[{"Target":"n7"}],"VirtualIPs":null}"#,
                #"network {"ID":"n7","Name":"shop","Subnets":["10.0.1.0/29"]}"#,
                "task muster-eu1", "task db", "certificate 1000 8000", "config muster-eu1-1-2",
                "secret muster-eu1-ca-key",
                #"made {"region":"eu1","packages":["docker.io"],"daemonKeys":[],"swarm":["control"],"regionKeyFrom":[],"images":["muster:abc","muster:old"],"files":[]} "#,
                "image-gone muster:old", "end",
            ]))
        #expect(facts.engine?.version == "20.10.24+dfsg1-1+b3" && facts.engine?.isRunning == true)
        #expect(facts.engine?.daemon == .object(["log-driver": .string("local")]))
        #expect(facts.swarm.isManager && facts.swarm.swarmID == "s1" && facts.swarm.nodeID == "n1")
        #expect(facts.swarm.cluster?.nodes.map(\.id) == ["n1", "n2"])
        #expect(facts.swarm.cluster?.services.last?.runningTasks == 1)
        #expect(
            facts.swarm.cluster?.services.map(\.spec)
                == [ServiceSpec(volumes: ["data"], networks: ["n7"], virtualNetworks: []), nil])
        #expect(facts.swarm.cluster?.networks == [NetworkFacts(id: "n7", name: "shop", subnet: "10.0.1.0/29")])
        #expect(facts.swarm.tasks == ["db", "muster-eu1"])
        #expect(facts.swarm.certificate?.ends.seconds(since: facts.swarm.certificate!.starts) == 7000)
        #expect(
            facts.made
                == MadeRecord(region: "eu1", packages: ["docker.io"], swarm: ["control"], images: ["muster:abc"]))
        #expect(facts.identity.privilege == .sudo)
    }

    @Test("an engine that does not answer → installed, not running; broken daemon.json → said so")
    func stoppedEngine() throws {
        let facts = try #require(
            Self.facts(["engine.origin apt", "engine.version 20.10.24", "engine.daemon {not json", "end"]))
        #expect(facts.engine?.isRunning == false && facts.engine?.version == "20.10.24")
        #expect(facts.engine?.isDaemonFileValid == false && facts.engine?.daemon == nil)
    }

    @Test("no end, no facts: a probe that was cut off tells nothing")
    func cutOff() { #expect(Self.facts(["clock 1", "hostname h1"]) == nil) }

    @Test("garbage in every field → plain defaults, never a crash")
    func garbage() throws {
        let facts = try #require(
            Self.facts(["clock x", "privilege king", "cpus many", "init 7", "made {}", "inodes-used -", "node", "end"]))
        #expect(facts.capacity.cpuMillicores == 0 && facts.made == nil)
        #expect(facts.operatingSystem.initSystem == .other && facts.identity.privilege == .sudoMissing)
    }

    @Test("the real probe on this machine: plausible facts, an end, nothing on stderr", arguments: shells)
    func realProbe(shell: String) throws {
        let act = RemoteAct("probe")
        let script = try #require(HostScript.named("probe"))
        let text = act.standardInput(nonce: "N1", prelude: HostScript.prelude, script: script)
        let run = try LocalRun(shell, ["-s", "--"] + act.words, input: Data(text.utf8))
        #expect(run.errors == "")
        #expect(run.status == 0)
        let facts = try #require(ProbeReader(FramedOutput(run.output, nonce: "N1")).facts(observerClock: Self.now))
        #expect(abs(facts.clockSkew) < 60)
        #expect(
            facts.identity.hostname == ProcessInfo.processInfo.hostName.prefix { $0 != "." }
                || !facts.identity.hostname.isEmpty)
        #expect(facts.capacity.cpuMillicores >= 1000 && facts.capacity.memoryMiB > 100)
        #expect(facts.capacity.memoryAvailableMiB <= facts.capacity.memoryMiB)
        #expect(facts.capacity.diskMiB > 0 && (0...100).contains(facts.capacity.inodesFreePercent))
        #expect(!facts.operatingSystem.id.isEmpty && !facts.kernel.release.isEmpty)
    }

    @Test(
        "a second check reads what it asks for, and asks docker no more than it must",
        arguments: [
            (["made"], 0), (["made", "engine"], 1), (["node=n1"], 1), (["images", "made"], 0), (["objects"], 2),
        ])
    func narrow(sections: [String], calls: Int) throws {
        let host = try FakeDocker(swarm: "active")
        defer { host.remove() }
        let output = try host.run(RemoteAct("probe", sections))
        #expect(output.first("end") != nil && output.first("kernel") == nil && output.first("clock") == nil)
        #expect((host.state("arguments") ?? "").split(separator: "\n").count == calls)
    }

    @Test("facts of a narrow probe: what was read is new, the rest is as it was known")
    func merged() throws {
        let node =
            #"node {"ID":"n2","Spec":{"Role":"worker","Labels":{"a":"b"}},"Status":{"State":"ready","Addr":"10.0.0.2"}}"#
        let info =
            #"engine.info {"ID":"E1","Driver":"overlay2","ServerVersion":"20.10.24","Swarm":{"NodeID":"n1","LocalNodeState":"active","ControlAvailable":true}}"#
        let known = try #require(
            Self.facts([
                "clock 1000", "hostname h1", "cpus 4", "engine.origin apt", info, "cluster yes",
                #"node {"ID":"n1","Spec":{"Role":"manager"},"Status":{"State":"ready"}}"#,
                #"node {"ID":"n2","Spec":{"Role":"worker"},"Status":{"State":"ready"}}"#, "service s img 1/1",
                #"made {"region":"eu1","images":["i1"]}"#, "end",
            ]))
        func read(_ sections: Set<ProbeSection>, _ lines: String...) -> HostFacts? {
            let text = (lines + ["end"]).map { "N1 \($0)\n" }.joined()
            return ProbeReader(FramedOutput(text, nonce: "N1")).facts(sections, over: known, observerClock: 1000)
        }
        let labelled = try #require(read([.node("n2")], node))
        #expect(labelled.swarm.cluster?.node("n2")?.labels == ["a": "b"] && labelled.swarm.cluster?.nodes.count == 2)
        #expect(labelled.identity == known.identity && labelled.capacity == known.capacity)
        #expect(read([.node("n2")])?.swarm.cluster?.node("n2") == nil, "asked for and not told: not there")
        #expect(read([.nodes])?.swarm.cluster == nil, "a manager that says nothing has no majority")
        #expect(read([.services], "cluster yes")?.swarm.cluster?.services == [])
        let made = #"made {"region":"eu1","images":["i1","gone"]}"#
        #expect(read([.made], made)?.made?.images == ["i1"], "what was gone before still is")
        #expect(read([.made, .images], made)?.made?.images == ["i1", "gone"])
        let objects = Self.facts(["config muster-eu1-2-1", "cluster yes", "end"])
        #expect(objects?.swarm.cluster?.configs == ["muster-eu1-2-1"] && objects?.engine == nil, "asked for alone")
        let left = try #require(read([.made, .engine], "engine.origin apt", info.replacing("true", with: "false")))
        #expect(left.swarm.cluster == nil && left.made == nil && left.capacity == known.capacity)
        let gone = try #require(read([.made, .engine]))
        #expect(gone.engine == nil && gone.swarm == SwarmFacts())
        #expect(
            ProbeReader(FramedOutput("N1 clock 1\n", nonce: "N1")).facts([.made], over: known, observerClock: 0) == nil)
    }

    @Test("the probe only reads: it names no command that changes a host")
    func readsOnly() throws {
        let script = try #require(HostScript.named("probe"))
        let writes = [
            "rm ", "mv ", "mkdir", "chmod", "chown", "touch ", "tee ", " install ", "systemctl start", "made_",
            "apt-get", "docker run",
        ]
        for word in writes { #expect(!script.contains(word), "probe.sh holds `\(word)`") }
        let redirections = script.split(separator: "\n").filter { !$0.hasPrefix("#") }.flatMap { line in
            line.split(separator: ">").dropFirst().map { String($0.prefix(9)) }
        }
        #expect(redirections.allSatisfy { $0.hasPrefix("/dev/null") || $0.hasPrefix("&") }, "\(redirections)")
    }
}
