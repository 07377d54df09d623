// The loader's words, as glibc prints them, spaces and absences included.
import Testing

@testable import ControlPlaneImage

@Suite struct LoaderTraceTests {
    @Test("glibc's lines: found, absent, by absolute path, and the kernel's own left out")
    func lines() {
        let text = """
            \tlinux-vdso.so.1 (0x00007f2311116000)
            \tlibz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f23110b0000)
            \tlibodd.so => /opt/my (own) libs/libodd.so (0x00007f23110b0000)
            \tlibgone.so => not found
            \t/lib64/ld-linux-x86-64.so.2 (0x00007f2311118000)
            \tstatically linked
            """
        #expect(
            LoaderTrace.lines(text) == [
                .found(name: "libz.so.1", path: "/lib/x86_64-linux-gnu/libz.so.1"),
                .found(name: "libodd.so", path: "/opt/my (own) libs/libodd.so"),
                .missing(name: "libgone.so"),
                .found(name: "/lib64/ld-linux-x86-64.so.2", path: "/lib64/ld-linux-x86-64.so.2"),
            ])
    }

    @Test("nothing, and nonsense: no line")
    func nonsense() {
        for text in ["", "\n\n", "error: odd", " => ", "a => b", "a =>"] {
            #expect(LoaderTrace.lines(text).isEmpty, "\(text)")
        }
    }
}
