// What a lab accepts as its folder, name and target, and what it says about the rest.
import Glibc
import Testing

@testable import Lab

@Suite struct RegionArgumentTests {
    @Test("a lab's name follows from its folder: the same each time, another for another folder")
    func names() throws {
        let first = try LabRegion(state: "/var/tmp/muster-none-a")
        let again = try LabRegion(state: "/var/tmp/./muster-none-a")
        let other = try LabRegion(state: "/var/tmp/muster-none-b")
        #expect(first.name == again.name)
        #expect(first.name != other.name)
        #expect(first.name.wholeMatch(of: /muster-[0-9a-f]{8}/) != nil)
    }

    @Test("a relative folder is taken from where we are")
    func relative() throws {
        #expect(try LabRegion(state: "labs/a").state.hasSuffix("/labs/a"))
        #expect(try LabRegion(state: "labs/a").state.hasPrefix("/"))
    }

    @Test("the files that others read lie in the folder")
    func files() throws {
        let lab = try LabRegion(state: "/var/tmp/muster-none")
        #expect(lab.knownHostsPath == "/var/tmp/muster-none/known_hosts")
        #expect(lab.clientKeyPath == "/var/tmp/muster-none/id_ed25519")
        #expect(lab.environmentPath == "/var/tmp/muster-none/env")
    }

    @Test(
        "a folder that overlayfs or a shell would misread is rejected",
        arguments: ["/a:b", "/a,b", "/a b", "/a'b", "/"])
    func badFolders(path: String) async {
        let text = await errorText { _ = try LabRegion(state: path) }
        #expect(text.hasPrefix("lab: `\(path)` cannot hold a lab"))
    }

    @Test(
        "a name that is none is rejected",
        arguments: ["", "-a", "a b", "a/b", "é", String(repeating: "a", count: 41)])
    func badNames(name: String) async {
        let text = await errorText { _ = try LabRegion(state: "/var/tmp/muster-none", name: name) }
        #expect(text.contains("cannot be a lab's name"))
    }

    @Test("a number of hosts that is none is rejected before anything is touched", arguments: [0, -1, 1001])
    func badCounts(count: Int) async throws {
        let lab = try LabRegion(state: "/var/tmp/muster-none")
        let text = await errorText { try await lab.up(count: count) }
        #expect(text == "lab: cannot make \(count) hosts; ask for 1 to 1000")
        #expect(!Files.exists(lab.state))
    }

    @Test(
        "a relay's target is an address and a port",
        arguments: ["", "h1:80", "198.18.1.2", "198.18.1.2:0", "1.2.3.4:x"])
    func badTargets(target: String) async throws {
        let lab = try LabRegion(state: "/var/tmp/muster-none")
        #expect(await errorText { _ = try lab.forward(to: target) }.contains("is not ADDRESS:PORT"))
    }

    @Test("a host that the lab does not have is rejected, all of them at once", .enabled(if: geteuid() == 0))
    func unknownHosts() async throws {
        let lab = try LabRegion(state: "/var/tmp/muster-none", name: "none")
        let text = await errorText { try await lab.kill(1, 2) }
        #expect(text == "lab `none`: has no host `h1`, `h2`; `muster lab ls` shows the hosts that it has")
    }

    @Test("every kind of error has its exit code")
    func exitCodes() {
        let codes = LabError.Kind.allCases.map { LabError($0, "a", "b", hint: "c").exitCode }
        #expect(codes == [64, 2, 69, 1])
        #expect("\(LabError(.failed, "a", "b", hint: "c"))" == "a: b; c")
    }
}
