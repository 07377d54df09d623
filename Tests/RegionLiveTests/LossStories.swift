// What is lost on the way: the command itself, killed at bad moments; the control plane's volume; the control plane.
import FleetModel
import Foundation
import Lab
import Testing

extension LiveRegionTests {
    @Suite struct Losses {
        @Test(
            "`up` killed four times goes on and does nothing twice; a lost volume is restored; down without a control plane"
        )
        func losses() async throws {
            try await withRegion(3, engine: true) { region in
                let story = LossStory(region: region, manifest: try region.manifest())
                let packages = try await region.packages()
                try await story.killedUps()
                try await story.nothingTwice()
                try await story.lostVolume()
                try await story.downWithoutControlPlane()
                #expect(try await region.packages() == packages)
            }
        }
    }
}

/// The chapters of the story of losses.
struct LossStory {
    let region: LiveRegion
    let manifest: String

    /// I2: killed at any step, `up` finishes.
    func killedUps() async throws {
        for mark in ["init-swarm  done", "load-image  done", "start-control-plane  done"] {
            try await killUp { $0.contains(mark) }
        }
        let context = "\(region.regionFolder)/context.json"
        try await killUp { _ in FileManager.default.fileExists(atPath: context) }
        try await region.muster("up", manifest, exits: 0)
    }

    /// Starts `up` and kills it, and all that it started, as soon as `isTime` holds for what it printed.
    private func killUp(_ isTime: (String) -> Bool) async throws {
        let log = "\(region.folder)/up.log"
        try? FileManager.default.removeItem(atPath: log)
        let words = ["sh", "-c", "exec \"$@\" >\(log) 2>&1", "sh", try MusterBinary.path, "up", manifest]
        let child = Task { try await region.lab.run(words, environment: region.environment(), deadline: .seconds(200)) }
        let text = { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
        let isDue = await eventually(within: .seconds(90)) { isTime(text()) }
        child.cancel()
        let status = try await child.value.status
        note("up was killed (status \(status)) after: \(text().split(separator: "\n").last ?? "nothing")")
        try #require(isDue && status == 137, "\(text())")
    }

    func nothingTwice() async throws {
        let again = try await region.muster("up", manifest, "--json", exits: 0).json()
        #expect(again["remoteWrites"].number == 0 && again["report"].entries("drift") == [])
        let nodes = try await region.nodes(from: 1)
        #expect(nodes.map(\.name).sorted() == ["h1", "h2", "h3"] && nodes.allSatisfy { $0.state == "Ready" })
        #expect(try await region.said(1, "docker service ls --format '{{.Name}} {{.Replicas}}'") == "muster-lab 1/1")
        #expect(try await region.said(1, "docker secret ls -q | wc -l") == "4")
        #expect(try await region.said(1, "docker config ls -q | wc -l") == "1")
        for host in 1...3 {
            #expect(try await region.said(host, "grep -c muster:lab /root/.ssh/authorized_keys") == "1")
            #expect(try await region.said(host, "docker image ls -q | wc -l") == "1")
        }
    }

    /// An empty volume never becomes a new truth: it refuses to serve until the sealed copy is back.
    func lostVolume() async throws {
        let before = try await region.muster("status", "--json", exits: 0).json()
        try await scale(to: 0)
        _ = try await region.said(1, "docker ps -aq | xargs -r docker rm >&2; docker volume rm muster-lab")
        try await scale(to: 1)
        var last = ""
        let isRefusing = try await eventually(within: .seconds(60)) {
            let refused = try await region.muster("status")
            last = refused.errors
            return refused.status != 0 && last.contains("muster inventory restore --region lab")
        }
        #expect(isRefusing, "\(last)")
        try await region.muster("inventory", "restore", exits: 0)
        let after = try await region.muster("status", "--json", exits: 0).json()
        #expect(try #require(after["epoch"].number) > #require(before["epoch"].number))
        #expect(after["hosts"].items.map { $0["name"] } == before["hosts"].items.map { $0["name"] })
        #expect(after["generation"] == before["generation"] && after["stage"].text == "serving")
        try await region.muster("up", manifest, exits: 0)
        try await region.expectNoSecretOutside()
    }

    func downWithoutControlPlane() async throws {
        try await scale(to: 0)
        let done = try await region.muster("down", manifest, "--confirm", "lab", exits: 0)
        #expect(done.errors.contains("going on from the sealed copy"))
        for host in 1...3 {
            let state = try await region.said(
                host, "docker info -f '{{.Swarm.LocalNodeState}}'; ls -d /etc/muster 2>&1 || :")
            #expect(state.hasPrefix("inactive") && state.contains("No such file"))
        }
    }

    private func scale(to replicas: Int) async throws {
        _ = try await region.said(1, "docker service scale --detach muster-lab=\(replicas)")
        let isThere = try await eventually(within: .seconds(60)) {
            let running = try await region.said(
                1, "docker ps -q --filter label=com.docker.swarm.service.name=muster-lab")
            return running.isEmpty == (replicas == 0)
        }
        try #require(isThere, "the service did not scale to \(replicas)")
    }
}
