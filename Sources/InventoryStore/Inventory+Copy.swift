// Copies of a whole inventory, for hand off, sealed copies and restore: one file, complete, proved before it is used.

package import FleetModel
import GRDB
import Glibc

extension Inventory {
    /// Writes a consistent copy as one file without a write-ahead log, while others go on reading. The copy appears
    /// under its name only when it is whole and on the disk; a file that is there already is replaced.
    package func export(to destination: String) async throws(FleetProblem) {
        let temporary = destination + ".part"
        unlink(temporary)
        try Self.createPrivate(temporary)
        do {
            try await vacuum(into: temporary)
            try Self.makeDurable(temporary, as: destination)
        } catch {
            unlink(temporary)
            throw InventoryProblem.from(error, path: destination, doing: "write a copy")
        }
    }

    /// Like `write`, to its end even when the task is cancelled, but outside of a transaction, as VACUUM needs it.
    private func vacuum(into file: String) async throws {
        let result: Result<Void, any Error> = await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { database in
                let copied = Result { try database.execute(sql: "VACUUM INTO ?", arguments: [file]) }
                continuation.resume(returning: copied)
            }
        }
        try result.get()
    }

    /// Proves that a file is an inventory that this tool can open: every page, every reference, every table as
    /// expected. Changes nothing. Returns the region that it holds; nil when it holds none yet.
    @discardableResult
    package static func verify(path: String) throws(FleetProblem) -> RegionRecord? {
        var configuration = Configuration()
        configuration.readonly = true
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            return try queue.read { database in
                try Schema.check(database, path: path)
                try checkWhole(database, path: path)
                return try RegionRow.fetch(database)
            }
        } catch {
            throw InventoryProblem.from(error, path: path, doing: "verify")
        }
    }

    private static func checkWhole(_ database: Database, path: String) throws {
        // Ten findings are enough to know; SQLite's own bound is 100.
        let findings = try String.fetchAll(database, sql: "PRAGMA integrity_check(10)")
        if findings != ["ok"] { throw InventoryProblem.corrupt(path, cause: findings.joined(separator: "\n")) }
        guard try Schema.text(database) == Schema.expectedText() else { throw InventoryProblem.otherSchema(path) }
        let dangling = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").count
        if dangling > 0 { throw InventoryProblem.danglingRows(path, count: dangling) }
    }

    /// SQLite does not sync what VACUUM INTO writes.
    private static func makeDurable(_ temporary: String, as destination: String) throws(FleetProblem) {
        let folder = destination.lastIndex(of: "/").map { String(destination[...$0]) } ?? "."
        try sync(temporary, flags: O_RDWR)
        guard rename(temporary, destination) == 0 else {
            throw InventoryProblem.cannotCreate(destination, cause: String(cString: strerror(errno)))
        }
        try sync(folder, flags: O_RDONLY | O_DIRECTORY)
    }

    private static func sync(_ path: String, flags: Int32) throws(FleetProblem) {
        let descriptor = open(path, flags | O_CLOEXEC)
        defer { if descriptor >= 0 { Glibc.close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw InventoryProblem.cannotCreate(path, cause: String(cString: strerror(errno)))
        }
    }
}

extension Schema {
    /// What a file of this tool must look like: the migrations run on an empty database in memory.
    static func expectedText() throws -> String {
        let queue = try DatabaseQueue()
        return try queue.writeWithoutTransaction { database in
            try migrate(database, path: ":memory:")
            return try text(database)
        }
    }
}
