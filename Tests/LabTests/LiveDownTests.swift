// `down` leaves nothing, whatever was there before.
import Glibc
import Testing

@testable import Lab

extension LiveLab {
    @Suite struct Down {
        /// Everything on this machine that carries the lab's name.
        private func traces(of lab: LabRegion) async throws -> [String] {
            let groups = ControlGroups.ofThisMachine()
            let folders = groups.hierarchies.map { "\($0.folder)/\(lab.name)" }.filter(Files.exists)
            let namespaces = Files.names(NetworkNamespace.folder).filter { $0.hasPrefix(lab.name) }
            let mounts = (Files.text("/proc/mounts") ?? "").split(separator: "\n").filter { $0.contains(lab.name) }
            // A zombie is no process any more; the machine's pid 1 takes its time to bury orphans.
            let processes = Files.names("/proc").compactMap { pid_t($0) }.filter { pid in
                guard Files.text("/proc/\(pid)/stat")?.contains(") Z ") == false else { return false }
                return (Files.text("/proc/\(pid)/cmdline") ?? "").contains(lab.state)
                    || (Files.text("/proc/\(pid)/cgroup") ?? "").contains(lab.name)
                    || (Files.text("/proc/\(pid)/mounts") ?? "").contains(lab.state)
            }
            return folders + namespaces + mounts.map(String.init) + processes.map { "process \($0)" }
                + (Files.exists(lab.state) ? [lab.state] : [])
                + LabRegistry.entries().map(\.name).filter { $0 == lab.name }
        }

        @Test("after a cluster's engine and a visitor ran, nothing is left; and down again is fine")
        func down() async throws {
            try await withLab(2, engine: true) { lab async throws in
                _ = await eventually { (try? await lab.ssh(1, "docker info"))?.status == 0 }
                _ = try await lab.said(1, "docker swarm init --advertise-addr 198.18.1.2 >/dev/null && echo")
                let visitor = Task { try await lab.run(["sleep", "600"], deadline: .seconds(600)).status }
                _ = await eventually { lab.network.pids().contains { Files.line("/proc/\($0)/comm") == "sleep" } }
                #expect(try await !traces(of: lab).isEmpty)
                try await lab.down()
                #expect(try await visitor.value == 128 + SIGTERM)
                #expect(try await traces(of: lab) == [])
                try await lab.down()
                #expect(try await traces(of: lab) == [])
            }
        }

        @Test("half-made, frozen, with its folder lost: down still takes it all away")
        func crash() async throws {
            try await withLab(3) { lab async throws in
                let groups = ControlGroups.ofThisMachine()
                let supervisor = try #require(lab.machine(of: 1, groups).pids().first)
                kill(supervisor, SIGKILL)
                let freezer = try #require(groups.folder(of: "freezer"))
                #expect(Files.tell("\(freezer)/\(lab.name)/h2/freezer.state", "FROZEN"))
                try Files.makeFolder("\(lab.hostsFolder)/h9.part/upper")
                _ = try await Subprocess(arguments: ["rm", "-rf", lab.state], deadline: .seconds(30)).run()
                try await lab.down()
                #expect(try await traces(of: lab) == [])
            }
        }

        @Test("files of the user's own in the lab's folder stay")
        func ownFiles() async throws {
            try await withLab(1) { lab async throws in
                let own = "\(lab.state)/notes"
                try Files.write(own, Array("mine".utf8))
                try await lab.down()
                #expect(Files.text(own) == "mine")
                unlink(own)
                rmdir(lab.state)
            }
        }

        @Test("the lab of a test run that was killed is taken down by the next one")
        func abandoned() async throws {
            try await withLab(1) { lab async throws in
                let gone = try await Subprocess(arguments: ["sh", "-c", "echo $$"], deadline: .seconds(10)).run().output
                let owner = try #require(pid_t(String(gone.dropLast())))
                try LabRegistry.record(lab.entry(owner: owner))
                try await sweepAbandonedLabs()
                #expect(try await traces(of: lab) == [])
            }
        }

        @Test("the fixture takes its lab down when its test fails, and passes the error on")
        func fixture() async throws {
            struct Failure: Error {}
            var name = ""
            await #expect(throws: Failure.self) {
                try await withLab(1) { lab async throws in
                    name = lab.name
                    throw Failure()
                }
            }
            #expect(!NetworkNamespace(name: name).exists)
        }

        @Test("the shared layers are not purged from under another lab")
        func purge() async throws {
            try await withLab(1) { first async throws in
                try await withLab(0) { second async throws in
                    let text = await errorText { try await second.down(purge: true) }
                    #expect(text.contains("carry other labs: "))
                    #expect(text.contains(first.state))
                    #expect(Files.isFolder(first.cache))
                }
            }
        }
    }
}
