// Runs a real shell on this machine with a given stdin: what hosts do with our scripts is tried, not guessed.
import Foundation

/// One run of a program to its end.
struct LocalRun {
    var output = ""
    var errors = ""
    var status: Int32 = -1

    /// Runs `program` with `input` on its stdin; its output goes through files, so that no pipe can fill up.
    init(_ program: String, _ arguments: [String], input: Data = Data(), environment: [String: String]? = nil) throws {
        let folder = try Scratch()
        defer { folder.remove() }
        for name in ["in", "out", "err"] { try (name == "in" ? input : Data()).write(to: folder.url(name)) }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        if let environment { process.environment = environment }
        process.standardInput = try FileHandle(forReadingFrom: folder.url("in"))
        process.standardOutput = try FileHandle(forWritingTo: folder.url("out"))
        process.standardError = try FileHandle(forWritingTo: folder.url("err"))
        try process.run()
        process.waitUntilExit()
        status = process.terminationStatus
        output = String(decoding: try Data(contentsOf: folder.url("out")), as: UTF8.self)
        errors = String(decoding: try Data(contentsOf: folder.url("err")), as: UTF8.self)
    }
}

/// A folder that is gone after the test.
struct Scratch {
    let folder: URL

    init() throws {
        folder = URL.temporaryDirectory.appending(path: "muster-test-\(UInt64.random(in: 0...UInt64.max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    func url(_ name: String) -> URL { folder.appending(path: name) }
    func remove() { try? FileManager.default.removeItem(at: folder) }
}

/// The shells that scripts meet: dash is Debian's /bin/sh, bash is some others'.
let shells = ["/bin/sh", "/bin/dash", "/bin/bash"].filter { FileManager.default.isExecutableFile(atPath: $0) }
