// The schema of an inventory file: which number it has, how it moves forward, and what refuses to go on. A newer schema
// is never opened by an older tool (F40, F50), not even when the file was migrated while the tool had it open.

import GRDB
import InventoryData

enum Schema {
    /// The number of the newest migration, kept in the file as SQLite's `user_version`. A change of the meaning of a
    /// stored JSON value is a migration too, so that older tools stay away from it.
    static var current: Int { inventoryMigrations.count }

    /// SQLite's `application_id` of our files: "Mstr" in ASCII. Tells an inventory from any other SQLite file.
    static let applicationID = 0x4D73_7472

    /// Refuses files that are not ours, are damaged or are newer; runs before the first write to a file.
    static func check(_ database: Database, path: String) throws {
        let (id, version) = (try number(database, "application_id"), try number(database, "user_version"))
        let isEmpty = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") == 0
        guard id == applicationID || (id == 0 && version == 0 && isEmpty) else {
            throw InventoryProblem.notAnInventory(path)
        }
        try checkVersion(database, path: path)
        // Stops at the first finding: it decides about opening only, `verify` reports all.
        if let finding = try String.fetchOne(database, sql: "PRAGMA quick_check(1)"), finding != "ok" {
            throw InventoryProblem.corrupt(path, cause: finding)
        }
    }

    /// Refuses a newer schema. Cheap (one page that is in memory anyway), so every write asks.
    static func checkVersion(_ database: Database, path: String) throws {
        let version = try number(database, "user_version")
        if version > current { throw InventoryProblem.newerSchema(path, version: version, current: current) }
    }

    /// Runs the migrations that the file does not have yet, each in a transaction of its own.
    static func migrate(_ database: Database, path: String) throws {
        for (index, migration) in inventoryMigrations.enumerated() {
            try database.inTransaction(.immediate) {
                // Read again inside: another process may have migrated while this one waited for the lock.
                if try number(database, "user_version") <= index {
                    try database.execute(sql: String(decoding: migration.sql, as: UTF8.self))
                    try database.execute(sql: "PRAGMA application_id = \(applicationID)")
                    try database.execute(sql: "PRAGMA user_version = \(index + 1)")
                }
                return .commit
            }
        }
    }

    /// The statements that make this schema, in one text, by kind and name; what `inventory/schema.sql` holds.
    static func text(_ database: Database) throws -> String {
        let sql = """
            SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
            ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, name
            """
        return try String.fetchAll(database, sql: sql).map { $0 + ";\n" }.joined(separator: "\n")
    }

    private static func number(_ database: Database, _ pragma: String) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA \(pragma)") ?? 0
    }
}
