// The manifest of a region as others use it: text or file in, policy or all its problems out.

package import FleetModel

/// What people write about a region, in YAML. docs/manifest.md explains every key.
package enum Manifest {
    /// The policy that a text describes. `file` is its name in problems, and relative paths in the manifest start at
    /// its folder; `environment` holds the variables that `${NAME}` may name. Throws all problems at once, each with
    /// its line, in order; every one is `.rejected`.
    package static func policy(
        fromYAML text: String, file: String, environment: [String: String]
    ) throws(FleetProblems) -> FleetPolicy {
        let context = Context(file: file, environment: environment)
        let tree = YAMLReader(context: context).tree(text)
        guard let policy = tree.flatMap({ PolicyReader(context: context).policy($0) }), !context.hasProblems else {
            throw context.problems
        }
        return policy
    }

    /// The policy that a file describes. Throws what is wrong with the file, or all problems of the manifest.
    package static func policy(
        at path: String, environment: [String: String]
    ) throws(FleetProblems) -> FleetPolicy {
        let bytes = try read(path)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let line = 1 + bytes.prefix(while: { $0 < 0x80 }).count { $0 == UInt8(ascii: "\n") }
            throw problem(path, "the file is not UTF-8: look at line \(line) or below")
        }
        return try policy(fromYAML: text, file: path, environment: environment)
    }

    private static func read(_ path: String) throws(FleetProblems) -> [UInt8] {
        do { return try ManifestFileBytes.read(path) } catch {
            throw problem(path, error.isOpen ? "cannot read the manifest" : "cannot open the manifest", error.reason)
        }
    }

    private static func problem(_ path: String, _ message: String, _ cause: String? = nil) -> FleetProblems {
        FleetProblems([
            FleetProblem(
                .rejected, ManifestCode.file.rawValue, subject: path, message, cause: cause,
                hint: "name a manifest like those in bootstrap/regions/")
        ])
    }
}
