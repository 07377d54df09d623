// What Docker 20.10 prints, as it printed it (shortened), and what it might print: nothing may crash a reader.
import DockerEngine
import FleetModel
import Testing

@Suite("Docker readers") struct ReaderTests {
    // MARK: - docker info

    private static func info(swarm: String, id: String = "VJ3Q:7C2A") -> String {
        #"{"ID":"\#(id)","Containers":2,"ContainersRunning":1,"Images":1,"Driver":"overlay2","DriverStatus":"#
            + #"[["Backing Filesystem","extfs"],["Supports d_type","true"]],"SystemStatus":null,"Plugins":{"Volume":["local"],"#
            + #""Network":["bridge","overlay"],"Authorization":null},"MemoryLimit":true,"NCPU":2,"MemTotal":4123456789,"#
            + #""ServerVersion":"20.10.24+dfsg1","Runtimes":{"runc":{"path":"runc"}},"Swarm":\#(swarm),"#
            + #""LiveRestoreEnabled":false,"Isolation":"","SecurityOptions":["name=seccomp,profile=default"],"#
            + #""Warnings":["WARNING: No swap limit support"],"ClientInfo":{"Debug":false,"Plugins":[],"Warnings":null}}"#
    }

    private static let inactive =
        #"{"NodeID":"","NodeAddr":"","LocalNodeState":"inactive","ControlAvailable":false,"Error":"","RemoteManagers":null}"#
    private static let worker =
        #"{"NodeID":"k2x9","NodeAddr":"198.18.1.4","LocalNodeState":"active","ControlAvailable":false,"Error":"","#
        + #""RemoteManagers":[{"NodeID":"p0m1","Addr":"198.18.1.2:2377"},{"NodeID":"a9z8","Addr":"198.18.1.1:2377"}]}"#
    private static let manager =
        #"{"NodeID":"a9z8","NodeAddr":"198.18.1.1","LocalNodeState":"active","ControlAvailable":true,"Error":"","#
        + #""RemoteManagers":[{"NodeID":"a9z8","Addr":"198.18.1.1:2377"}],"Nodes":5,"Managers":3,"Cluster":{"ID":"s7wq","#
        + #""Version":{"Index":42},"CreatedAt":"2024-01-01T00:00:00Z","Spec":{"Name":"default","Labels":{},"Orchestration":{}},"#
        + #""TLSInfo":{},"RootRotationInProgress":false,"DefaultAddrPool":["10.201.0.0/16"],"SubnetSize":24,"DataPathPort":4789}}"#
    private static let locked =
        #"{"NodeID":"","NodeAddr":"","LocalNodeState":"locked","ControlAvailable":false,"Error":"Swarm is encrypted and needs to be unlocked before it can be used.","RemoteManagers":null}"#
    private static let broken =
        #"{"NodeID":"","NodeAddr":"","LocalNodeState":"error","ControlAvailable":false,"Error":"error while loading TLS certificate","RemoteManagers":null}"#
    private static let pending =
        #"{"NodeID":"","NodeAddr":"198.18.1.5","LocalNodeState":"pending","ControlAvailable":false,"Error":"rpc error: code = DeadlineExceeded","RemoteManagers":[]}"#

    @Test("no Swarm")
    func infoInactive() throws {
        let (engine, swarm) = try #require(DockerReader.info(Self.info(swarm: Self.inactive)))
        #expect(
            engine
                == EngineFacts(
                    version: "20.10.24+dfsg1", isRunning: true, storageDriver: "overlay2", engineID: "VJ3Q:7C2A"))
        #expect(swarm == SwarmFacts())
    }

    @Test("a worker knows its managers, and not its Swarm's id")
    func infoWorker() throws {
        let swarm = try #require(DockerReader.info(Self.info(swarm: Self.worker))).swarm
        #expect(
            swarm
                == SwarmFacts(
                    state: .active, nodeID: "k2x9", nodeAddress: "198.18.1.4", isManager: false,
                    managerAddresses: ["198.18.1.1:2377", "198.18.1.2:2377"]))
    }

    @Test("a manager knows its Swarm's id")
    func infoManager() throws {
        let swarm = try #require(DockerReader.info(Self.info(swarm: Self.manager))).swarm
        #expect(swarm.isManager && swarm.swarmID == "s7wq" && swarm.state == .active)
    }

    @Test(
        "F23, F32: locked, error and pending keep the daemon's own words",
        arguments: [
            (locked, SwarmFacts.State.locked), (broken, .error), (pending, .pending),
        ])
    func infoTrouble(swarm: String, state: SwarmFacts.State) throws {
        let facts = try #require(DockerReader.info(Self.info(swarm: swarm))).swarm
        #expect(facts.state == state)
        #expect(facts.errorText?.isEmpty == false)
        #expect(facts.nodeID == nil)
    }

    @Test("a daemon that did not answer is no engine, though the client prints JSON")
    func daemonDown() {
        let text =
            #"{"ID":"","Containers":0,"Driver":"","ServerVersion":"","Swarm":{"NodeID":"","LocalNodeState":"","ControlAvailable":false,"Error":"","RemoteManagers":null},"ServerErrors":["Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"]}"#
        #expect(DockerReader.info(text) == nil)
    }

    @Test("members that nobody knows yet, and a state from the future")
    func future() throws {
        let text =
            #"{"ID":"x","ServerVersion":"99.1","Driver":"overlay2","Swarm":{"LocalNodeState":"hibernating","Raft":[1]},"Hologram":{}}"#
        let (engine, swarm) = try #require(DockerReader.info(text))
        #expect(engine.version == "99.1" && swarm.state == .inactive)
    }

    static let garbage = [
        "", " ", "{", "null", "[]", "42", "\"text\"", "{}", "Cannot connect to the Docker daemon", "{\"ID\":7}",
        "{\"ServerVersion\":[]}", "\u{0}", "{\"Swarm\":\"active\",\"ServerVersion\":\"1\"}",
    ]

    @Test("garbage is nothing, never a crash", arguments: garbage)
    func garbageIsNothing(text: String) {
        #expect(DockerReader.info(text) == nil)
        #expect(DockerReader.node(text) == nil)
    }

    // MARK: - docker node inspect

    @Test("the leader: its own status address is 0.0.0.0, its Raft address counts")
    func leader() throws {
        let text =
            #"{"ID":"a9z8","Version":{"Index":9},"Spec":{"Labels":{"io.muster.host":"h1"},"Role":"manager","Availability":"active"},"#
            + #""Description":{"Hostname":"h1","Platform":{"Architecture":"x86_64","OS":"linux"},"Engine":{"EngineVersion":"20.10.24"}},"#
            + #""Status":{"State":"ready","Addr":"0.0.0.0"},"ManagerStatus":{"Leader":true,"Reachability":"reachable","Addr":"198.18.1.1:2377"}}"#
        #expect(
            DockerReader.node(text)
                == NodeFacts(
                    id: "a9z8", hostname: "h1", address: "198.18.1.1", role: .manager, isLeader: true,
                    reachability: "reachable", labels: ["io.muster.host": "h1"]))
    }

    @Test("another manager that is unreachable, on IPv6")
    func otherManager() throws {
        let text =
            #"{"ID":"p0m1","Spec":{"Labels":null,"Role":"manager","Availability":"drain"},"Description":{"Hostname":"h2"},"#
            + #""Status":{"State":"unknown","Addr":"fd00::2"},"ManagerStatus":{"Reachability":"unreachable","Addr":"[fd00::2]:2377"}}"#
        let node = try #require(DockerReader.node(text))
        #expect(node.address == "fd00::2")
        #expect(
            !node.isLeader && node.reachability == "unreachable" && node.availability == "drain" && node.labels == [:])
    }

    @Test("a worker that is down")
    func downWorker() throws {
        let text =
            #"{"ID":"k2x9","Spec":{"Labels":{},"Role":"worker","Availability":"active"},"Description":{"Hostname":"h4"},"#
            + #""Status":{"State":"down","Message":"heartbeat failure","Addr":"198.18.1.4"}}"#
        #expect(
            DockerReader.node(text)
                == NodeFacts(id: "k2x9", hostname: "h4", address: "198.18.1.4", role: .worker, state: "down"))
    }

    @Test("a node that has only an id reads as an unknown worker")
    func emptyNode() {
        let node = DockerReader.node(#"{"ID":"z"}"#)
        #expect(node == NodeFacts(id: "z", hostname: "", address: "", role: .worker, state: "unknown"))
    }

    // MARK: - docker service ls, daemon.json

    @Test(
        "a service line: running and desired tasks",
        arguments: [
            ("muster-eu1 muster:1 1/1", 1, 1), ("web nginx:1 2/5", 2, 5), ("all agent:2 3/3 (max 1 per node)", 3, 3),
            ("odd image x/y", 0, 0), ("odd image 1", 1, 0),
        ])
    func service(text: String, running: Int, desired: Int) throws {
        let service = try #require(DockerReader.service(text))
        #expect(service.runningTasks == running && service.desiredTasks == desired)
    }

    @Test("F35: what decides where a service's tasks may run")
    func serviceSpec() throws {
        let text =
            #"{"Name":"db","Mode":{"Replicated":{"Replicas":1}},"Placement":{"Constraints":["node.id==n1"]},"#
            + #""Resources":{"Reservations":{"NanoCPUs":1500000000,"MemoryBytes":536870912}},"#
            + #""Mounts":[{"Type":"volume","Source":"data","Target":"/d"},{"Type":"bind","Source":"/x","Target":"/x"}]}"#
        let (name, spec) = try #require(DockerReader.serviceSpec(text))
        #expect(name == "db")
        #expect(
            spec
                == ServiceSpec(
                    reservedMillicores: 1500, reservedMemoryMiB: 512, constraints: ["node.id==n1"], volumes: ["data"],
                    networks: [], virtualNetworks: []))
        let global = DockerReader.serviceSpec(#"{"Name":"a","Mode":{"Global":{}},"Placement":null,"Mounts":null}"#)
        #expect(global?.spec == ServiceSpec(isGlobal: true, networks: [], virtualNetworks: []))
        #expect(DockerReader.serviceSpec("{}") == nil)
    }

    @Test("F34: the networks of a service, with and without a virtual address; a network's subnet")
    func networks() throws {
        let text =
            #"{"Name":"db","Mode":{"Replicated":{"Replicas":8}},"Networks":[{"Target":"n1"},{"Target":"n2"}],"#
            + #""VirtualIPs":[{"NetworkID":"in","Addr":"10.0.0.5/24"},{"NetworkID":"n1","Addr":"10.0.1.2/29"}]}"#
        let spec = try #require(DockerReader.serviceSpec(text)?.spec)
        #expect(spec.networks == ["in", "n1", "n2"] && spec.virtualNetworks == ["in", "n1"])
        #expect(
            DockerReader.network(#"{"ID":"n1","Name":"shop","Subnets":["10.0.1.0/29"]}"#)
                == NetworkFacts(id: "n1", name: "shop", subnet: "10.0.1.0/29"))
        #expect(DockerReader.network(#"{"ID":"n1","Name":"shop","Subnets":[]}"#) == nil)
    }

    @Test("half a service line is none", arguments: ["", "name", "name image"])
    func noService(text: String) { #expect(DockerReader.service(text) == nil) }

    @Test("daemon.json: any JSON is a value, anything else is nil")
    func json() {
        #expect(
            DockerReader.json(#"{ "a": [1, 2.5, null] }"#)
                == .object(["a": .array([.integer(1), .double(2.5), .null])]))
        #expect(DockerReader.json("{a: 1}") == nil)
        #expect(DockerReader.json("") == nil)
    }
}
