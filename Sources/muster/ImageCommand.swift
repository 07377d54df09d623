// `muster image`: the control plane's image, made from this very executable.
import ArgumentParser
import ControlPlaneImage
import FleetModel
import FleetReconciler
import Glibc

struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Make the control plane's image from this executable, as `docker load` takes it.",
        discussion: "Example: muster image --into .")

    @Option(help: "The folder to write it into.") var into = "."

    @Flag(help: "Print what is inside as JSON.") var json = false

    func run() throws {
        let report = try ImageRecipe.running().report(into: into)
        if json { try Console.json(report) } else { Console.line("\(report)") }
    }
}

/// The image of the running executable.
enum ImageFile {
    static func reference() throws(FleetProblem) -> String { try ImageRecipe.running().reference() }
}

/// Makes the archive when a host asks for it, once a run.
struct RecipeImageSource: ImageSource {
    let folder: String
    var packing = ArchivePacking.gzip

    func archive(of reference: String) async throws(FleetProblem) -> String {
        let report = try await Self.single.report(into: folder, packing)
        if report.reference == reference { return report.path }
        throw FleetProblem(
            .refused, "image-changed", subject: "image `\(reference)`",
            "this `muster` makes another one, `\(report.reference)`", hint: "plan again with this `muster`")
    }

    /// An archive takes seconds to make, and the first engine longer to come: made beside it, it is there when a host
    /// asks for it. What fails here is told then.
    func prepare(for plan: Plan) {
        let loaded = plan.steps.lazy.compactMap { step -> String? in
            if case .loadImage(let reference) = step.action { reference } else { nil }
        }
        guard let reference = loaded.first else { return }
        Task { _ = try? await archive(of: reference) }
    }

    /// Three managers ask at once; one archive is made.
    private actor Single {
        /// By folder and packing.
        private var made: [[String]: ImageReport] = [:]

        func report(into folder: String, _ packing: ArchivePacking) throws(FleetProblem) -> ImageReport {
            let key = [folder, "\(packing)"]
            if let report = made[key], access(report.path, R_OK) == 0 { return report }
            let report = try ImageRecipe.running().report(into: folder, packing: packing)
            made[key] = report
            return report
        }
    }

    private static let single = Single()
}
