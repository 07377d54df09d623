// What is lost on the way: the command itself, killed at any moment; a host and a connection; the control plane's
// volume; the control plane. Moments are random, by a seed that is printed; `MUSTER_SEED` repeats them.
import FleetModel
import Foundation
import Lab
import Testing

extension LiveRegionTests {
    @Suite struct Losses {
        @Test(
            "F09, F38, F39, F40, F45: killed at twenty random moments and at the hand off, hosts and connections lost: nothing twice; a lost volume is restored"
        )
        func losses() async throws {
            try await withRegion(3, engine: true) { region in
                let story = LossStory(region: region, manifest: try region.manifest())
                let packages = try await region.packages()
                try await story.killed(20)
                try await story.killedAtHandOff()
                try await story.nothingTwice()
                try await story.lostInTheMiddle()
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

    func nothingTwice() async throws {
        let again = try await region.muster("up", manifest, "--json", exits: 0).json()
        #expect(again["remoteWrites"].number == 0 && again["report"].entries("drift") == [])
        let nodes = try await region.nodes(from: 1)
        #expect(nodes.map(\.name).sorted() == ["h1", "h2", "h3"] && nodes.allSatisfy { $0.state == "Ready" })
        var services = ""
        let isOne = try await eventually(within: .seconds(30)) {
            services = try await region.said(1, "docker service ls --format '{{.Name}} {{.Replicas}}'")
            return services == "muster-lab 1/1"
        }
        #expect(isOne, "\(services)")
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

// MARK: - Killed anywhere

extension LossStory {
    /// How long a command is left alone, in seconds: at first little, so that kills fall into its first looks and steps,
    /// and longer with each kill, since its longest step (the image, some 4 s) must have its time at last. Half of the
    /// growth doubles the story; twice of it halves the kills.
    private static func patience(after kills: Int) -> ClosedRange<Double> { 0.2...(1.5 + 0.8 * Double(kills)) }
    /// A command that does not finish in so many tries, the last of them with 30 s, never will.
    private static let mostTries = 36

    /// Invariant I2: killed anywhere, and started again until it ends by itself, `up` ends as an undisturbed one does.
    /// A bring-up is over after some ten kills, so `down` is killed, too, and then the next bring-up.
    func killed(_ least: Int) async throws {
        var dice = Dice()
        var kills = 0
        while kills < least {
            kills += try await killUntilDone(["up", manifest], &dice)
            if kills < least { kills += try await killUntilDone(["down", manifest, "--confirm", "lab"], &dice) }
            note("\(kills) kills so far")
        }
    }

    /// The control plane serves, as its witness tells, and the run that handed over is killed before it has given its
    /// lease back: the next `up` waits for nobody, though two managers want the image.
    func killedAtHandOff() async throws {
        try await region.muster("down", manifest, "--confirm", "lab", exits: 0)
        try await holdLease()
        let muster = try region.start(["up", manifest])
        let isHeld = try await eventually(within: .seconds(120)) {
            try await region.lab.ssh(1, "pgrep -xf '\(Self.sleeper)'").status == 0
        }
        let line = try await region.said(1, "cat /etc/muster/lease")
        muster.kill()
        try #require(isHeld, "\(muster.text)")
        _ = try await muster.end()
        try await letLeaseGo()
        let left = try #require(HostLease(line))
        try #require(left.isHeld && !left.owner.hasPrefix("control-plane/"), "\(line)")
        #expect(
            try await region.said(1, "cut -d ' ' -f 1-5 /etc/muster/lease")
                == line.split(separator: " ").prefix(5).joined(separator: " "))
        let next = try await region.muster("up", manifest, "--json", exits: 0).json()
        #expect(next["remoteWrites"].number == 2, "\(next["steps"])")
    }

    /// A sleep of a length that nobody else asks for.
    private static let sleeper = "sleep 86399"
    private static let lock = "/usr/local/sbin/flock"

    /// From the witness on, nobody gets at the first host's lease: who gives it back, or makes it longer, hangs.
    private func holdLease() async throws {
        let script = """
            #!/bin/sh
            case "$*" in *9) docker config ls --format "{{.Name}}" | grep -q ^muster-lab- && exec \(Self.sleeper) ;; esac
            exec /usr/bin/flock "$@"
            """
        _ = try await region.said(1, "cat >\(Self.lock) <<'END'\n\(script)\nEND\nchmod 755 \(Self.lock)")
    }

    private func letLeaseGo() async throws {
        _ = try await region.said(1, "rm \(Self.lock); pkill -xf '\(Self.sleeper)'")
        let isOver = try await eventually(within: .seconds(20)) {
            try await region.lab.ssh(1, "pgrep -xf '\(Self.sleeper)'").status == 1
        }
        #expect(isOver)
    }

    /// What a killed run began goes on: a manager's join, during which two that do not know each other yet have no
    /// majority; after the hand off the control plane's own run. The command says so, changes nothing, and is run again.
    /// No lease is waited for: what the killed run held is its folder's own, and its control plane's after the hand off.
    private static let goesOn: Set<String> = ["run-going-on", "no-quorum"]

    /// How often it was killed before it came to its end.
    private func killUntilDone(_ words: [String], _ dice: inout Dice) async throws -> Int {
        var kills = 0
        for _ in 0..<Self.mostTries {
            let patience = Duration.seconds(Double.random(in: Self.patience(after: kills), using: &dice))
            let result = try await run(words) { try? await Task.sleep(for: patience) }
            if result.status == 137 {
                kills += 1
                continue
            }
            if result.status == 2, !Self.goesOn.isDisjoint(with: result.codes) {
                try await Task.sleep(for: .seconds(1))
                continue
            }
            try #require(
                result.status == 0, "after \(kills) kills `\(words[0])` ended with \(result.status):\n\(result.text)")
            return kills
        }
        throw Endless(description: "`\(words[0])` did not come to its end in \(Self.mostTries) tries")
    }

    /// Starts `muster`, and kills it and all that it started once `isTime` has returned, unless it has ended by then.
    private func run(_ words: [String], _ isTime: @escaping @Sendable () async -> Void) async throws -> Ended {
        let muster = try region.start(words)
        let killer = Task {
            await isTime()
            muster.kill()
        }
        defer { killer.cancel() }
        let (status, text) = try await muster.end()
        return Ended(status: status, text: text, codes: muster.problemCodes)
    }

    /// F09, F39: in one bring-up every login of h2 is cut off in mid-command, in another h3 loses power and has it back.
    /// No host may fail: so a bring-up that loses one ends before the hand off, and the next one is whole.
    func lostInTheMiddle() async throws {
        var dice = Dice()
        let manifest = try region.manifest("strict", failedHosts: "0%")
        for loss in ["connection", "power"] {
            try await region.muster("down", manifest, "--confirm", "lab", exits: 0)
            let patience = Duration.seconds(Double.random(in: 0.5...6, using: &dice))
            let lab = region.lab
            let fault = Task {
                try await Task.sleep(for: patience)
                if loss == "power" {
                    try await lab.kill(3)
                    try await lab.start(3)
                } else {
                    _ = try await lab.ssh(2, "pkill -9 -f '^sshd: root'")
                }
            }
            let first = try await region.muster("up", manifest)
            try await fault.value
            note("\(loss) lost after \(patience.inSeconds): up ended with \(first.status)")
            if first.status == 0 { continue }
            #expect((first.output + first.errors).contains("host `h\(loss == "power" ? 3 : 2)`"), "\(first.output)")
            try await region.muster("up", manifest, exits: 0)
        }
    }
}

/// How a command ended.
private struct Ended {
    let status: Int32
    let text: String
    /// Of what ended it.
    let codes: Set<String>
}

private struct Endless: Error { let description: String }

/// Random moments that can be had again: SplitMix64 on a seed that is printed.
private struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init() {
        let given = ProcessInfo.processInfo.environment["MUSTER_SEED"].flatMap { UInt64($0) }
        state = given ?? UInt64.random(in: 0...999_999)
        note("MUSTER_SEED=\(state)")
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
