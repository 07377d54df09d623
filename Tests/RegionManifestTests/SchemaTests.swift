// The schema says what the reader says: it takes every manifest that the reader takes, and finds unknown keys, missing
// keys and wrong types as the reader does.
import FleetModel
import Foundation
import Testing

@testable import RegionManifest

@Suite struct SchemaTests {
    private func faults(_ yaml: String) -> [String]? {
        SchemaCheck.json(yaml: yaml).map { SchemaCheck.faults($0, Manifest.schemaValue) }
    }

    @Test("bootstrap/regions/manifest.schema.json is what the reader's table gives")
    func committed() throws {
        let path = GoodManifestTests.regions + "/manifest.schema.json"
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            try Manifest.schema().write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == Manifest.schema(), "RECORD=1 writes it anew")
    }

    @Test("what the reader takes, the schema takes", arguments: ["lab.yaml", "eu1.yaml"])
    func shipped(name: String) throws {
        let text = try String(contentsOfFile: "\(GoodManifestTests.regions)/\(name)", encoding: .utf8)
        #expect(faults(text) == [])
        #expect(faults(GoodManifestTests.small) == [])
    }

    @Test("random policies, hostile texts included: the schema takes them")
    func random() {
        for seed in 0..<200 {
            var maker = PolicyMaker(random: SeededGenerator(state: UInt64(seed)))
            #expect(faults(Manifest.yaml(for: maker.policy())) == [], "seed \(seed)")
        }
    }

    @Test("nothing written, texts without quotes and variables are taken where the reader takes them")
    func lenient() {
        let text = """
            muster: 1
            region: no
            access: {user: "${WHO}", port: , sudo: ~}
            domains: [yes, 1]
            clusters: [{name: on, control: True, managers: 1}]
            hosts: [{name: "1", address: "${IP}", domain: 1, cluster: on, labels: {version: 1.20, on: off}}]
            engine:
            budgets: {failedHosts: "${MANY}"}
            """
        #expect(faults(text) == [])
    }

    @Test("every bad manifest of the table: what the schema refuses the reader refuses, and structure is found by both")
    func bad() throws {
        let structural = Set([ManifestCode.unknownKey, .missingKey, .type].map(\.rawValue))
        let (_, cases) = try BadManifestTests.table()
        var found = 0
        for item in cases {
            let text = BadManifestTests.manifest(item, base: cases[0])
            let problems = BadManifestTests.problems(text)
            guard let faults = faults(text) else { continue }
            if problems.isEmpty { #expect(faults == [], "\(item): the schema refuses what the reader takes") }
            // `manifest-missing-key` is also said of a list of clusters without a control cluster.
            let isMissing = problems.contains {
                structural.contains($0.code) && !$0.message.contains("no cluster runs")
            }
            if isMissing { #expect(faults != [], "\(item): the schema does not see it") }
            found += faults.isEmpty ? 0 : 1
        }
        #expect(found >= 10)
    }

    private static let samples = [
        "a", "a-b", "-a", "a-", "A", "", "0", "10.0.0.1", "10.0.0.256", "10.0.0", "h1.example.org", "h1.", "a..b",
        "root",
        "_x", "9x", "a b", "$", "é", "/k", "a\tb", "20.10.*", "5:20.10~3", "*", "10.0.0.0/8", "10.0.0.0/33",
        "0.0.0.0/0",
        "SHA256:" + String(repeating: "k", count: 43), "SHA256:" + String(repeating: "k", count: 42), "SHA256:",
        String(repeating: "a", count: 32), String(repeating: "a", count: 33), String(repeating: "a", count: 63),
        String(repeating: "a", count: 64), String(repeating: "9", count: 65), String(repeating: "x", count: 600),
    ]

    @Test(
        "a text that the reader takes matches the pattern of its form",
        arguments: [
            TextForm.name(atMost: 63), .name(atMost: 32), .account, .address, .path, .version, .fingerprint, .network,
            .labelValue,
        ])
    func forms(form: TextForm) {
        for sample in Self.samples where form.accepts(sample) {
            #expect(SchemaCheck.matches(sample, "^(\(form.pattern))$"), "\(form) takes `\(sample)`")
        }
        // Names, fingerprints and accounts are refused alike too: that is what people mistype.
        if case .path = form { return }
        if case .labelValue = form { return }
        for sample in ["a b", "", "é;"] { #expect(!SchemaCheck.matches(sample, "^(\(form.pattern))$"), "\(form)") }
    }

    @Test("every key of the table stands in docs/manifest.md")
    func documented() throws {
        let page = try String(contentsOfFile: GoodManifestTests.regions + "/../../docs/manifest.md", encoding: .utf8)
        for path in paths(ManifestShape.manifest, below: "") {
            #expect(page.contains("`\(path)`"), "docs/manifest.md has no row for `\(path)`")
        }
    }

    private func paths(_ shape: SectionShape, below prefix: String) -> [String] {
        shape.keys.flatMap { key -> [String] in
            switch key.value {
            case .section(let inner): paths(inner, below: "\(prefix)\(key.name).")
            case .list(.section(let inner), _): paths(inner, below: "\(prefix)\(key.name)[].")
            case .text, .number, .numbers, .word, .flag, .hostsOrShare, .list, .labels, .daemon: [prefix + key.name]
            }
        }
    }
}
