// Copies for hand off and restore, and the proof that a copy is whole.

import FleetModel
import Foundation
import Testing

@testable import InventoryStore

@Suite struct CopyTests {
    let scratch = Scratch()

    private func verifying(_ path: String) -> FleetProblem? {
        do throws(FleetProblem) {
            try Inventory.verify(path: path)
            return nil
        } catch {
            return error
        }
    }

    @Test("a copy made while others write is one whole file that opens with everything acknowledged before it")
    func export() async throws {
        let (inventory, copy) = (try await inventory(in: scratch), scratch.path("copy.sqlite"))
        try await inventory.record((0..<200).map { entry(StepID("s\($0)/h1"), .done) })
        let writer = Task {
            for number in 0..<50 { try await inventory.record(entry(StepID("t\(number)/h1"), .done)) }
        }
        try await inventory.export(to: copy)
        try await writer.value
        #expect(try Inventory.verify(path: copy)?.name == "lab")
        let files = try FileManager.default.contentsOfDirectory(atPath: scratch.folder).filter { $0.hasPrefix("copy") }
        #expect(files == ["copy.sqlite"])
        #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == 0o600)
        let opened = try Inventory(path: copy)
        #expect(try await opened.journal().count >= 200)
        #expect(try await opened.targetBlueprint() == blueprint(1))
    }

    @Test("an older copy is replaced; a place that cannot be written is refused and leaves nothing")
    func replaced() async throws {
        let (inventory, copy) = (try await inventory(in: scratch), scratch.path("copy.sqlite"))
        try await inventory.export(to: copy)
        try await inventory.transferOwnership(to: .controlPlane, expecting: 1, at: time(2))
        try await inventory.export(to: copy)
        #expect(try Inventory.verify(path: copy)?.ownership == Ownership(owner: .controlPlane, epoch: 2))
        let refused = await problem { try await inventory.export(to: scratch.path("absent/copy.sqlite")) }
        #expect(refused?.code == "inventory-unwritable")
        try FileManager.default.createDirectory(atPath: scratch.path("folder/x"), withIntermediateDirectories: true)
        #expect(
            await problem { try await inventory.export(to: scratch.path("folder")) }?.code == "inventory-unwritable")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("folder.part")))
    }

    @Test("a copy whose tables were altered, or whose rows dangle, is not trusted")
    func altered() async throws {
        let (inventory, copy) = (try await inventory(in: scratch), scratch.path("copy.sqlite"))
        try await inventory.export(to: copy)
        try tamper(copy, "DROP TRIGGER event_is_never_deleted")
        #expect(verifying(copy)?.code == "inventory-altered")
        try await inventory.export(to: copy)
        try tamper(copy, "PRAGMA foreign_keys = OFF", "UPDATE region SET target_generation = 7")
        #expect(verifying(copy)?.message == "cannot trust: 1 rows refer to rows that do not exist")
        try await inventory.export(to: copy)
        try tamper(copy, "UPDATE region SET policy = '{}'")
        #expect(verifying(copy)?.code == "inventory-unreadable")
        #expect(verifying(scratch.path("absent"))?.code == "inventory-unopened")
    }
}

@Suite struct SchemaTests {
    static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
    static let data = tests + "/../../inventory"
    static let isRecording = ProcessInfo.processInfo.environment["RECORD"] == "1"

    private func hold(_ text: String, to path: String) throws {
        if Self.isRecording { return try text.write(toFile: path, atomically: true, encoding: .utf8) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }

    @Test("the migrations make the schema of inventory/schema.sql")
    func golden() throws {
        let title = "-- The schema that all migrations make together. Written by `RECORD=1 swift test`; never run.\n\n"
        try hold(title + Schema.expectedText(), to: Self.data + "/schema.sql")
    }

    @Test("every migration of the folder is in the binary, in order, byte by byte")
    func embedded() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.data + "/migrations").sorted()
        #expect(embeddedMigrations.map { $0.name + ".sql" } == names)
        for migration in embeddedMigrations {
            let path = Self.data + "/migrations/\(migration.name).sql"
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(migration.sql))
        }
    }

    @Test("every problem of an inventory reads well: the golden holds each once")
    func problems() throws {
        try hold(
            ProblemTexts.all.map { "\($0.kind) \($0.code)\n\($0)\n" }.joined(separator: "\n"),
            to: Self.tests + "/problems.txt")
    }
}
