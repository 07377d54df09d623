// What a reader of the report should know about the way an image came out: nothing here stops it from working here.

enum ImageNotes {
    static func all(program: ELFFile, libraries: [SharedLibrary]) -> [String] {
        var notes: [String] = []
        let cut = ([program] + libraries.map(\.file)).reduce(0) { $0 + $1.fileBytes - $1.loadedBytes }
        if cut > 1_000_000 { notes.append("symbols and debug information were left off: \(cut / 1_000_000) MB") }
        let own = libraries.filter { $0.imagePath.hasPrefix(SharedLibrary.privateFolder) }
        if own.contains(where: { $0.imagePath.contains("libswift") }) {
            let bytes = own.reduce(0) { $0 + $1.file.loadedBytes }
            notes.append(
                "the Swift runtime is linked dynamically and adds \(bytes / 1_000_000) MB; "
                    + "`swift build --static-swift-stdlib` carries only what is used")
        }
        for library in libraries where library.file.path.contains("/glibc-hwcaps/") {
            notes.append("`\(library.file.path)` is built for this machine's kind of CPU; older hosts may not run it")
        }
        return notes
    }
}
