// The file that `muster init` writes: every section with its sentence from the table, so that someone who sees it for
// the first time can change it; read back before it is written, so that it is never a file with errors.

package import FleetModel

extension ManifestDraft {
    /// The manifest as text. `file` is where it will lie: paths below the home folder begin with `~/` in it.
    ///
    /// - Throws: when it would not read to the same policy, which is a defect of Muster.
    package func yaml(file: String, environment: [String: String]) throws(FleetProblems) -> String {
        let text = DraftText(policy: policy, home: environment["HOME"]).text
        let read = try Manifest.policy(fromYAML: text, file: file, environment: environment)
        guard read == policy else {
            throw FleetProblems([
                FleetProblem(
                    .broken, "draft-differs", subject: file, "what would be written reads to another policy",
                    hint: "this is a defect of Muster; please report it")
            ])
        }
        return text
    }
}

/// The commented form of a policy.
private struct DraftText {
    let policy: FleetPolicy
    let home: String?

    var text: String {
        let count = policy.hosts.count
        let parts = [
            [
                "# Region `\(policy.region)`: \(count) host\(count == 1 ? "" : "s"). Written by `muster init`; look through it, "
                    + "then keep it in git.",
                "# `muster check FILE` says at once all that is still wrong. docs/manifest.md explains every key.",
                "# `${NAME}` is replaced by the variable of the environment, in every text of this file.", "",
                comment("muster"), "muster: 1", "", comment("region"),
                "region: \(Manifest.name(policy.region.rawValue))", "",
            ],
            access, ["", comment("domains")],
            ["domains: [\(policy.domains.map { Manifest.name($0.rawValue) }.joined(separator: ", "))]", ""],
            [comment("clusters"), "# \(sentence(ManifestShape.cluster["managers"]))", "clusters:"],
            policy.clusters.map(Manifest.cluster),
            ["", comment("hosts"), "# More can be said of a host: `role`, `labels`, `hostKey`, `reserve`.", "hosts:"],
            policy.hosts.map(Manifest.host), [""], optional,
        ]
        return parts.joined().joined(separator: "\n") + "\n"
    }

    private func comment(_ key: String) -> String { "# \(sentence(ManifestShape.manifest[key]))" }
    private func sentence(_ key: KeyShape) -> String { key.summary + "." }

    private var access: [String] {
        let access = policy.access
        var lines = [comment("access"), "access:", "  user: \(Manifest.text(access.user))", "  port: \(access.port)"]
        lines.append("  # \(sentence(ManifestShape.access["keyFile"]))")
        lines.append(
            access.keyFile.map { "  keyFile: \(Manifest.text(short($0)))" } ?? "  # keyFile: ~/.ssh/id_ed25519")
        if let knownHosts = access.knownHosts {
            lines += [
                "  # \(sentence(ManifestShape.access["knownHosts"]))",
                "  knownHosts: \(Manifest.text(short(knownHosts)))",
            ]
        }
        lines += ["  # \(sentence(ManifestShape.access["sudo"]))", "  sudo: \(access.sudo.rawValue)"]
        if let bastion = access.bastion {
            lines += [
                "  # \(sentence(ManifestShape.access["bastion"]))", "  bastion: {\(Manifest.bastionMembers(bastion))}",
            ]
        }
        return lines
    }

    /// `~/` for the home folder: the file may be read by others, whose homes are elsewhere.
    private func short(_ path: String) -> String {
        guard let home, home.count > 1, path.hasPrefix(home + "/") else { return path }
        return "~" + path.dropFirst(home.count)
    }

    /// What most regions never say, with its defaults, ready to be uncommented.
    private var optional: [String] {
        let defaults = [
            ("engine", Manifest.engine(EnginePolicy())), ("network", Manifest.network(NetworkPolicy())),
            ("controlPlane", Manifest.controlPlane(ControlPlanePolicy())),
            ("budgets", Manifest.budgets(BudgetPolicy())),
        ]
        return ["# The rest has defaults, which are these."]
            + defaults.flatMap { key, line in [comment(key), "# \(line)"] }
    }
}
