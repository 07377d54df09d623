// Files as the world leaves them: killed writers, full disks, locks, damage, other people's files, newer schemas (F40,
// F50). Each ends in a clear refusal, and none in a changed file.

import FleetModel
import Foundation
import GRDB
import Testing

@testable import InventoryStore

/// Runs SQL on a file behind the inventory's back.
func tamper(_ path: String, _ statements: String...) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { database in
        for statement in statements { try database.execute(sql: statement) }
    }
    try queue.close()
}

/// Another process as far as SQLite can tell: a connection that may hold a transaction open.
func locker(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    return try DatabaseQueue(path: path, configuration: configuration)
}

/// What opening a file ends with; nil when it opens.
func opening(_ path: String, limits: Limits = Limits()) -> FleetProblem? {
    do throws(FleetProblem) {
        try Inventory(path: path, limits: limits).close()
        return nil
    } catch {
        return error
    }
}

@Suite struct CrashTests {
    let scratch = Scratch()

    @Test("F38: killed by SIGKILL in the middle of a write → what was acknowledged is there, the rest is not")
    func killed() async throws {
        let path = scratch.path()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let inventory = try Inventory(path: path)
            try await inventory.adopt(policy: policy(), at: time(1))
            try await inventory.record(entry("a/h1", .started))
            try await inventory.write("die") { database in
                try database.execute(
                    sql: "INSERT INTO setting (key, value) VALUES ('half', 'done')")
                kill(getpid(), SIGKILL)
            }
        }
        let again = try Inventory(path: path)
        #expect(try await again.region()?.name == "lab")
        #expect(try await again.unfinishedSteps().map(\.step) == ["a/h1"])
        #expect(try await again.setting("half") == nil)
    }

    @Test(
        "F38: power lost while a large write spilled to the disk → the copy of that moment opens, whole and without it")
    func powerLost() async throws {
        let (path, copy) = (scratch.path(), scratch.path("copy.sqlite"))
        let inventory = try await inventory(in: scratch)
        try await inventory.record(entry("a/h1", .done))
        try await inventory.write("spill") { database in
            // A cache of one page forces unfinished pages into the write-ahead log.
            try database.execute(sql: "PRAGMA cache_size = 1")
            for number in 0..<500 {
                try database.execute(
                    sql: "INSERT INTO setting (key, value) VALUES (?, ?)",
                    arguments: ["\(number)", String(repeating: "x", count: 500)])
            }
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
            }
        }
        let log = try FileManager.default.attributesOfItem(atPath: copy + "-wal")[.size] as? Int
        #expect((log ?? 0) > 200_000)
        let lost = try Inventory(path: copy)
        #expect(try await lost.setting("1") == nil)
        #expect(try await lost.journal().map(\.step) == ["a/h1"])
        #expect(try await inventory.setting("499") != nil)
    }

    @Test("the writer syncs at every commit and checks references; the file is its owner's alone")
    func durable() async throws {
        let inventory = try Inventory(path: scratch.path())
        let pragmas = try await inventory.write("look") { database in
            try ["synchronous", "foreign_keys"].map { try Int.fetchOne(database, sql: "PRAGMA \($0)") }
        }
        #expect(pragmas == [2, 1])
        #expect(try await inventory.read("look") { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
        for name in ["region.sqlite", "region.sqlite-wal", "region.sqlite-shm"] {
            let mode = try FileManager.default.attributesOfItem(atPath: scratch.path(name))[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
    }
}

@Suite struct OpeningTests {
    let scratch = Scratch()

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    @Test(
        "a file of something else is refused and not changed",
        arguments: ["hello", String(repeating: "hello\n", count: 500)])
    func notSQLite(text: String) throws {
        try text.write(toFile: scratch.path(), atomically: false, encoding: .utf8)
        #expect(opening(scratch.path())?.code == "inventory-not-ours")
        #expect(try bytes(scratch.path()) == Data(text.utf8))
    }

    @Test("another program's SQLite file is refused and not changed")
    func otherSQLite() throws {
        try tamper(scratch.path(), "CREATE TABLE bookmark (id INTEGER)")
        let before = try bytes(scratch.path())
        #expect(opening(scratch.path())?.code == "inventory-not-ours")
        #expect(try bytes(scratch.path()) == before)
    }

    @Test("F40, F50: a newer schema is refused with both numbers, and not changed")
    func newer() async throws {
        try await inventory(in: scratch).close()
        try tamper(scratch.path(), "PRAGMA user_version = 99")
        let problem = opening(scratch.path())
        #expect(problem?.code == "inventory-newer" && problem?.kind == .refused)
        #expect(problem?.message == "cannot open: its schema is 99, this tool knows up to \(Schema.current)")
        try tamper(scratch.path(), "PRAGMA user_version = \(Schema.current)")
        #expect(opening(scratch.path()) == nil)
    }

    @Test("a newer tool migrates the file while this one has it open → this one may read and no longer write")
    func newerMeanwhile() async throws {
        let inventory = try await inventory(in: scratch)
        try tamper(scratch.path(), "PRAGMA user_version = 99")
        let refused = await problem { try await inventory.record(entry("a/h1", .started)) }
        #expect(refused?.code == "inventory-newer")
        #expect(try await inventory.journal().isEmpty)
    }

    @Test("F40: damage in a page is found when the file is opened")
    func corrupt() async throws {
        let inventory = try await inventory(in: scratch)
        try await inventory.record((0..<500).map { entry(StepID("s\($0)/h1"), .done) })
        try inventory.close()
        var data = try bytes(scratch.path())
        for index in stride(from: 8_192, to: data.count, by: 4_096) {
            data.replaceSubrange(index..<index + 64, with: Data(repeating: 0xA5, count: 64))
        }
        try data.write(to: URL(fileURLWithPath: scratch.path()))
        let problem = opening(scratch.path())
        #expect(problem?.code == "inventory-corrupt" && problem?.kind == .broken)
    }

    @Test("a file that was cut in half is found when it is opened")
    func truncated() async throws {
        let inventory = try await inventory(in: scratch)
        try await inventory.record((0..<500).map { entry(StepID("s\($0)/h1"), .done) })
        try inventory.close()
        let data = try bytes(scratch.path())
        try data.prefix(data.count / 2).write(to: URL(fileURLWithPath: scratch.path()))
        #expect(opening(scratch.path())?.code == "inventory-corrupt")
    }

    @Test("F40: another process holds the file's lock → unavailable, after the time-out, at opening and at writing")
    func locked() async throws {
        let limits = Limits(busyTimeout: .milliseconds(50))
        let inventory = try Inventory(path: scratch.path(), limits: limits)
        let other = try locker(scratch.path())
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let refused = await problem { try await inventory.setSetting("a", value: "b") }
        #expect(refused?.code == "inventory-locked" && refused?.kind == .unavailable)
        #expect(try await inventory.setting("a") == nil)
        #expect(opening(scratch.path(), limits: limits)?.code == "inventory-locked")
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await inventory.setSetting("a", value: "b")
    }

    @Test("F40: the disk is full → said so, nothing half-written, and what was there stays readable")
    func full() async throws {
        try await inventory(in: scratch).close()
        let inventory = try Inventory(path: scratch.path(), limits: Limits(maximumPages: 60))
        let large = String(repeating: "x", count: 400_000)
        let refused = await problem { try await inventory.setSetting("large", value: large) }
        #expect(refused?.code == "inventory-disk-full" && refused?.kind == .failed)
        #expect(try await inventory.setting("large") == nil)
        #expect(try await inventory.region()?.name == "lab")
        try await inventory.setSetting("small", value: "x")
    }

    @Test("a folder that is absent or cannot be written, a path that is a folder")
    func places() throws {
        let absent = opening(scratch.path("absent/region.sqlite"))
        #expect(absent?.code == "inventory-unwritable" && absent?.cause == "No such file or directory")
        // Nobody can make files there, root included.
        #expect(opening("/sys/region.sqlite")?.code == "inventory-unwritable")
        #expect(opening(scratch.folder)?.code == "inventory-unopened")
    }

    @Test("two open the same new file at once → both get the same schema")
    func openedTwice() async throws {
        let path = scratch.path()
        let problems = await withTaskGroup(of: FleetProblem?.self) { group in
            for _ in 0..<6 { group.addTask { opening(path) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(problems.compactMap { $0 } == [])
        try Inventory.verify(path: path)
    }

    @Test("a closed inventory says so")
    func closed() async throws {
        let inventory = try await inventory(in: scratch)
        try inventory.close()
        #expect(await problem { _ = try await inventory.region() }?.code == "inventory-closed")
        #expect(await problem { try await inventory.pause() }?.code == "inventory-closed")
    }
}
