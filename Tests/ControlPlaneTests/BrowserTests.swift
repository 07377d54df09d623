// The page in a real headless Chromium, over TLS, opened by a one-time code as `muster open` does it.
// `MUSTER_SCREENSHOTS=FOLDER` keeps pictures of it.

import FleetModel
import Foundation
import Testing

@testable import ControlPlane

@Suite(
    .serialized, .timeLimit(.minutes(4)),
    .enabled(
        if: Chromium.installed != nil || Chromium.isRequired,
        "no Chromium on this machine (apt-get install chromium); MUSTER_REQUIRE=chromium makes this a failure"))
struct BrowserTests {
    /// Runs `body` with a browser and a control plane that was handed the sample region and looked at it once.
    private func browse(
        _ body: @escaping @Sendable (Chromium, Fixture, Int, ControlPlaneServer) async throws -> Void
    ) async throws {
        let executable = try #require(Chromium.installed, "MUSTER_REQUIRE wants a Chromium and there is none")
        let fixture = try Fixture()
        let file = try await fixture.inventoryFile(events: Self.history)
        fixture.operations.change { $0.now = Surroundings.system.now() }
        try await fixture.live { port, server in
            try await eventually("it awaits") { await server.core.stage == .awaiting }
            _ = try await server.core.handOff(file)
            try await eventually("it looked") { await server.core.observed.takenAt != nil }
            let chromium = try Chromium(executable, authority: fixture.authority, folder: fixture.folder)
            do {
                try await body(chromium, fixture, port, server)
                try await chromium.close()
            } catch {
                try await chromium.close()
                throw error
            }
        }
    }

    private static func pageAddress(_ fixture: Fixture, _ port: Int) async throws -> String {
        try await fixture.with(fixture.client(port, Fixture.tokens[.viewer])) { try await $0.pageAddress().exposed }
    }

    @Test("the page shows the region and follows it: a host that is lost appears as lost, with no reload")
    func follows() async throws {
        try await browse { chromium, fixture, port, server in
            try await chromium.go(to: try await Self.pageAddress(fixture, port))
            try await chromium.waitFor("data-ready=\"yes\"")
            try await chromium.waitFor("handed off")
            let before = try await chromium.text()
            for number in 1...5 { #expect(before.contains(">eu1-0\(number)<"), "eu1-0\(number)") }
            for text in ["serving", "control", "leader"] { #expect(before.contains(text), "\(text)") }
            #expect(!before.contains("does not answer"))
            fixture.operations.change { ($0.lost, $0.steps) = ([5], [InMemoryOperations.loadStep]) }
            await server.core.observe()
            try await chromium.waitFor("does not answer")
            try await chromium.waitFor("load-image would be needed")
            #expect(try await chromium.evaluate("document.querySelectorAll('tr.lost').length") == "1")
            #expect(try await chromium.evaluate("document.cookie") == "")
            #expect(await chromium.console == [])
        }
    }

    @Test("a run that goes on is shown with how far it is, and goes from the page when it has ended")
    func run() async throws {
        try await browse { chromium, fixture, port, server in
            let steps = [4, 5].map { InMemoryOperations.loadStep($0) }
            fixture.operations.change { ($0.steps, $0.hanging) = (steps, [steps[1].id]) }
            let plan = try await server.core.makePlan(PlanWanted(), by: "operator")
            _ = try await server.core.apply(plan.id, approved: nil, by: "operator")
            try await chromium.go(to: try await Self.pageAddress(fixture, port))
            try await chromium.waitFor("1 of 2 steps")
            try await chromium.waitFor("Run r-1")
            if let folder = ProcessInfo.processInfo.environment["MUSTER_SCREENSHOTS"] {
                try await chromium.picture().write(to: URL(filePath: "\(folder)/run.png"))
            }
            fixture.operations.change { $0.hanging = [] }
            try await chromium.waitFor("run <code>r-1</code> is done")
            try await eventually("the run is gone from the page") {
                try await chromium.evaluate("document.getElementById('run').hidden") == "true"
            }
            #expect(await chromium.console == [])
        }
    }

    @Test("without a session the page says how to get one; a code opens it once")
    func signedOut() async throws {
        try await browse { chromium, fixture, port, _ in
            try await chromium.go(to: "https://127.0.0.1:\(port)/")
            try await chromium.waitFor("muster open")
            let address = try await Self.pageAddress(fixture, port)
            try await chromium.go(to: address)
            try await chromium.waitFor("data-ready=\"yes\"")
            try await chromium.go(to: address)
            try await chromium.waitFor("muster open")
        }
    }

    @Test("a host name that is markup is shown as text")
    func hostile() async throws {
        try await browse { chromium, fixture, port, server in
            try await server.core.audit("host", by: "<b>", "host `<img src=x onerror=alert(1)>`", "</script><i>odd</i>")
            try await chromium.go(to: try await Self.pageAddress(fixture, port))
            try await chromium.waitFor("&lt;img src=x")
            #expect(try await chromium.evaluate("document.querySelectorAll('img, #events script').length") == "0")
            #expect(await chromium.console == [])
        }
    }

    @Test(
        "pictures of the page, for people",
        .enabled(
            if: ProcessInfo.processInfo.environment["MUSTER_SCREENSHOTS"] != nil, "MUSTER_SCREENSHOTS names no folder"))
    func pictures() async throws {
        let folder = try #require(ProcessInfo.processInfo.environment["MUSTER_SCREENSHOTS"])
        try await browse { chromium, fixture, port, server in
            _ = try await server.core.sealedCopy()
            for (name, lost, view) in [
                ("light", [], .init()), ("dark", [5], .init(isDark: true)),
                ("narrow", [2, 3], .init(width: 420, height: 900)),
            ] as [(String, Set<Int>, Chromium.View)] {
                fixture.operations.change {
                    ($0.lost, $0.steps) = (lost, lost.isEmpty ? [] : [InMemoryOperations.loadStep])
                }
                await server.core.observe()
                try await chromium.go(to: try await Self.pageAddress(fixture, port), view)
                try await chromium.waitFor("data-ready=\"yes\"")
                try await chromium.waitFor("handed off")
                try await chromium.picture().write(to: URL(filePath: "\(folder)/\(name).png"))
            }
        }
    }

    /// What happened in a region before it was handed off.
    private static var history: [FleetEvent] {
        let now = Surroundings.system.now().secondsSinceEpoch
        let happened = [
            (5400, "token", "max", "token `ci`", "created with the role `operator`"),
            (1260, "host", "control-plane", "host `eu1-04`", "lost: no answer from `198.18.1.5:22` within 10 s"),
            (1255, "node", "control-plane", "node `eu1-04`", "is `down` in cluster `control`"),
            (1080, "host", "control-plane", "host `eu1-04`", "back: it answers again"),
            (1080, "node", "control-plane", "node `eu1-04`", "is `ready` again or gone, in cluster `control`"),
        ]
        return happened.map { age, kind, actor, subject, message in
            FleetEvent(
                at: Timestamp(secondsSinceEpoch: now - age), kind: kind, actor: actor, subject: subject,
                message: message)
        }
    }
}
