// The image's root as a running program finds it: unpacked, and entered by chroot as the control plane's user. This is
// what an engine does with it, less the namespaces.
import FleetModel
import Foundation
import Testing

@testable import ControlPlaneImage

@Suite struct RootFileSystemTests {
    let workshop = Workshop()
    private static let enterWithLibraries =
        "env -i LD_LIBRARY_PATH=\(SharedLibrary.privateFolder) "
        + "/usr/sbin/chroot --userspec=65532:65532 $0 /usr/local/bin/muster"
    private static let enter = "env -i /usr/sbin/chroot --userspec=65532:65532 $0 /usr/local/bin/muster"

    @Test("a program with libraries runs in nothing but the image, as user 65532", .enabled(if: isRoot, "needs root"))
    func runs() throws {
        let root = try workshop.root(of: "/bin/ls")
        let names = try sh(Self.enter + " /", root).split(separator: "\n").map(String.init)
        #expect(Set(["dev", "etc", "proc", "run", "sys", "tmp", "usr", "var"]).isSubset(of: names))
    }

    @Test("it may write to its volume's folder and to /tmp, and nowhere else", .enabled(if: isRoot, "needs root"))
    func writes() throws {
        let root = try workshop.root(of: "/usr/bin/touch")
        try sh(Self.enter + " /var/lib/muster/state /tmp/scratch", root)
        for path in ["/etc/passwd", "/usr/local/bin/muster", "/run/x", "/var/lib/x"] {
            #expect(throws: ProgramFailed.self) { try sh(Self.enter + " \(path)", root) }
        }
    }

    @Test("users have names, and numbers alone own files", .enabled(if: isRoot, "needs root"))
    func users() throws {
        let root = try workshop.root(of: "/usr/bin/id")
        #expect(try sh(Self.enter, root) == "uid=65532(muster) gid=65532(muster) groups=65532(muster)")
        let owners = try sh("cd $0 && stat -c '%u:%g %a %n' var/lib/muster tmp usr/local/bin/muster etc/passwd", root)
        #expect(
            owners == """
                65532:65532 700 var/lib/muster
                0:0 1777 tmp
                0:0 755 usr/local/bin/muster
                0:0 644 etc/passwd
                """)
    }

    @Test(
        "a Swift program that is linked dynamically runs, with the image's own environment",
        .enabled(if: isRoot, "needs root"))
    func swift() throws {
        let source = workshop.write("hello.swift", "print([\"hosts\": 3].map { \"\\($0.key) \\($0.value)\" })")
        try sh("swiftc -g -o $0 $1", workshop.path("hello"), source)
        let root = try workshop.root(of: workshop.path("hello"))
        #expect(try sh(Self.enterWithLibraries, root) == #"["hosts 3"]"#)
        let report = try ImageRecipe(executable: workshop.path("hello")).report(into: workshop.path("images"))
        #expect(report.notes.contains { $0.contains("Swift runtime is linked dynamically") })
        #expect(try sh("cat $0/archive/blobs/sha256/* | grep -ac LD_LIBRARY_PATH=", workshop.folder) != "0")
    }

    @Test("libraries behind symbolic links become plain files under the names that programs ask for")
    func links() throws {
        let root = try workshop.root(of: "/bin/ls")
        #expect(try sh("find $0 -type l", root) == "")
        #expect(
            try sh("test -f $0/lib64/ld-linux-x86-64.so.2 -o -f $0/lib/ld-linux-aarch64.so.1 && echo yes", root)
                == "yes")
        #expect(try sh("find $0 -name libc.so.6 -type f | wc -l", root) == "1")
    }

    @Test(
        "a library beside the program, behind a link, moves to the image's own folder",
        .enabled(if: isRoot, "needs root"))
    func privateLibrary() throws {
        let program = try linkedProgram()
        try sh("mv $0/libdepth.so $0/libdepth.so.1.2 && ln -s libdepth.so.1.2 $0/libdepth.so", workshop.folder)
        let root = try workshop.root(of: program)
        let library = root + SharedLibrary.privateFolder + "/libdepth.so"
        #expect(FileManager.default.fileExists(atPath: library))
        try sh(Self.enterWithLibraries, root)
    }

    @Test("a program that is linked statically carries no library", .enabled(if: isRoot, "needs root"))
    func statically() throws {
        let source = workshop.write("alone.c", "int main(void) { return 0; }")
        try sh("cc -static -o $0 $1", workshop.path("alone"), source)
        let root = try workshop.root(of: workshop.path("alone"))
        #expect(try sh("find $0 -name '*.so*'", root) == "")
        try sh(Self.enter, root)
    }

    @Test("a library that is not there: refused, by its name")
    func missing() throws {
        let program = try linkedProgram()
        try FileManager.default.removeItem(atPath: workshop.path("libdepth.so"))
        let found = try #require(problem { _ = try ImageRecipe(executable: program).reference() })
        #expect(found.code == "library-missing")
        #expect(found.message.contains("`libdepth.so`") && found.hint != nil)
    }

    /// A program that needs `libdepth.so`, which lies beside it.
    private func linkedProgram() throws -> String {
        let library = workshop.write("depth.c", "int depth(void) { return 0; }")
        let main = workshop.write("main.c", "int depth(void); int main(void) { return depth(); }")
        try sh("cd $0 && cc -shared -fPIC -o libdepth.so $1", workshop.folder, library)
        try sh("cd $0 && cc -o main $1 -L. -ldepth -Wl,-rpath,$0", workshop.folder, main)
        return workshop.path("main")
    }
}
