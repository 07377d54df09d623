// What people ask of single hosts: before the hand off by a manifest, after it with and without one. A Swarm that was
// there before becomes the region's, and a host of another Swarm leaves that.
import FleetModel
import Foundation
import Lab
import Testing

extension LiveRegionTests {
    @Suite struct Intents {
        @Test(
            "F21: a Swarm that was there before is adopted by the first bring-up; then a host is evicted, another joins anew"
        )
        func asked() async throws {
            try await withRegion(3, engine: true) { region in
                let story = IntentStory(region: region)
                try await story.adopted()
                try await story.evicted()
                try await story.rejoined()
                try await story.unknown()
                try await region.expectNoSecretOutside()
                let manifest = try region.manifest(managers: 1)
                try await region.muster("down", manifest, "--confirm", "lab", exits: 0)
                for host in 1...3 {
                    #expect(try await region.said(host, "docker info -f '{{.Swarm.LocalNodeState}}'") == "inactive")
                }
            }
        }
    }
}

/// The chapters of the story of what people ask.
private struct IntentStory {
    let region: LiveRegion

    private func swarm(of host: Int) async throws -> String {
        try await region.said(host, "docker info -f '{{.Swarm.Cluster.ID}}'")
    }

    /// Before the hand off. The refusal names the command; another id than the Swarm's is refused, too.
    func adopted() async throws {
        try await region.lab.addFault(.foreignSwarm, to: 1)
        _ = try await region.said(1, "docker node update --label-add theirs=yes h1")
        let id = try await swarm(of: 1)
        let manifest = try region.manifest(managers: 1, hosts: [1, 2])
        let refused = try await region.muster("up", manifest, exits: 2)
        #expect(refused.output.contains("muster hosts evict h1 --swarm \(id) --manifest FILE"), "\(refused.output)")
        try await region.muster("hosts", "adopt", "h1", "--swarm", "another", "--manifest", manifest, exits: 2)
        #expect(try await region.said(1, "ls -d /etc/muster 2>&1 || :").contains("No such file"))
        try await region.muster("hosts", "adopt", "h1", "--swarm", id, "--manifest", manifest, exits: 0)
        #expect(try await swarm(of: 1) == id)
        #expect(try await region.said(1, "docker node inspect -f '{{.Spec.Labels.theirs}}' h1") == "yes")
        #expect(try await region.nodes(from: 1).map(\.name).sorted() == ["h1", "h2"])
        let again = try await region.muster("up", manifest, "--json", exits: 0).json()
        #expect(again["remoteWrites"].number == 0 && again["report"].entries("drift") == [])
    }

    /// A new host that is in a Swarm of its own: left out by `up`, let in by the one who names that Swarm.
    func evicted() async throws {
        try await region.lab.addFault(.foreignSwarm, to: 3)
        let id = try await swarm(of: 3)
        let manifest = try region.manifest(managers: 1)
        let without = try await region.muster("hosts", "evict", "h3", "--swarm", id)
        #expect(without.status == 64 && without.errors.contains("--manifest FILE"), "\(without.errors)")
        try await region.muster("hosts", "evict", "h3", "--swarm", id, "--manifest", manifest, exits: 0)
        #expect(try await region.nodes(from: 1).map(\.name).sorted() == ["h1", "h2", "h3"])
    }

    /// After the hand off, by the control plane alone.
    func rejoined() async throws {
        let nodes = "docker node ls --format '{{.Hostname}} {{.ID}}' | sort"
        let before = try await region.said(1, nodes).split(separator: "\n")
        try await region.muster("hosts", "rejoin", "h2", exits: 0)
        let after = try await region.said(1, nodes).split(separator: "\n")
        #expect(after.count == 3 && after[0] == before[0] && after[2] == before[2])
        #expect(after[1].hasPrefix("h2 ") && after[1] != before[1])
    }

    func unknown() async throws {
        let unknown = try await region.muster("hosts", "drain", "h7", exits: 64)
        #expect(unknown.errors.contains("region `lab`: it has no host `h7`"), "\(unknown.errors)")
    }
}
