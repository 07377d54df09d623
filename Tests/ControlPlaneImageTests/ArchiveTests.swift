// The archive as an engine sees it: valid by its own digests, the same bytes each time, and never half there.
import FleetModel
import Foundation
import Testing

@testable import ControlPlaneImage

@Suite struct ArchiveTests {
    let workshop = Workshop()
    let recipe = ImageRecipe(executable: "/bin/ls")

    @Test("made twice in two folders: byte-identical archives, and the reference was known before")
    func reproducible() throws {
        let reference = try recipe.reference()
        let first = try recipe.report(into: workshop.path("one"))
        let second = try recipe.report(into: workshop.path("two/deeper"))
        #expect(first.reference == reference && second.reference == reference)
        #expect(first.path == workshop.path("one/muster-\(reference.dropFirst(7)).tar.gz"))
        try sh("cmp $0 $1", first.path, second.path)
    }

    @Test("a copy under another name, with other times and debug information: the same reference")
    func sameProgram() throws {
        try sh(
            "cp /bin/ls $0/copy && printf 'symbols behind the end' >>$0/copy && touch -d 2001-01-01 $0/copy",
            workshop.folder)
        #expect(try ImageRecipe(executable: workshop.path("copy")).reference() == recipe.reference())
        #expect(try ImageRecipe(executable: "/bin/cat").reference() != recipe.reference())
    }

    @Test("every blob's name is its SHA-256, and diff_id is that of the layer's tar")
    func digests() throws {
        _ = try workshop.root(of: "/bin/ls")
        try sh(
            "cd $0/archive/blobs/sha256 && for b in *; do echo \"$b  $b\"; done | sha256sum -c --quiet", workshop.folder
        )
        let manifest = try workshop.manifest()
        #expect(try manifest["RepoTags"] == [recipe.reference()])
        let config = try json(workshop.path("archive/" + (manifest["Config"]?.first ?? "")))
        let diffIDs = (config["rootfs"] as? [String: Any])?["diff_ids"] as? [String]
        #expect(diffIDs?.map { "blobs/sha256/" + $0.dropFirst(7) } == manifest["Layers"])
    }

    @Test("the OCI layout names the same configuration and layer as docker's manifest")
    func layout() throws {
        _ = try workshop.root(of: "/bin/ls")
        let index = try json(workshop.path("archive/index.json"))
        let descriptor = (index["manifests"] as? [[String: Any]])?.first ?? [:]
        let annotations = descriptor["annotations"] as? [String: String]
        #expect(try annotations?["io.containerd.image.name"] == "docker.io/library/" + recipe.reference())
        let digest = (descriptor["digest"] as? String ?? "").dropFirst(7)
        let manifest = try json(workshop.path("archive/blobs/sha256/\(digest)"))
        let config = (manifest["config"] as? [String: Any])?["digest"] as? String ?? ""
        #expect(try workshop.manifest()["Config"] == ["blobs/sha256/" + config.dropFirst(7)])
    }

    @Test("the configuration: ordinary user, exec-form health check, no secret of this machine")
    func configuration() throws {
        _ = try workshop.root(of: "/bin/ls")
        let path = workshop.path("archive/" + (try workshop.manifest()["Config"]?.first ?? ""))
        let config = try json(path)["config"] as? [String: Any] ?? [:]
        #expect(config["User"] as? String == "65532:65532")
        #expect(config["Entrypoint"] as? [String] == ["/usr/local/bin/muster"])
        #expect(config["Cmd"] as? [String] == ["serve"])
        #expect(config["Env"] as? [String] == ["PATH=/usr/local/bin"])
        #expect(try (config["Labels"] as? [String: String])?["io.muster.image"] == recipe.reference())
        let health = config["Healthcheck"] as? [String: Any]
        #expect(health?["Test"] as? [String] == ["CMD", "/usr/local/bin/muster", "serve", "--probe"])
        #expect(health?["Interval"] as? Int == 5_000_000_000)
        #expect(try json(path)["created"] as? String == "1970-01-01T00:00:00Z")
    }

    @Test("an archive that is there is kept; one that is cut, damaged or another's is made again")
    func validity() throws {
        let made = try recipe.report(into: workshop.folder)
        #expect(made.isNew)
        #expect(try !recipe.report(into: workshop.folder).isNew)
        let damages = [
            "truncate -s -9 $0", "printf x | dd of=$0 bs=1 seek=5000 conv=notrunc 2>/dev/null", "printf x >>$0",
            ": >$0",
            "printf hello | gzip >$0",
        ]
        for damage in damages {
            try sh("cp $0 $0.good", made.path)
            try sh(damage, made.path)
            #expect(try recipe.report(into: workshop.folder).isNew, "\(damage)")
            try sh("cmp $0 $0.good", made.path)
        }
    }

    @Test("plain: what the packed one unpacks to; kept if it is there, made again if it is not that")
    func plain() throws {
        let packed = try recipe.report(into: workshop.folder)
        let plain = try recipe.report(into: workshop.folder, packing: .plain)
        #expect(plain.reference == packed.reference && plain.path.hasSuffix(".tar") && plain.isNew)
        try sh("gzip -dc $0 | cmp - ${0%.gz}", packed.path)
        #expect(try !recipe.report(into: workshop.folder, packing: .plain).isNew)
        try sh("printf x >>$0", plain.path)
        #expect(try recipe.report(into: workshop.folder, packing: .plain).isNew)
        try sh("gzip -dc $0 | cmp - ${0%.gz}", packed.path)
    }

    @Test("a killed one's half archive is written over and leaves nothing beside the new one")
    func leftover() throws {
        let name = try recipe.reference().map { $0 == ":" ? "-" : String($0) }.joined() + ".tar.gz"
        _ = workshop.write(name + ".part", String(repeating: "half ", count: 1_000_000))
        #expect(try recipe.report(into: workshop.folder).isNew)
        #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.folder) == [name])
    }

    @Test("eight at once want it: one makes it, all get it")
    func concurrent() async throws {
        let (recipe, folder) = (recipe, workshop.folder)
        let reports = try await withThrowingTaskGroup(of: ImageReport.self) { group in
            for _ in 0..<8 { group.addTask { try recipe.report(into: folder) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(reports.count == 8)
        #expect(reports.filter(\.isNew).count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
    }

    @Test("the report names every file and says what it is")
    func report() throws {
        let report = try recipe.report(into: workshop.folder)
        let program = try #require(report.files.first { $0.path == "/usr/local/bin/muster" })
        #expect(program.source == "/bin/ls" && program.mode == 0o755 && program.owner == 0)
        #expect(report.files.contains { $0.path == "/var/lib/muster" && $0.owner == 65532 && $0.mode == 0o700 })
        #expect(report.compressedBytes < report.layerBytes)
        #expect(report.description.contains("image    muster:"))
        #expect(report.notes.isEmpty)
    }

    private func json(_ path: String) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }
}
