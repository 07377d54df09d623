// The main story: five bare hosts become a region with one command, rest, and are bare again. Two of them run systemd,
// where packages start their services themselves; one of these becomes the home.
import FleetModel
import Foundation
import Lab
import Testing

extension LiveRegionTests {
    @Suite struct BareHosts {
        @Test(
            "F41, F49: five bare hosts: checked, planned, a stale plan refused, brought up, at rest, torn down, bare again"
        )
        func whole() async throws {
            try await withRegion(2, flavour: .systemd, upTo: 5) { region in
                let story = BareHostStory(
                    region: region, manifest: "\(MusterBinary.repository)/bootstrap/regions/lab.yaml")
                let before = try await region.traces()
                try await story.check()
                try await story.plan()
                try await story.stalePlan()
                #expect(try await region.traces() == before, "check, plan and a refused apply changed something")
                try await story.up()
                try await story.status()
                try await story.rest()
                try await story.container()
                try await story.tokens()
                try await region.expectNoSecretOutside()
                try await story.down()
                let after = try await region.traces()
                for host in before.keys.sorted() { expectSame(before[host], after[host], "h\(host)") }
                try await region.muster("down", story.manifest, "--confirm", "lab", exits: 0)
            }
        }
    }
}

/// The chapters of the main story.
struct BareHostStory {
    let region: LiveRegion
    let manifest: String

    func check() async throws {
        let found = try await region.muster("check", manifest, "--json", exits: 0).json()
        #expect(found["observation"]["hosts"].members.count == 5)
        #expect(found["findings"].entries("refused") == [] && found["findings"].entries("quarantined") == [])
    }

    func plan() async throws {
        let shown = try await region.muster("plan", manifest, exits: 2).output
        #expect(shown.contains("install-engine"))
        #expect(shown.contains("docker swarm init") && shown.contains("docker service create"))
    }

    /// I3: apply runs exactly the plan or refuses.
    func stalePlan() async throws {
        let saved = "\(region.folder)/plan.json"
        try await region.muster("plan", manifest, "-o", saved, exits: 2)
        _ = try await region.said(3, "mkdir /etc/muster && echo '{\"region\":\"other\"}' >/etc/muster/made.json")
        let refused = try await region.muster("apply", saved, exits: 2)
        #expect(refused.errors.contains("host `h3`"))
        #expect(refused.errors.contains("made-by") && refused.errors.contains("other"))
        _ = try await region.said(3, "rm -r /etc/muster")
    }

    func up() async throws {
        let events = "\(region.folder)/events"
        let done = try await region.muster("up", manifest, "--json", "--events", events, exits: 0).json()
        try expectWhole(events)
        for host in 1...5 {
            let log = try String(contentsOfFile: "\(region.regionFolder)/logs/h\(host).log", encoding: .utf8)
            #expect(log.contains("join-swarm") || log.contains("init-swarm"), "\(log)")
        }
        #expect(done["failures"].members.isEmpty)
        #expect(try #require(done["remoteWrites"].number) > 0)
        let outcomes = Set(done["steps"].items.compactMap { $0["outcome"].text })
        #expect(outcomes.isSubset(of: ["changed", "unchanged"]))
        note("seconds by step, summed over hosts: \(done["secondsByStep"].canonicalText)")
    }

    /// docs/events.md: a plan first, an end last, and between them every step that was begun has ended.
    private func expectWhole(_ path: String) throws {
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
            try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
        }
        #expect(lines.map { $0["sequence"].number } == Array(1...lines.count))
        #expect(lines.first?["kind"].text == "planned" && lines.first?["steps"].items.isEmpty == false)
        #expect(lines.last?["kind"].text == "ended" && lines.last?["exitCode"].number == 0)
        func steps(_ kind: String) -> [String] {
            lines.filter { $0["kind"].text == kind }.compactMap { $0["step"].text }.sorted()
        }
        #expect(!steps("started").isEmpty && steps("started") == steps("finished"))
    }

    func status() async throws {
        let status = try await region.muster("status", "--json", exits: 0).json()
        #expect(status["stage"].text == "serving" && status["owner"].text == "control-plane")
        let cluster = try #require(status["clusters"].items.first)
        #expect(cluster["managers"].number == 3 && cluster["hasQuorum"].isTrue)
        #expect(cluster["nodes"].items.map { $0["state"].text } == Array(repeating: "ready", count: 5))
        let managers = status["hosts"].items.filter { $0["role"].text == "manager" }
        #expect(Set(managers.map { $0["domain"].text }) == ["a", "b", "c"], "managers are not spread over the domains")
        let labels = try await region.said(
            1, "docker node inspect -f '{{range $k, $v := .Spec.Labels}}{{$k}}={{$v}} {{end}}' $(docker node ls -q)")
        for host in 1...5 { #expect(labels.contains("io.muster.host=h\(host)")) }
        #expect(labels.split(separator: "\n").filter { $0.contains("io.muster.region=lab") }.count == 5)
        #expect(try await region.said(2, "systemctl is-active docker") == "active")
    }

    /// I1: the second `up` changes nothing and looks once at every host.
    func rest() async throws {
        let again = try await region.muster("up", manifest, "--json", exits: 0).json()
        #expect(again["remoteWrites"].number == 0 && again["steps"].items.isEmpty)
        #expect(again["execsPerHost"].members.count == 5)
        #expect(again["execsPerHost"].members.values.allSatisfy { $0.number == 1 }, "\(again["execsPerHost"])")
    }

    /// What the kernel says of the process, not what its engine was asked for.
    func container() async throws {
        let facts = try await region.said(
            1,
            """
            id=$(docker ps -q --filter label=com.docker.swarm.service.name=muster-lab)
            pid=$(docker inspect -f '{{.State.Pid}}' "$id"); cat /proc/$pid/status /proc/$pid/task/*/status
            awk '$5 == "/" {print "root:" $6}' /proc/$pid/mountinfo
            grep -c docker.sock /proc/$pid/mountinfo | sed s/^/sockets:/
            """)
        let lines = facts.split(separator: "\n").map { $0.filter { $0 != " " && $0 != "\t" } }
        let id = String(repeating: "65532", count: 4)
        // The kernel notes it by thread, and Swift runs several: all of them must have it.
        let threads = lines.filter { $0.hasPrefix("NoNewPrivs:") }
        #expect(threads.count > 1 && Set(threads) == ["NoNewPrivs:1"])
        for wanted in ["Uid:\(id)", "Gid:\(id)", "sockets:0"] {
            #expect(lines.contains(wanted), "\(facts)")
        }
        for set in ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"] {
            #expect(lines.contains("\(set):0000000000000000"))
        }
        #expect(lines.contains { $0.hasPrefix("root:ro") })
    }

    func tokens() async throws {
        let guest = try region.copyOfHome("guest")
        for wrong in ["", "not-the-token"] {
            try wrong.write(toFile: "\(guest)/lab/admin.token", atomically: true, encoding: .utf8)
            let refused = try await region.muster("status", home: guest)
            #expect(refused.status != 0 && !refused.output.contains("h1"), "\(refused.output)\(refused.errors)")
            #expect(refused.errors.contains("token"))
        }
        let token = try await region.muster("token", "create", "ci", "--role", "viewer", exits: 0).output
        let text = token.trimmingCharacters(in: .whitespacesAndNewlines)
        try text.write(toFile: "\(guest)/lab/admin.token", atomically: true, encoding: .utf8)
        try await region.muster("status", exits: 0, home: guest)
        #expect(try await region.muster("token", "list", home: guest).status != 0, "a viewer may list tokens")
        try await region.muster("token", "revoke", "ci", exits: 0)
        #expect(try await region.muster("status", home: guest).status != 0, "a revoked token works")
    }

    func down() async throws {
        #expect(try await region.muster("down", manifest).status == 2, "not confirmed")
        let done = try await region.muster("down", manifest, "--confirm", "lab", exits: 0)
        #expect(done.output.contains("nothing of region lab is left on 5 hosts"))
        #expect(!FileManager.default.fileExists(atPath: region.regionFolder + "/admin.token"))
    }
}
