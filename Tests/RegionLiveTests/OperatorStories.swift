// Two operators, each with a machine of its own, at the same region: one acts, the other is told who, since when and by
// which plan, and has its turn at once after Ctrl-C, and after a minute when the first was killed.
import FleetModel
import Foundation
import Lab
import Testing

extension LiveRegionTests {
    @Suite struct Operators {
        @Test(
            "F37, F38: two operators at once: one acts, the other is told who, since when, which plan; Ctrl-C gives way at once, `kill -9` after a minute"
        )
        func two() async throws {
            try await withRegion(2, engine: true) { region in
                let story = try OperatorStory(region)
                let first = try await story.oneActs()
                let second = try await story.interrupted(first)
                try await story.killed(second)
            }
        }
    }
}

/// One of the two, at work.
private struct Acting {
    let operatorHome: String
    let muster: RunningMuster
    let lease: HostLease
}

/// /etc/muster/lease, as it stands on a host.
struct HostLease: Equatable {
    let owner: String
    let plan: String
    let isHeld: Bool

    init?(_ line: String) {
        let words = line.split { $0 == " " || $0 == "\n" }.map(String.init)
        guard words.count == 6 else { return nil }
        (owner, plan, isHeld) = (words[0], words[2], words[5] != "0")
    }
}

/// The chapters of the story of two operators.
private struct OperatorStory {
    let region: LiveRegion
    let manifest: String
    let homes: [String]

    init(_ region: LiveRegion) throws {
        let other = "\(region.folder)/other-home"
        try FileManager.default.createDirectory(
            atPath: other, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        (self.region, homes) = (region, [region.home, other])
        manifest = try region.manifest(managers: 1)
    }

    private func heldLease(on host: Int) async throws -> HostLease? {
        HostLease(try await region.lab.ssh(host, "cat /etc/muster/lease").output)
    }

    private func other(than home: String) -> String { homes.first { $0 != home }! }

    /// Started in the same moment, nobody knows who is first; the other changes nothing, here or on the hosts.
    func oneActs() async throws -> Acting {
        let both = try homes.map { try region.start(["up", manifest], home: $0) }
        let isDecided = await eventually(within: .seconds(40)) { both.contains { !$0.isRunning } }
        try #require(isDecided, "\(both.map(\.text))")
        let loser = both[0].isRunning ? 1 : 0
        let lost = try await both[loser].end()
        let lease = try #require(try await heldLease(on: 1))
        #expect(lost.status == 2 && both[1 - loser].isRunning)
        #expect(lost.text.contains("is being changed by `\(lease.owner)`, since 20"), "\(lost.text)")
        #expect(lost.text.contains("`\(lease.plan)`") && lost.text.contains("a minute"), "\(lost.text)")
        #expect(both[loser].problemCodes == ["leased"] && !both[loser].events.contains("\"started\""))
        return Acting(operatorHome: homes[1 - loser], muster: both[1 - loser], lease: lease)
    }

    /// Ctrl-C: the step in hand is ended, it is said where it stopped, and the lease is given back: the other acts next.
    func interrupted(_ first: Acting) async throws -> Acting {
        let isInHand = await eventually(within: .seconds(60)) { first.muster.text.contains("load-image  …") }
        try #require(isInHand, "\(first.muster.text)")
        try first.muster.interrupt()
        let ended = try await first.muster.end()
        #expect(ended.status == 130 && first.muster.problemCodes == ["interrupted"])
        for words in [
            "stopping: the steps in hand are finished", "load-image  done", "interrupted; run the command again",
            "steps were not started",
        ] { #expect(ended.text.contains(words), "\(ended.text)") }
        #expect(!ended.text.contains("start-control-plane  …"))
        #expect(try await heldLease(on: 1)?.isHeld == false)
        let home = other(than: first.operatorHome)
        let next = try region.start(["up", manifest], home: home)
        var held: HostLease?
        let isNext = try await eventually(within: .seconds(20)) {
            held = try await heldLease(on: 1)
            return held?.isHeld == true
        }
        let lease = try #require(held)
        #expect(isNext && lease.owner != first.lease.owner, "\(next.text)")
        return Acting(operatorHome: home, muster: next, lease: lease)
    }

    /// `kill -9` gives nothing back: what it held ends by itself. Then the region comes up, by the other's hand, with a
    /// host drained from the first: the hand off brings that wish along.
    func killed(_ second: Acting) async throws {
        second.muster.kill()
        #expect(try await second.muster.end().status == 137)
        let home = other(than: second.operatorHome)
        let start = ContinuousClock.now
        let refused = try await region.muster("up", manifest, exits: 2, home: home)
        #expect(refused.errors.contains("`\(second.lease.owner)`"), "\(refused.errors)")
        // Who only looks need not wait.
        try await region.muster("plan", manifest, exits: 2, home: home)
        var last: LabResult?
        let isUp = try await eventually(within: .seconds(120)) {
            let tried = try await region.muster("hosts", "drain", "h2", "--manifest", manifest, home: home)
            last = tried
            // Each try logs in to both hosts: at half of it the machine is busier with them than with the wait.
            if tried.status == 2 { try await Task.sleep(for: .seconds(5)) }
            return tried.status != 2
        }
        note("the region came up \(start.duration(to: .now).inSeconds) after the kill")
        #expect(isUp && last?.status == 0, "\(last?.output ?? "")\(last?.errors ?? "")")
        let again = try await region.muster("up", manifest, "--json", exits: 0, home: home).json()
        #expect(again["remoteWrites"].number == 0)
        #expect(try await region.said(1, "docker node inspect -f '{{.Spec.Availability}}' h2") == "drain")
        let status = try await region.muster("status", "--json", exits: 0, home: home).json()
        #expect(status["hosts"].items.first { $0["name"].text == "h2" }?["life"].text == "draining")
    }
}
