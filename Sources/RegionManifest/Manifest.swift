// The manifest of a region as others use it: text or file in, policy or all its problems out.

package import FleetModel
import Glibc

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

    /// One byte more than is allowed is read, so that the reader can refuse the size.
    private static func read(_ path: String) throws(FleetProblems) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw problem(path, "cannot open the manifest", errno) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: YAMLReader.maximumBytes + 1)
        var count = 0
        while count < bytes.count {
            let read = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count)
            }
            if read < 0 { throw problem(path, "cannot read the manifest", errno) }
            if read == 0 { break }
            count += read
        }
        return Array(bytes.prefix(count))
    }

    private static func problem(_ path: String, _ message: String, _ code: Int32? = nil) -> FleetProblems {
        let cause = code.map { String(cString: strerror($0)) }
        return FleetProblems([
            FleetProblem(
                .rejected, ManifestCode.file.rawValue, subject: path, message, cause: cause,
                hint: "name a manifest like those in bootstrap/regions/")
        ])
    }
}
