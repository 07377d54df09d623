// A real headless Chromium for the page: what it renders, what it says on its console, how it looks, and what changes
// while it looks. It is driven through its debugging pipe (JSON ended by NUL), because the page never falls silent:
// `--dump-dom` would wait for the end of its event stream for ever.

import Crypto
import FleetModel
import Foundation
import Glibc

@testable import ControlPlane

actor Chromium {
    /// The browser of this machine; nil when there is none.
    static let installed: String? = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Whether a missing browser is a failure rather than a skip.
    static let isRequired = (ProcessInfo.processInfo.environment["MUSTER_REQUIRE"] ?? "")
        .split(separator: ",").contains("chromium")

    private let process = Process()
    private let commands: Int32
    private let replies: Int32
    private var pending = Data()
    private var answers: [Int: JSONValue] = [:]
    private var last = 0
    private var session: String?
    /// What the page wrote on its console, exceptions and refused loads included.
    private(set) var console: [String] = []

    init(_ executable: String, authority: RegionAuthority, folder: String) throws {
        let profile = folder + "/chromium-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: profile, withIntermediateDirectories: true)
        for name in ["commands", "replies"] { mkfifo("\(profile)/\(name)", 0o600) }
        // For both ways, so that neither side waits for the other to open its end.
        commands = open("\(profile)/commands", O_RDWR | O_CLOEXEC)
        replies = open("\(profile)/replies", O_RDWR | O_NONBLOCK | O_CLOEXEC)
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments =
            ["-c", "exec \"$@\" 3<\"$HOME/commands\" 4>\"$HOME/replies\"", "sh", executable]
            + Self.arguments(authority, profile)
        process.environment = ["HOME": profile, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    private static func arguments(_ authority: RegionAuthority, _ profile: String) -> [String] {
        let key = SHA256.hash(data: authority.key.publicKey.derRepresentation)
        return [
            "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--no-default-browser-check", "--hide-scrollbars", "--user-data-dir=\(profile)",
            "--ignore-certificate-errors-spki-list=\(Data(key).base64EncodedString())",
            // Nothing but this machine: a browser's own services stay silent.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "about:blank",
        ]
    }

    func close() async throws {
        _ = try? await call("Browser.close", in: nil)
        try? await eventually("chromium ends", within: .seconds(10)) { !process.isRunning }
        if process.isRunning { process.terminate() }
        Glibc.close(commands)
        Glibc.close(replies)
    }
}

extension Chromium {
    /// Sends a command and waits for its answer.
    @discardableResult
    private func call(_ method: String, _ parameters: [String: JSONValue] = [:], in session: String?) async throws
        -> JSONValue
    {
        last += 1
        let id = last
        var message: [String: JSONValue] = [
            "id": .integer(id), "method": .string(method), "params": .object(parameters),
        ]
        if let session { message["sessionId"] = .string(session) }
        let bytes = Array(JSONValue.object(message).canonicalText.utf8) + [0]
        guard write(commands, bytes, bytes.count) == bytes.count else {
            throw Self.problem("cannot be told `\(method)`")
        }
        try await eventually("chromium answers `\(method)`", within: .seconds(30)) {
            receive()
            return answers[id] != nil
        }
        let answer = answers.removeValue(forKey: id) ?? .null
        if let error = answer["error"] { throw Self.problem("refused `\(method)`: \(error.canonicalText)") }
        return answer["result"] ?? .null
    }

    private static func problem(_ message: String) -> FleetProblem {
        FleetProblem(.failed, "chromium", subject: "chromium", message)
    }

    private func receive() {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(replies, &buffer, buffer.count)
            guard count > 0 else { break }
            pending.append(contentsOf: buffer[..<count])
        }
        while let end = pending.firstIndex(of: 0) {
            let message = Data(pending[pending.startIndex..<end])
            pending = Data(pending[(end + 1)...])
            if let value = try? JSONDecoder().decode(JSONValue.self, from: message) { take(value) }
        }
    }

    private func take(_ message: JSONValue) {
        if case .integer(let id)? = message["id"] { return answers[id] = message }
        guard case .string(let method)? = message["method"], let parameters = message["params"] else { return }
        if ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"].contains(method) {
            console.append("\(method): \(parameters.canonicalText)")
        }
    }
}

extension Chromium {
    /// How a page is looked at.
    struct View: Sendable {
        var width = 1360
        var height = 1000
        var isDark = false
    }

    /// Goes to an address.
    func go(to address: String, _ view: View = View()) async throws {
        let targets = try await call("Target.getTargets", in: nil)
        guard case .array(let all)? = targets["targetInfos"],
            let page = all.first(where: { $0["type"] == .string("page") }), let target = page["targetId"],
            case .string(let session)? = try await call(
                "Target.attachToTarget", ["targetId": target, "flatten": .bool(true)], in: nil)["sessionId"]
        else { throw Self.problem("has no page") }
        self.session = session
        for domain in ["Runtime", "Log", "Page"] { try await call("\(domain).enable", in: session) }
        let scheme = JSONValue.object([
            "name": .string("prefers-color-scheme"), "value": .string(view.isDark ? "dark" : "light"),
        ])
        try await call("Emulation.setEmulatedMedia", ["features": .array([scheme])], in: session)
        try await call(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": .integer(view.width), "height": .integer(view.height), "deviceScaleFactor": .integer(1),
                "mobile": .bool(view.width < 600),
            ], in: session)
        try await call("Page.navigate", ["url": .string(address)], in: session)
    }

    /// The value of a script in the page, as text.
    func evaluate(_ script: String) async throws -> String {
        let answer = try await call("Runtime.evaluate", ["expression": .string("String(\(script))")], in: session)
        guard case .string(let text)? = answer["result"]?["value"] else { return "" }
        return text
    }

    func text() async throws -> String { try await evaluate("document.documentElement.outerHTML") }

    func waitFor(_ text: String) async throws {
        try await eventually("the page shows `\(text)`") { try await self.text().contains(text) }
    }

    /// A picture of the whole page.
    func picture() async throws -> Data {
        let size = try await call("Page.getLayoutMetrics", in: session)["cssContentSize"] ?? .null
        let clip = JSONValue.object([
            "x": .integer(0), "y": .integer(0), "scale": .integer(1), "width": size["width"] ?? .integer(1360),
            "height": size["height"] ?? .integer(1000),
        ])
        let answer = try await call(
            "Page.captureScreenshot", ["captureBeyondViewport": .bool(true), "clip": clip], in: session)
        guard case .string(let text)? = answer["data"], let data = Data(base64Encoded: text) else {
            throw Self.problem("made no picture")
        }
        return data
    }
}
