// A folder of its own for each test, and the programs of this machine that the tests use to look at an image from
// outside: tar, sha256sum and chroot know nothing of our code.
import FleetModel
import Foundation

@testable import ControlPlaneImage

/// A folder that goes away with the last reference to it.
final class Workshop: Sendable {
    let folder: String

    init() {
        folder = FileManager.default.temporaryDirectory.path + "/muster-image-" + UUID().uuidString
        try! FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { folder + "/" + name }

    func write(_ name: String, _ text: String) -> String {
        _ = FileManager.default.createFile(atPath: path(name), contents: Data(text.utf8))
        return path(name)
    }

    /// Makes an image of `executable`, unpacks its layer and returns the root; as root, with the owners of the archive.
    func root(of executable: String) throws -> String {
        let archive = try ImageRecipe(executable: executable).archive(into: path("images"))
        try sh("mkdir -p $0/archive $0/root && tar -xzf \"$1\" -C $0/archive", folder, archive)
        let layer = try manifest()["Layers"]?.first ?? ""
        try sh("tar -xpf $0/archive/$1 --numeric-owner -C $0/root", folder, layer)
        return path("root")
    }

    /// `manifest.json` of the archive that `root(of:)` unpacked, but for its strings.
    func manifest() throws -> [String: [String]] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path("archive/manifest.json")))
        let images = try JSONSerialization.jsonObject(with: data) as? [[String: Any]] ?? []
        return images.first?.mapValues { ($0 as? [String]) ?? [($0 as? String) ?? ""] } ?? [:]
    }
}

/// A program that ended with another code than 0.
struct ProgramFailed: Error, CustomStringConvertible {
    let description: String
}

/// Runs a shell script with arguments `$0`, `$1`… and returns what it printed.
@discardableResult
func sh(_ script: String, _ arguments: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw ProgramFailed(description: "\(script): \(output)") }
    return output.trimmingCharacters(in: .whitespacesAndNewlines)
}

/// The problem that a call ends with; nil when it works.
func problem(_ body: () throws -> Void) -> FleetProblem? {
    do {
        try body()
        return nil
    } catch {
        return error as? FleetProblem
    }
}

let isRoot = geteuid() == 0
