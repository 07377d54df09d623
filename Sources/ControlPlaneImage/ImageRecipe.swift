// The control plane's image, made from our own executable: what runs on the cluster is then exactly the CLI that ran
// `up`, and no engine, base image or registry is needed to make it (docs/adr/0007).
package import FleetModel
import Glibc

/// How to make an image from one executable.
package struct ImageRecipe: Sendable {
    /// The file that becomes `/usr/local/bin/muster`.
    package let executable: String

    package init(executable: String) { self.executable = executable }

    /// The recipe of the program that is running. Refused when its file was replaced since it started: the image would
    /// then be another program than the one that plans with it.
    package static func running() throws(FleetProblem) -> ImageRecipe {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard count > 0, !path.hasSuffix(" (deleted)") else {
            throw FleetProblem(
                .unavailable, "executable-replaced", subject: "image",
                "the running executable is no longer on disk, so no image can be made from it",
                cause: path, hint: "run the command again with the executable that is there now")
        }
        return ImageRecipe(executable: path)
    }

    /// `muster:` and 12 hex digits (48 bits) of a SHA-256 over the image's configuration, which holds its layer's own
    /// SHA-256: equal contents have equal references, however and wherever they were made, and another recipe, library
    /// or executable has another one. Debug information does not count. Reads the files once and writes nothing.
    package func reference() throws(FleetProblem) -> String { try contents().reference }

    /// Path of `<folder>/muster-<digits>.tar.gz`, an archive for `docker load`. One that is there already is kept if
    /// it unpacks to exactly what would be written; otherwise it is replaced in one step. Makes the folder.
    package func archive(into folder: String) throws(FleetProblem) -> String { try report(into: folder).path }

    /// Like `archive(into:)`, and tells what is in it. Plain archives end in `.tar`.
    package func report(
        into folder: String, packing: ArchivePacking = .gzip
    ) throws(FleetProblem) -> ImageReport {
        let contents = try contents()
        let name = contents.reference.map { $0 == ":" ? "-" : String($0) }.joined()
        let path = "\(folder)/\(name).\(packing.suffix)"
        try makeFolder(folder)
        let archive = PackedImage(contents: contents, packing: packing)
        var isNew = false
        if try !archive.isHeld(by: path) {
            isNew = try ArchiveFile(path: path).replace(unless: archive.isHeld, with: archive.write)
        }
        return ImageReport(
            reference: contents.reference, path: path, isNew: isNew, compressedBytes: try ReadableFile(path).size,
            layerBytes: contents.layer.byteCount, files: contents.entries.map(ImageReport.File.init),
            notes: contents.notes)
    }

    func contents() throws(FleetProblem) -> ImageContents {
        let program = try ELFFile(executable)
        let libraries = try SharedLibrary.all(neededBy: program)
        return try ImageContents(program: program, libraries: libraries)
    }

    private func makeFolder(_ path: String) throws(FleetProblem) {
        if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        guard errno == ENOENT, !parent.isEmpty else { throw folderProblem(path, errno) }
        try makeFolder(path.hasPrefix("/") ? "/" + parent : parent)
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw folderProblem(path, errno) }
    }
}

func folderProblem(_ folder: String, _ code: Int32) -> FleetProblem {
    FleetProblem(
        .rejected, "image-folder-unwritable", subject: "image", "cannot write to the folder `\(folder)`",
        cause: errorText(code), hint: "name a folder that this user may write to")
}
