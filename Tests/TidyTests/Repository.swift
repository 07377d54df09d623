// The repository as text: its files, for the rules that tidy tests hold it to.
import Foundation

/// One text file.
struct SourceFile {
    /// Relative to the top of the repository.
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var lineCount: Int { text.hasSuffix("\n") ? lines.count - 1 : lines.count }
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    /// `FleetModel` of `Sources/FleetModel/Plan.swift`.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
}

/// The checkout that this test was compiled from.
enum Repository {
    private static let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Files below `folders` whose names end in one of `endings`, in order of their paths.
    static func files(_ folders: [String], _ endings: [String]) -> [SourceFile] {
        folders.flatMap { folder -> [SourceFile] in
            let all = FileManager.default.enumerator(atPath: top.appending(path: folder).path)?.allObjects ?? []
            return all.compactMap { $0 as? String }.filter { path in endings.contains { path.hasSuffix($0) } }
                .compactMap { read(folder + "/" + $0) }
        }.sorted { $0.path < $1.path }
    }

    static func read(_ path: String) -> SourceFile? {
        guard let data = try? Data(contentsOf: top.appending(path: path)) else { return nil }
        return SourceFile(path: path, text: String(decoding: data, as: UTF8.self))
    }

    static func write(_ path: String, _ text: String) throws {
        try Data(text.utf8).write(to: top.appending(path: path))
    }

    static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: top.appending(path: folder).path)) ?? []).sorted()
    }

    static let swift = files(["Sources", "Tests", "bootstrap", "inventory", "loadtest"], [".swift"])
    static let sources = files(["Sources"], [".swift"])
    static let tests = files(["Tests"], [".swift"])
    static let texts =
        files(
            ["Sources", "Tests", "bootstrap", "inventory", "loadtest", "docs"],
            [".swift", ".sh", ".md", ".yaml", ".sql", ".json", ".txt", ".html", ".css", ".js", ".h", ".modulemap"])
        + ["Package.swift", "Makefile", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"].compactMap(read)
}
