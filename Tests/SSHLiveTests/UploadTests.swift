// Uploads: whole or not at all, verified, and no bytes when they are there already (F15).
import Foundation
import SSHTransport
import Testing

extension LiveSSHTests {
    @Suite struct UploadTests {
        private func source(_ daemon: PrivateSSHD, size: Int) throws -> SSHFile {
            let bytes = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) })
            try bytes.write(to: URL(fileURLWithPath: daemon.path("source")))
            return try SSHFile(path: daemon.path("source"))
        }

        /// What uploads have left half-made beside their targets.
        private func leftovers(_ daemon: PrivateSSHD) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: daemon.folder).filter {
                $0.hasPrefix(".muster-upload.")
            }
        }

        private func mode(_ path: String) throws -> String {
            try tool("/usr/bin/stat", ["-c", "%a %U:%G", path]).trimmingCharacters(in: .whitespacesAndNewlines)
        }

        @Test func `written once, then unchanged without a byte, then adjusted`() async throws {
            try await withSSHD { daemon in
                let file = try source(daemon, size: 3_000_000)
                let target = daemon.path("tar get's $(name)")
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint()
                    var upload = SSHUpload(file: file, target: target, mode: 0o640, owner: "daemon:daemon")
                    #expect(try await client.upload(upload, on: endpoint) == .written)
                    #expect(FileManager.default.contentsEqual(atPath: target, andPath: file.path))
                    #expect(try mode(target) == "640 daemon:daemon")
                    let before = try #require(client.counters.endpoints[endpoint]).bytesSent
                    #expect(try await client.upload(upload, on: endpoint) == .unchanged)
                    let after = try #require(client.counters.endpoints[endpoint]).bytesSent
                    #expect(after - before < 10_000)
                    upload.mode = 0o600
                    #expect(try await client.upload(upload, on: endpoint) == .adjusted)
                    #expect(try mode(target) == "600 daemon:daemon")
                    #expect(client.counters.total.execs == 3)
                }
            }
        }

        @Test func `an empty file, and one that is larger than any window`() async throws {
            try await withSSHD { daemon in
                try await using(try daemon.client()) { client in
                    for size in [0, 20_000_000] {
                        let file = try source(daemon, size: size)
                        let upload = SSHUpload(file: file, target: daemon.path("target"), mode: 0o644)
                        #expect(try await client.upload(upload, on: try daemon.endpoint()) == .written)
                        #expect(FileManager.default.contentsEqual(atPath: upload.target, andPath: file.path))
                    }
                }
            }
        }

        @Test func `a full disk leaves the old file and no temporary one (F15)`() async throws {
            try await withSSHD { daemon in
                let disk = daemon.path("disk")
                try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
                try tool("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk])
                defer { _ = try? tool("/usr/bin/umount", [disk]) }
                try "old".write(toFile: disk + "/file", atomically: true, encoding: .utf8)
                let file = try source(daemon, size: 3_000_000)
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint()
                    let upload = SSHUpload(file: file, target: disk + "/file", mode: 0o644)
                    let error = try await failure { try await client.upload(upload, on: endpoint) }
                    guard case .uploadFailed(let reason) = error.code else {
                        Issue.record("\(error)")
                        return
                    }
                    #expect(reason.contains("No space left"))
                    #expect(try String(contentsOfFile: disk + "/file", encoding: .utf8) == "old")
                    #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == ["file"])
                }
            }
        }

        @Test(arguments: ["shorter", "longer", "of the same length"])
        func `a source that changed after it was measured is not sent, and the old file stays`(how: String) async throws
        {
            try await withSSHD { daemon in
                let file = try source(daemon, size: 100_000)
                let sizes = ["shorter": 50_000, "longer": 900_000]
                try Data(count: sizes[how] ?? 100_000).write(to: URL(fileURLWithPath: file.path))
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint()
                    let upload = SSHUpload(file: file, target: daemon.path("target"), mode: 0o644)
                    let error = try await failure { try await client.upload(upload, on: endpoint) }
                    #expect(error.code == .sourceUnreadable(reason: "it changed after it was measured"))
                    #expect(try await eventually { try leftovers(daemon) == [] })
                    #expect(!FileManager.default.fileExists(atPath: upload.target))
                }
            }
        }

        @Test func `missing folder, folder in its place, missing source`() async throws {
            try await withSSHD { daemon in
                let file = try source(daemon, size: 10)
                try await using(try daemon.client()) { client in
                    let endpoint = try daemon.endpoint()
                    for (target, words) in [("/nowhere/x", "missing"), (daemon.folder, "folder is in its place")] {
                        let upload = SSHUpload(file: file, target: target, mode: 0o644)
                        let error = try await failure { try await client.upload(upload, on: endpoint) }
                        #expect(error.description.contains(words))
                    }
                    let error = try await failure { try SSHFile(path: "/nowhere/y") }
                    #expect(error.code == .sourceUnreadable(reason: "no such file or directory"))
                }
            }
        }

        @Test func `a connection lost in the middle of an upload leaves nothing in its place (F15)`() async throws {
            try await withSSHD { daemon in
                try Data(count: 30_000_000).write(to: URL(fileURLWithPath: daemon.path("source")))
                let file = try SSHFile(path: daemon.path("source"))
                try await using(try daemon.client()) { client in
                    let upload = SSHUpload(file: file, target: daemon.path("target"), mode: 0o644)
                    let endpoint = try daemon.endpoint()
                    let sending = Task { try await client.upload(upload, on: endpoint) }
                    #expect(try await eventually { try leftovers(daemon) != [] })
                    client.close(endpoint)
                    let error = try await failure { try await sending.value }
                    #expect(error.code == .cancelled && error.mayHaveRun)
                    #expect(try await eventually { try leftovers(daemon) == [] })
                    #expect(!FileManager.default.fileExists(atPath: upload.target))
                }
            }
        }

        @Test func `a command that ends before the marker just returns its result`() async throws {
            try await withSSHD { daemon in
                let file = try source(daemon, size: 1_000_000)
                try await using(try daemon.client()) { client in
                    let command = SSHCommand(
                        "exec /bin/sh -s", standardInput: Array("echo no; exit 5\n".utf8),
                        upload: .init(afterMarker: Array("READY".utf8), source: file.path))
                    let result = try await client.run(command, on: try daemon.endpoint())
                    #expect(result.exitStatus == 5 && result.text == "no\n")
                }
            }
        }
    }
}
