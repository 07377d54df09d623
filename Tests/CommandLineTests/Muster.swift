// The built `muster` as a child process with a home folder of its own: what people type, and what they get.
import Foundation
import Testing

/// What a run of `muster` left.
struct Ended {
    let code: Int32
    let output: String
    let errors: String
}

/// A folder for one test, which is home, working folder and `$MUSTER_HOME`'s parent, and goes with it.
final class Workplace {
    let folder = NSTemporaryDirectory() + "muster-cli-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func write(_ text: String, to name: String) throws {
        let path = "\(folder)/\(name)"
        let parent = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    func text(_ name: String) -> String? { try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) }

    /// Runs `muster` to its end. Output goes through files: a pipe that nobody empties would stop the child.
    func muster(_ words: String..., more environment: [String: String] = [:]) throws -> Ended {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Self.binary)
        process.arguments = words
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ["HOME": folder, "MUSTER_HOME": "\(folder)/state", "PATH": "/usr/bin:/bin"]
            .merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let names = ["out", "err"].map { "\(folder)/.\($0)-\(UUID().uuidString)" }
        for name in names { _ = FileManager.default.createFile(atPath: name, contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: names[0])
        process.standardError = FileHandle(forWritingAtPath: names[1])
        try process.run()
        process.waitUntilExit()
        let texts = names.map { (try? String(contentsOfFile: $0, encoding: .utf8)) ?? "" }
        return Ended(code: process.terminationStatus, output: texts[0], errors: texts[1])
    }

    /// It lies beside the test bundle.
    static var binary: String {
        get throws {
            let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ""
            let beside = bundle.components(separatedBy: ".xctest")[0]
            let path = URL(fileURLWithPath: beside).deletingLastPathComponent().path + "/muster"
            try #require(FileManager.default.isExecutableFile(atPath: path), "`\(path)` is not built")
            return path
        }
    }
}
