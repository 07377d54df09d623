// What must not be in any committed text, and what must be there together.
import Testing

@Suite("Texts") struct TextTests {
    private func findings(_ files: [SourceFile], _ isWrong: (Substring) -> Bool) -> [String] {
        files.flatMap { file in
            file.lines.enumerated().filter { isWrong($0.element) }.map { "\(file.path):\($0.offset + 1)" }
        }
    }

    @Test("no open work without the number of an issue or an ADR")
    func openWork() {
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"]
        let isNumbered = { (line: Substring) in line.contains(/#\d+/) || line.contains(/ADR[ -]?\d+/) }
        #expect(findings(Repository.texts) { line in words.contains { line.contains($0) } && !isNumbered(line) } == [])
    }

    @Test("no commented-out code")
    func deadCode() {
        let code = /^\s*\/\/ (let|var|func|return|guard|if let|try|await|import) .*[\)\}\{=]\s*$/
        #expect(findings(Repository.swift) { $0.drop { $0 == " " }.hasPrefix("// ") && $0.contains(code) } == [])
    }

    @Test("no registry's host name and no path of a developer's machine")
    func hosts() {
        let names = [
            "registry-1.docker" + ".io", "index.docker" + ".io", "hub.docker" + ".com", "download.docker" + ".com",
            "ghcr" + ".io", "quay" + ".io", "deb.debian" + ".org", "archive.ubuntu" + ".com", "pypi" + ".org",
            "registry.npmjs" + ".org", "crates" + ".io", "proxy.golang" + ".org", "/wo" + "rk/", "/ho" + "me/runner",
        ]
        #expect(findings(Repository.texts) { line in names.contains { line.contains($0) } } == [])
    }

    @Test("pure tests wait for events, never for time; live ones poll with a deadline and may pause between two looks")
    func sleeps() {
        let live: Set = ["SSHLiveTests", "LabTests", "ControlPlaneTests", "RegionLiveTests", "ControlPlaneImageTests"]
        let words = ["Task.sl" + "eep", "usl" + "eep(", "nanosl" + "eep(", " sl" + "eep("]
        let pure = Repository.tests.filter { !live.contains($0.target) && !$0.target.contains("Live") }
        // A clock that a test moves is how they wait for none.
        let port = "func sl" + "eep(for"
        #expect(findings(pure) { line in words.contains { line.contains($0) } && !line.contains(port) } == [])
    }

    @Test("secrets and keys lie in no file")
    func keys() {
        let begin = "-----BEG" + "IN "
        let isKey = { (line: Substring) in line.contains(begin) && line.contains("PRIVATE KEY-----") && line.count < 60
        }
        #expect(findings(Repository.texts.filter { !$0.path.hasPrefix("Tests/") }, isKey) == [])
    }

    // MARK: - Goldens

    @Test("every golden file is one that a test compares with")
    func goldens() {
        var dead: [String] = []
        for target in Repository.names(in: "Tests") {
            let code = Repository.files(["Tests/" + target], [".swift"]).map(\.text).joined()
            for name in Repository.names(in: "Tests/\(target)/Goldens") {
                let stem = name.split(separator: ".").dropLast().joined(separator: ".")
                if !code.contains("\"\(stem)\"") { dead.append("\(target)/Goldens/\(name)") }
            }
        }
        #expect(dead == [])
    }

    // MARK: - Host scripts

    private var scripts: [String] {
        Repository.names(in: "bootstrap/host").filter { $0.hasSuffix(".sh") }.map { String($0.dropLast(3)) }
    }

    @Test("every host script is embedded and can be asked for by its name")
    func embedded() throws {
        let package = try #require(Repository.read("Package.swift")).text
        let table = try #require(Repository.read("bootstrap/host/HostScripts.swift")).text
        #expect(scripts.count > 10)
        for script in scripts {
            #expect(package.contains("\"\(script)\""), "Package.swift does not embed \(script).sh")
            #expect(
                table.contains("PackageResources.\(script.replacing("-", with: "_"))_sh"),
                "\(script).sh is not in the table")
        }
    }

    @Test("every step has the script of its word, but hand off, which runs no command")
    func stepWords() throws {
        let plan = try #require(Repository.read("Sources/FleetModel/Plan.swift")).text
        let words = plan.matches(of: /case \.\w+: "([a-z-]+)"/).map { String($0.output.1) }
        #expect(words.count > 10)
        #expect(words.filter { $0 != "hand-off" && !scripts.contains($0) } == [])
    }

    @Test("host scripts are POSIX sh: nothing that only bash knows")
    func posix() {
        let files = Repository.files(["bootstrap/host"], [".sh"])
        let bash = /(^|[;&|]) *(\[\[|function |local |declare |source |echo -e)|<<<|\$'|&>|\$\{[a-z]+[\^,\/]/
        #expect(findings(files) { !$0.hasPrefix("#") && $0.contains(bash) } == [])
    }

    // MARK: - Glossary

    private static let words = [
        "region", "failure domain", "host", "cluster", "node", "service", "task", "replica", "capacity", "allocation",
        "headroom", "workload", "placement", "blueprint", "plan", "step", "facts", "journal", "hand off", "lab",
        "hollow host", "policy", "observation", "witness", "sealed copy", "epoch",
    ]

    private static let glossary = Repository.read("docs/glossary.md")

    @Test("the glossary has each of our words", .enabled(if: glossary != nil, "docs/glossary.md is not written yet"))
    func glossaryWords() throws {
        let text = try #require(Self.glossary).text.lowercased()
        #expect(Self.words.filter { !text.contains($0) } == [])
    }
}
