// One of five hosts is dead from the start, and it was to be a manager: the others come up, it is named, and the exit
// code says so (I4). The hosts have their engines already: these stay when the region goes. A dead worker is among the
// unfit hosts.
import FleetModel
import Lab
import Testing

extension LiveRegionTests {
    @Suite struct DeadHosts {
        @Test("F08, F30: one of five is dead, a manager-to-be: the others are up, engines that were there stay")
        func dead() async throws {
            try await withRegion(5, engine: true) { region in
                let engines = try await region.packages()
                try await deadManager(region)
                #expect(try await region.packages() == engines, "an engine that was there before must stay")
                for host in 1...5 {
                    #expect(try await region.said(host, "docker info -f '{{.Swarm.LocalNodeState}}'") == "inactive")
                }
            }
        }

        private func deadManager(_ region: LiveRegion) async throws {
            let manifest = try region.manifest("manager", roles: [1: "manager", 2: "manager", 3: "manager"])
            try await region.lab.kill(1)
            let document = try await expectUp(manifest, without: "h1", of: region)
            let waits = document["report"].entries("waits")
            #expect(
                waits.contains { $0["subject"].text == "host `h3`" && $0["message"].text?.contains("`h1`") == true })
            let roles = try await region.nodes(from: 2).map(\.role).filter { $0 != "worker" }
            #expect(roles == ["leader"], "an odd number of managers")
            #expect(try await region.muster("status").output.contains("h1"))
            try await region.muster("down", manifest, "--confirm", "lab", exits: 4)
            try await region.lab.start(1)
            try await region.muster("down", manifest, "--confirm", "lab", exits: 0)
        }

        @discardableResult
        private func expectUp(_ manifest: String, without dead: String, of region: LiveRegion) async throws -> JSONValue
        {
            let document = try await region.muster("up", manifest, "--json", exits: 4).json()
            let lost = document["report"].entries("quarantined")
            #expect(lost.map { $0["subject"].text } == ["host `\(dead)`"])
            let status = try await region.muster("status", "--json").json()
            #expect(status["hosts"].items.filter { !$0["isReachable"].isTrue }.map { $0["name"].text } == [dead])
            #expect(status["clusters"].items.first?["nodes"].items.count == 4)
            return document
        }
    }
}

extension LiveRegion {
    /// The Swarm's nodes, as a manager lists them.
    func nodes(from manager: Int) async throws -> [(name: String, state: String, role: String)] {
        let text = try await said(manager, "docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}'")
        return text.split(separator: "\n").map { line in
            let words = line.split(separator: " ").map(String.init)
            return (words[0], words[1], words.count > 2 ? words[2].lowercased() : "worker")
        }
    }

    /// The packages of every host.
    func packages() async throws -> [Int: String] {
        var all: [Int: String] = [:]
        for host in 1...count { all[host] = try await said(host, "dpkg-query -W") }
        return all
    }
}
