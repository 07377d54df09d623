// A region changes while it runs, through its own control plane: a host that was dead at bring-up and a new one join,
// the control plane is killed in the middle of that very run, a host leaves and comes back, and a manager is replaced.
import FleetModel
import Foundation
import Lab
import Testing

extension LiveRegionTests {
    @Suite struct Changes {
        @Test(
            "a dead host and a new one join through the control plane, which is killed in the middle; one leaves, comes back in a manager's stead"
        )
        func changes() async throws {
            try await withRegion(6, engine: true) { region in
                let story = ChangeStory(region: region)
                try await story.broughtUpWithoutOne()
                try await story.twoJoinWhileItIsKilled()
                try await story.drained()
                try await story.oneLeaves()
                try await story.managerReplaced()
                try await region.expectNoSecretOutside()
            }
        }
    }
}

/// The chapters of the story of changes.
struct ChangeStory {
    let region: LiveRegion

    /// The image crosses the operator's line once; the other managers have it from the control plane all the same.
    func broughtUpWithoutOne() async throws {
        try await region.lab.kill(5)
        let done = try await region.muster("up", try region.manifest(hosts: [1, 2, 3, 4, 5]), "--json", exits: 4).json()
        let loads = { (document: JSONValue) in
            document["steps"].items.compactMap { $0["id"].text }.filter { $0.hasPrefix("load-image/") }
        }
        #expect(loads(done) == ["load-image/h1"])
        #expect(loads(done["afterHandOff"]).sorted() == ["load-image/h2", "load-image/h3"])
        for host in 1...3 { #expect(try await region.said(host, "docker image ls -q | wc -l") == "1") }
        try await region.lab.start(5)
    }

    func twoJoinWhileItIsKilled() async throws {
        let manifest = try region.manifest(hosts: [1, 2, 3, 4, 5, 6])
        let up = try region.start(["up", manifest])
        let isUnderWay = await eventually(within: .seconds(90)) { up.text.contains("join-swarm  done") }
        _ = try await region.said(
            1, "docker kill $(docker ps -q --filter label=com.docker.swarm.service.name=muster-lab)")
        let (status, text) = try await up.end()
        try #require(isUnderWay && status == 0, "\(text)")
        #expect(text.contains("lets the control plane in, with your own key"))
        let nodes = try await region.nodes(from: 1)
        #expect(nodes.map(\.name).sorted() == (1...6).map { "h\($0)" } && nodes.allSatisfy { $0.state == "Ready" })
        // The run may be over before its control plane is killed: then nobody waits for the next container but we.
        let isBack = try await eventually(within: .seconds(90)) {
            try await region.muster("runs", "--json").status == 0
        }
        try #require(isBack, "the control plane does not come back")
        let runs = try await region.muster("runs", "--json", exits: 0).json().items
        #expect(runs.count == 2 && runs.allSatisfy { $0["state"].text == "done" })
        let again = try await region.muster("up", manifest, "--json", exits: 0).json()
        #expect(again["remoteWrites"].number == 0 && again["report"].entries("drift") == [])
        #expect(try await region.muster("events", "--limit", "500", exits: 0).output.contains("join-swarm done (run"))
    }

    func drained() async throws {
        try await region.muster("hosts", "drain", "h4", exits: 0)
        let availability = "docker node inspect -f '{{.Spec.Availability}}' h4"
        #expect(try await region.said(1, availability) == "drain")
        let status = try await region.muster("status", "--json", exits: 0).json()
        #expect(status["hosts"].items.first { $0["name"].text == "h4" }?["life"].text == "draining")
        try await region.muster("hosts", "activate", "h4", exits: 0)
        #expect(try await region.said(1, availability) == "active")
    }

    /// One of six is more than a tenth, so the number is wanted (F44).
    func oneLeaves() async throws {
        let manifest = try region.manifest(hosts: [1, 2, 3, 4, 5])
        let refused = try await region.muster("up", manifest, exits: 2)
        #expect(refused.errors.contains("--approve 1"))
        try await region.muster("up", manifest, "--approve", "1", exits: 0)
        #expect(try await region.nodes(from: 1).map(\.name).sorted() == (1...5).map { "h\($0)" })
        let left = try await region.said(6, "docker info -f '{{.Swarm.LocalNodeState}}'; ls -d /etc/muster 2>&1 || :")
        #expect(left.hasPrefix("inactive") && left.contains("No such file"))
        #expect(try await region.said(6, "grep -c muster:lab /root/.ssh/authorized_keys || :") == "0")
    }

    /// h2 goes while h6 comes: another manager is there, with the image, before the old one is demoted, drained, gone.
    func managerReplaced() async throws {
        let manifest = try region.manifest(hosts: [1, 3, 4, 5, 6])
        let refused = try await region.muster("up", manifest, exits: 2)
        #expect(refused.errors.contains("no manager any more: `h2`") && refused.errors.contains("--approve 1"))
        let done = try await region.muster("up", manifest, "--approve", "1", "--json", exits: 0).json()
        let words = done["steps"].items.compactMap { $0["id"].text?.split(separator: "/").first }
        let turns = ["promote-node", "demote-node", "leave-swarm", "remove-node", "restore-host"]
        #expect(words.filter { turns.contains(String($0)) }.map(String.init) == turns, "\(words)")
        let nodes = try await region.nodes(from: 1)
        #expect(nodes.map(\.name).sorted() == ["h1", "h3", "h4", "h5", "h6"])
        let managers = nodes.filter { $0.role != "worker" }.map(\.name)
        #expect(managers.count == 3 && Set(managers).isSuperset(of: ["h1", "h3"]))
        let left = try await region.said(2, "docker info -f '{{.Swarm.LocalNodeState}}'; ls -d /etc/muster 2>&1 || :")
        #expect(left.hasPrefix("inactive") && left.contains("No such file"))
        let again = try await region.muster("up", manifest, "--json", exits: 0).json()
        #expect(again["remoteWrites"].number == 0 && again["report"].entries("drift") == [])
        try await region.muster("down", manifest, "--confirm", "lab", exits: 0)
    }
}
