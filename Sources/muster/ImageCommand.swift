// `muster image`: the control plane's image, made from this very executable.
import ArgumentParser
import ControlPlaneImage
import FleetLive
import FleetModel
import FleetReconciler
import Foundation

struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Make the control plane's image from this executable, as `docker load` takes it.",
        discussion: "Example: muster image --into .")

    @Option(help: "The folder to write it into.") var into = "."

    func run() throws {
        let recipe = ImageRecipe(executable: ImageFile.executable)
        let path = try recipe.archive(into: into)
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        Console.line("\(try recipe.reference())  \(path)  \(size / 1_048_576) MiB compressed")
    }
}

/// The image of the running executable.
enum ImageFile {
    static let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"

    static func reference() throws(FleetProblem) -> String { try ImageRecipe(executable: executable).reference() }
}

/// Makes the archive when a host asks for it, once a machine.
struct RecipeImageSource: ImageSource {
    let folder: String

    func archive(of reference: String) async throws(FleetProblem) -> String {
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return try await Self.single.archive(into: folder)
    }

    /// Three managers ask at once; one archive is made.
    private actor Single {
        private var made: [String: String] = [:]

        func archive(into folder: String) throws(FleetProblem) -> String {
            if let path = made[folder] { return path }
            let path = try ImageRecipe(executable: ImageFile.executable).archive(into: folder)
            made[folder] = path
            return path
        }
    }

    private static let single = Single()
}
