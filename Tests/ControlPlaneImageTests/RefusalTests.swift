// What cannot become an image is refused with its name, its cause and what to do (I9), and leaves nothing behind.
import FleetModel
import Foundation
import Testing

@testable import ControlPlaneImage

@Suite struct RefusalTests {
    let workshop = Workshop()

    @Test(
        "no program: refused by name",
        arguments: [
            ("", "image-source-unreadable"), ("/nowhere", "image-source-unreadable"),
            ("/tmp", "image-source-unreadable"),
        ])
    func unreadable(path: String, code: String) throws {
        let found = try #require(problem { _ = try ImageRecipe(executable: path).reference() })
        #expect(found.code == code && found.kind == .rejected)
        #expect(found.message.contains("`\(path)`") && found.cause != nil && found.hint != nil)
    }

    @Test("a script, an empty file, a program cut short, garbage behind the magic: refused as foreign")
    func foreign() throws {
        let files = [
            workshop.write("script", "#!/bin/sh\n"), workshop.write("empty", ""),
            workshop.write("garbage", "\u{7f}ELF\u{2}\u{1}" + String(repeating: "x", count: 200)),
        ]
        try sh("head -c 5000 /bin/ls >$0", workshop.path("cut"))
        for file in files + [workshop.path("cut")] {
            let found = try #require(problem { _ = try ImageRecipe(executable: file).reference() }, "\(file)")
            #expect(found.code == "executable-foreign", "\(file)")
        }
    }

    @Test("every prefix and every flipped byte of a header: a program or a problem, never a crash")
    func hostileHeaders() throws {
        let good = Array(try Data(contentsOf: URL(fileURLWithPath: "/bin/ls")).prefix(1024))
        for index in good.indices {
            for value: UInt8 in [0, 0x7f, 0xff] {
                var bytes = good
                bytes[index] = value
                try Data(bytes).write(to: URL(fileURLWithPath: workshop.path("header")))
                _ = problem { _ = try ELFFile(workshop.path("header")) }
            }
        }
    }

    @Test("a folder below a file, and one that the kernel refuses: named, with the cause", arguments: [true, false])
    func unwritable(isBelowFile: Bool) throws {
        let file = workshop.write("file", "")
        let folder = isBelowFile ? file + "/below" : "/proc/muster-images"
        let found = try #require(problem { _ = try ImageRecipe(executable: "/bin/ls").archive(into: folder) })
        #expect(found.code == "image-folder-unwritable")
        #expect(found.message.contains(folder) && found.cause != nil && found.hint != nil)
    }

    @Test(
        "a full disk: refused, and the half archive is gone", .enabled(if: isRoot, "needs root to mount a small disk"))
    func full() throws {
        try sh("mkdir $0/disk && mount -t tmpfs -o size=256k image-test $0/disk", workshop.folder)
        defer { _ = try? sh("umount $0/disk", workshop.folder) }
        let found = problem { _ = try ImageRecipe(executable: "/bin/ls").archive(into: workshop.path("disk")) }
        #expect(found?.code == "disk-full")
        #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.path("disk")) == [])
    }

    @Test("an executable that changes between naming and writing: refused, and nothing is left")
    func changed() throws {
        try sh("cp /bin/ls $0/program", workshop.folder)
        let contents = try ImageRecipe(executable: workshop.path("program")).contents()
        try sh("printf x | dd of=$0/program bs=1 seek=70000 conv=notrunc 2>/dev/null", workshop.folder)
        let archive = ArchiveFile(path: workshop.path("image.tar.gz"))
        let packed = PackedImage(contents: contents, packing: .gzip)
        let found = problem { _ = try archive.replace(unless: { _ in false }, with: packed.write) }
        #expect(found?.code == "image-source-changed")
        #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.folder) == ["program"])
    }

    @Test("the running program's recipe is this very executable")
    func running() throws {
        let recipe = try ImageRecipe.running()
        #expect(recipe.executable == (try sh("readlink /proc/\(getpid())/exe")))
    }
}
