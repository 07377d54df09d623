// Which shared libraries a program needs is asked of the loader that will load them, in its tracing mode (what `ldd`
// does): it alone knows its caches, run paths and symbolic links, and it does not run the program.
import FleetModel

/// A library of this machine and its place in the image.
struct SharedLibrary: Hashable, Sendable {
    let file: ELFFile
    /// Where the loader finds it in the image, under the name that programs ask for.
    let imagePath: String

    /// For libraries that lie outside the folders that every loader searches, such as the Swift runtime; the image's
    /// `LD_LIBRARY_PATH` names it. The folder of the machine that built them is nobody's business.
    static let privateFolder = "/usr/local/lib/muster"

    /// Everything that `program` needs, the loader included, in the order of their paths. Empty if it needs nothing.
    static func all(neededBy program: ELFFile) throws(FleetProblem) -> [SharedLibrary] {
        guard let loader = program.interpreter else { return [] }
        let trace = try trace(program, with: loader)
        let missing = trace.compactMap { if case .missing(let name) = $0 { name } else { nil } }
        guard missing.isEmpty else { throw missingProblem(missing, program.path) }
        var all = [SharedLibrary(file: try ELFFile(loader), imagePath: loader)]
        for case .found(let name, let path) in trace where baseName(name) != baseName(loader) {
            all.append(SharedLibrary(file: try ELFFile(path), imagePath: place(name, foundAt: path, program)))
        }
        return all.sorted { $0.imagePath < $1.imagePath }
    }

    private static func trace(_ program: ELFFile, with loader: String) throws(FleetProblem) -> [LoaderTrace.Line] {
        let path = program.path.contains("/") ? program.path : "./" + program.path
        let run = try CapturedRun(
            [loader, path], setting: ["LD_TRACE_LOADED_OBJECTS": "1", "LC_ALL": "C"],
            unsetting: ["LD_PRELOAD", "LD_AUDIT", "LD_DEBUG", "LD_VERBOSE"])
        guard run.status == 0 else {
            throw FleetProblem(
                .failed, "libraries-unlisted", subject: "image",
                "the loader `\(loader)` could not list the libraries of `\(program.path)`", cause: run.output,
                hint: "run `ldd \(program.path)`; make the image on a machine that can run this program")
        }
        return LoaderTrace.lines(run.output)
    }

    /// Where a loader without a cache searches by itself, the machine's own (Debian's) and the general ones.
    private static func searchedFolders(_ architecture: String) -> [String] {
        let triplet = architecture == "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu"
        return ["/lib/\(triplet)", "/usr/lib/\(triplet)", "/lib64", "/usr/lib64", "/lib", "/usr/lib"]
    }

    private static func place(_ name: String, foundAt path: String, _ program: ELFFile) -> String {
        if name.hasPrefix("/") { return name }
        let folder = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
        return (searchedFolders(program.architecture).contains(folder) ? folder : privateFolder) + "/" + name
    }

    private static func baseName(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }

    private static func missingProblem(_ names: [String], _ program: String) -> FleetProblem {
        FleetProblem(
            .failed, "library-missing", subject: "image",
            "`\(program)` needs " + names.map { "`\($0)`" }.joined(separator: ", ")
                + ", which this machine's loader does not find",
            hint: "install the package that holds it, or name its folder in LD_LIBRARY_PATH")
    }
}

/// What a loader prints in its tracing mode.
enum LoaderTrace {
    enum Line: Hashable {
        case found(name: String, path: String)
        case missing(name: String)
    }

    /// The libraries that the text names; the kernel's own (`linux-vdso.so.1`, no file) are left out.
    static func lines(_ text: String) -> [Line] {
        text.split(separator: "\n").compactMap { line(String($0.drop { $0 == "\t" || $0 == " " })) }
    }

    private static func line(_ text: String) -> Line? {
        let parts = halves(text)
        guard let target = parts.target else {
            return parts.name.hasPrefix("/")
                ? .found(name: withoutAddress(parts.name), path: withoutAddress(parts.name)) : nil
        }
        if target == "not found" { return .missing(name: parts.name) }
        let path = withoutAddress(target)
        return path.hasPrefix("/") ? .found(name: parts.name, path: path) : nil
    }

    /// `name => target`; paths may hold spaces, so the arrow is looked for with its own.
    private static func halves(_ text: String) -> (name: String, target: String?) {
        let characters = Array(text)
        let arrow = Array(" => ")
        for start in characters.indices where characters[start...].starts(with: arrow) {
            return (String(characters[..<start]), String(characters[(start + arrow.count)...]))
        }
        return (text, nil)
    }

    /// Without the ` (0x00007f…)` at the end.
    private static func withoutAddress(_ text: String) -> String {
        guard text.hasSuffix(")"), let open = text.lastIndex(of: "("), open > text.startIndex else { return text }
        return String(text[..<text.index(before: open)])
    }
}
