// Hosts are made of what this machine itself is made of: the Debian archive that its own apt uses, read at run time,
// so that mirrors, proxies and air gaps need no settings of ours.

struct PackageSource: Equatable, Sendable {
    /// The archive, as debootstrap takes it.
    let mirror: String
    let suite: String
    /// Lines of a sources.list: suite, updates and security, as far as this machine has them.
    let lines: [String]

    /// - Parameter targets: what `indextargets` printed: site, repository and release of each, parted by blanks.
    init?(targets: String) {
        var lines: [String] = []
        var base: (mirror: String, suite: String)?
        for line in targets.split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            guard fields.count == 3, fields[2] == "main" else { continue }
            let archive = fields[0].hasSuffix("/") ? String(fields[0].dropLast()) : fields[0]
            guard archive.hasSuffix("/debian") || archive.hasSuffix("/debian-security") else { continue }
            let text = "deb \(archive) \(fields[1]) main"
            if !lines.contains(text) { lines.append(text) }
            // `bookworm-updates` and `bookworm-security` are additions to a suite, not suites one can install from
            if base == nil, archive.hasSuffix("/debian"), !fields[1].contains("-") { base = (archive, fields[1]) }
        }
        guard let base else { return nil }
        (mirror, suite) = base
        self.lines = lines
    }

    static func ofThisMachine() async throws(LabError) -> PackageSource {
        let command = [
            "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages",
        ]
        // 50 ms, but apt may have to read its lists anew first: 35 s were seen on an emulated machine
        let result = try await Subprocess(arguments: command, deadline: .seconds(120)).run()
        guard let source = PackageSource(targets: result.output) else {
            throw LabError(
                .refused, "lab",
                "this machine's apt (`apt-get indextargets`) names no Debian archive to make hosts from",
                hint: "add a line `deb <mirror>/debian <suite> main` to its sources")
        }
        return source
    }
}
