// One region's memory: a SQLite file that survives power cuts. Everything here goes through `read` and `write`, which
// turn SQLite's errors into ours and make every write one whole transaction (decision 10).

package import FleetModel
import GRDB
import Glibc

/// The inventory of one region, in one file. It may be used from any task; writes happen one after another.
package final class Inventory: Sendable {
    package let path: String
    let pool: DatabasePool
    let journalQueue = JournalQueue()

    /// Opens or creates the file, checks it and brings its schema forward.
    /// Throws when the file is not ours, damaged, newer than this tool, locked, or cannot be written.
    package convenience init(path: String) throws(FleetProblem) { try self.init(path: path, limits: Limits()) }

    init(path: String, limits: Limits) throws(FleetProblem) {
        self.path = path
        try Self.createPrivate(path)
        do {
            pool = try DatabasePool(path: path, configuration: Self.configuration(path: path, limits: limits))
            try pool.writeWithoutTransaction { database in
                // GRDB lowers it to NORMAL for WAL, which loses acknowledged commits when the power fails.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try Schema.migrate(database, path: path)
            }
        } catch {
            throw InventoryProblem.from(error, path: path, doing: "open")
        }
    }

    /// Ends all work and closes the file; the write-ahead log is folded into it. Later calls fail.
    package func close() throws(FleetProblem) {
        do { try pool.close() } catch { throw InventoryProblem.from(error, path: path, doing: "close") }
    }
}

/// The bounds of one open inventory; tests lower them.
struct Limits: Sendable {
    /// How long a write waits for another process. Ours hold the lock for milliseconds; half of this would fail on a
    /// slow disk's fsync, twice as much would only hide a process that hangs.
    var busyTimeout = Duration.seconds(5)
    /// 4 GiB in pages of 4 KiB: a hundred times what 1000 hosts need in years, and less than what fills a small disk.
    var maximumPages = 1_048_576

    /// The most rows that one query of a log gives: 1000 events are 200 KB of JSON, one answer of the API.
    static let rows = 1_000
    /// The most hosts of one region, as in the manifest.
    static let hosts = 20_000
}

extension Inventory {
    /// One IMMEDIATE transaction (GRDB's default for writes): all of `body` or nothing. It runs to its end even when
    /// the calling task is cancelled, because what must be noted most surely is how a cancelled step ended.
    func write<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(FleetProblem) -> Value {
        let path = path
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            pool.asyncWrite { database in
                try Schema.checkVersion(database, path: path)
                return try body(database)
            } completion: { _, result in
                continuation.resume(returning: result)
            }
        }
        return try unwrapped(result, doing)
    }

    /// A consistent look at the file, beside any write.
    func read<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(FleetProblem) -> Value {
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            pool.asyncRead { database in
                continuation.resume(returning: Result { try body(database.get()) })
            }
        }
        return try unwrapped(result, doing)
    }

    func unwrapped<Value>(_ result: Result<Value, any Error>, _ doing: String) throws(FleetProblem) -> Value {
        switch result {
        case .success(let value): return value
        case .failure(let error): throw InventoryProblem.from(error, path: path, doing: doing)
        }
    }
}

extension Inventory {
    private static func configuration(path: String, limits: Limits) -> Configuration {
        var configuration = Configuration()
        configuration.label = "inventory"
        configuration.busyMode = .timeout(
            Double(limits.busyTimeout.components.seconds)
                + Double(limits.busyTimeout.components.attoseconds) / 1e18)
        configuration.foreignKeysEnabled = true
        // The API's readers; each is a connection with a cache of 2 MB.
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { database in
            guard !database.configuration.readonly else { return }
            try database.execute(sql: "PRAGMA max_page_count = \(limits.maximumPages)")
            try Schema.check(database, path: path)
        }
        return configuration
    }

    /// Creates an empty file that only its owner reads: it holds digests of tokens and a map of the whole region.
    /// SQLite gives its companion files the same mode. An existing file is not even opened here, because closing it
    /// would drop the locks that this process holds on it.
    static func createPrivate(_ path: String) throws(FleetProblem) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            Glibc.close(descriptor)
        } else if errno != EEXIST {
            throw InventoryProblem.cannotCreate(path, cause: String(cString: strerror(errno)))
        }
    }
}
