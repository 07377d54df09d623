// The host scripts as they are sent: their syntax, their names, and what prelude.sh writes down about a host.
import DockerEngine
import FleetModel
import FleetReconciler
import Foundation
import HostScripts
import Testing

@Suite("Host scripts") struct ScriptTests {
    /// As it is sent, so that `return` lies in a function.
    private static func whole(_ word: String) -> Data {
        Data(
            RemoteAct(word, secret: Secret("x"))
                .standardInput(nonce: "N1", prelude: HostScript.prelude, script: HostScript.named(word) ?? "").utf8)
    }

    @Test("every script is POSIX shell that dash takes", arguments: HostScript.all.keys.sorted())
    func syntax(word: String) throws {
        let run = try LocalRun("/bin/sh", ["-n", "-s"], input: Self.whole(word))
        #expect(run.status == 0)
        #expect(run.errors == "")
    }

    private static let shellcheck = "/usr/bin/shellcheck"

    /// Not warned of: what the prelude defines for others (2034, 2120, 2154, 2317), `a && b || c` where `c` ends the
    /// script (2015), and `mkdir -p -m`, whose parent /etc is always there (2174).
    @Test(
        "every script passes shellcheck",
        .enabled(if: FileManager.default.isExecutableFile(atPath: shellcheck), "shellcheck is not installed"),
        arguments: HostScript.all.keys.sorted())
    func lint(word: String) throws {
        let options = ["-s", "sh", "-S", "warning", "-e", "SC2154,SC2317,SC2034,SC2015,SC2120,SC2174", "-"]
        let run = try LocalRun(Self.shellcheck, options, input: Self.whole(word))
        #expect(run.status == 0, "\(run.output)")
    }

    @Test("every script names itself and its schema in its first line", arguments: HostScript.all.keys.sorted())
    func firstLine(word: String) throws {
        let script = try #require(HostScript.named(word))
        #expect(script.hasPrefix("# \(word) 1"))
    }

    // MARK: - made.json

    /// Runs lines with the prelude's functions, where /etc/muster is a folder of this test.
    private func made(_ lines: String, in scratch: Scratch) throws -> MadeRecord? {
        let prelude = HostScript.prelude.replacing("/etc/muster", with: scratch.url("etc").path)
        #expect(prelude.contains(scratch.url("etc").path))
        let text = RemoteAct("try").standardInput(nonce: "N1", prelude: prelude, script: "REGION=eu1\n" + lines)
        let run = try LocalRun("/bin/sh", ["-s", "--", "try", "1"], input: Data(text.utf8))
        #expect(run.errors == "")
        guard let data = try? Data(contentsOf: scratch.url("etc").appending(path: "made.json")) else { return nil }
        return DockerReader.decoded(MadeRecord.self, String(decoding: data, as: UTF8.self))
    }

    @Test("what is written down is JSON that the planner reads, each item once, in order")
    func madeFunctions() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        #expect(try made(":", in: scratch) == nil)
        let first = try made("made_add packages docker.io containerd docker.io; made_set swarm control", in: scratch)
        #expect(first == MadeRecord(region: "eu1", packages: ["docker.io", "containerd"], swarm: ["control"]))
        let more = try made(
            "made_add images muster:1; made_add images muster:1 muster:2; made_add daemonKeys log-driver; "
                + "made_add files /etc/docker/daemon.json; made_set regionKeyFrom 10.0.0.1,10.0.0.2; made_set swarm work",
            in: scratch)
        #expect(
            more
                == MadeRecord(
                    region: "eu1", packages: ["docker.io", "containerd"], daemonKeys: ["log-driver"], swarm: ["work"],
                    regionKeyFrom: ["10.0.0.1,10.0.0.2"], images: ["muster:1", "muster:2"],
                    files: ["/etc/docker/daemon.json"]))
        #expect(try made("made_drop swarm", in: scratch)?.swarm == [])
    }

    @Test("two scripts on one host write down what they make at the same time → all of both is there, and none stops")
    func madeTogether() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let loops = ["images", "files"].map { "(for n in $(seq 30); do made_add \($0) $n; done) &" }
        let record = try made("made_add packages p; \(loops.joined(separator: " ")) wait", in: scratch)
        #expect(record?.images == (1...30).map(String.init) && record?.files == (1...30).map(String.init))
    }

    @Test("made_has is about whole items; the folder of lists is root's alone, the file may be read")
    func madeHas() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let lines = """
            made_add packages docker.io
            made_has packages docker && say wrong part
            made_has packages dockerxio && say wrong pattern
            made_has images x && say wrong kind
            made_has packages docker.io || say wrong missing
            [ "$(stat -c %a "$MADE" /etc/muster/made.json | tr '\\n' ' ')" = "700 644 " ] || say wrong mode
            """
        let prelude = HostScript.prelude.replacing("/etc/muster", with: scratch.url("etc").path)
        let script = ("REGION=eu1\n" + lines).replacing("/etc/muster", with: scratch.url("etc").path)
        let text = RemoteAct("try").standardInput(nonce: "N1", prelude: prelude, script: script)
        let run = try LocalRun("/bin/sh", ["-s"], input: Data(text.utf8))
        #expect(FramedOutput(run.output, nonce: "N1").all("wrong") == [])
    }

    @Test("claim_region: another region's host is refused before anything is touched")
    func claimRegion() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        _ = try made("made_set swarm control", in: scratch)
        let prelude = HostScript.prelude.replacing("/etc/muster", with: scratch.url("etc").path)
        for (region, expected) in [("eu1", "mine"), ("us1", "fail")] {
            let act = RemoteAct("try", [region])
            let text = act.standardInput(nonce: "N1", prelude: prelude, script: "claim_region \"$3\"; say mine")
            let run = try LocalRun("/bin/sh", ["-s", "--"] + act.words, input: Data(text.utf8))
            #expect(FramedOutput(run.output, nonce: "N1").lines.first?.word == expected)
        }
    }
}
