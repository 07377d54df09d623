// F49: whatever a run writes, says or throws is scanned for its secrets, on good runs and bad ones.
import FleetModel
import FleetPlanner
import FleetReconciler
import Foundation
import Testing

@Suite("No secret in any output") struct SecretScan {
    private static let secrets = [
        "PRIVATE-region-key", "PRIVATE-ca-key", FakeHosts.workerToken, FakeHosts.managerToken,
        Data("PRIVATE-region-key".utf8).base64EncodedString(), Data("PRIVATE-ca-key".utf8).base64EncodedString(),
    ]

    /// Far ends that echo what they were sent.
    private static let echoes: [(String, Fault)] = [
        ("join-swarm/h4", .fails(code: "swarm-join", text: "token \(FakeHosts.workerToken) is refused")),
        ("join-swarm/h4", .silent(status: 2, errors: "sh: 3: Syntax error near \(FakeHosts.workerToken)")),
        (
            "start-control-plane/h1",
            .fails(
                code: "make-secret",
                text: "muster-eu1-ca-key: bad \(Data("PRIVATE-ca-key".utf8).base64EncodedString())")
        ),
        ("join-swarm/h4", .lostAfter), ("install-engine/h4", .fails(code: "package-install", text: "broken")),
    ]

    @Test("F49: journal, progress, report, errors, arguments: none holds a secret", arguments: 0...echoes.count)
    func scan(number: Int) async throws {
        let bench = Bench()
        if number > 0 { bench.hosts.on(Self.echoes[number - 1].0, Self.echoes[number - 1].1) }
        let (plan, seen) = await bench.plan()
        let report = try await bench.run(plan, seen)
        let texts = try outputs(bench, plan, report)
        for text in texts { for secret in Self.secrets { #expect(!text.contains(secret)) } }
        #expect(texts.contains { $0.contains("join-swarm/h4") }, "the scan looks at something")
        #expect(bench.logs.withLock { $0.contains { $0.contains("token \(Secret.dots)") } }, "a host's log has the act")
    }

    private func outputs(_ bench: Bench, _ plan: Plan, _ report: ApplyReport) throws -> [String] {
        var dumped = ""
        dump(report, to: &dumped)
        dump(Bench.secrets, to: &dumped)
        let journal = bench.store.entries.withLock { $0 }
        let rendering = StepRendering(region: "eu1", secrets: Bench.secrets)
        return [
            dumped, String(decoding: try JSONEncoder().encode(plan), as: UTF8.self),
            String(decoding: try JSONEncoder().encode(journal), as: UTF8.self), "\(report)", "\(plan)",
            report.failures.values.map(\.description).joined(),
            bench.progress.withLock { $0.joined() }, bench.logs.withLock { $0.joined(separator: "\n") },
            bench.hosts.state.withLock { $0.arguments.joined(separator: " ") },
            plan.steps.map { rendering.shown($0, nodes: [:]) }.joined(),
            plan.steps.map {
                "\(String(describing: rendering.act(of: $0, nodes: [:], token: Secret(FakeHosts.workerToken))))"
            }.joined(),
        ]
    }

    @Test("the name of the secret that could not be made is still told")
    func nameStays() async throws {
        let bench = Bench()
        bench.hosts.on(Self.echoes[2].0, Self.echoes[2].1)
        let report = try await bench.up()
        let text = try #require(report.failure("start-control-plane/eu1")?.description)
        #expect(text.contains("muster-eu1-ca-key: bad \(Secret.dots)"))
    }
}
