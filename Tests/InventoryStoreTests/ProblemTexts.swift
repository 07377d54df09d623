// Every problem of an inventory once, for the golden file that is read as prose.

import FleetModel
import GRDB
import InventoryData

@testable import InventoryStore

let embeddedMigrations = inventoryMigrations

enum ProblemTexts {
    private static let path = "/var/lib/muster/lab.sqlite"

    static var all: [FleetProblem] { files + conflicts + causes }

    private static var files: [FleetProblem] {
        [
            InventoryProblem.notAnInventory(path),
            InventoryProblem.corrupt(path, cause: "Tree 4 page 7: btreeInitPage() returns error code 11"),
            InventoryProblem.newerSchema(path, version: 4, current: 1),
            InventoryProblem.otherSchema(path),
            InventoryProblem.danglingRows(path, count: 2),
            InventoryProblem.unreadable(path, what: "a row", cause: "key `region` not found"),
            InventoryProblem.cannotCreate(path, cause: "No such file or directory"),
            InventoryProblem.closed(path),
        ]
    }

    private static var conflicts: [FleetProblem] {
        [
            InventoryProblem.noRegion(path),
            InventoryProblem.otherRegion(path, held: "lab", asked: "eu1"),
            InventoryProblem.ownedByOther(
                "lab", present: Ownership(owner: .controlPlane, epoch: 2), since: time(1_800_000_000), expected: 1),
            InventoryProblem.targetConflict("lab", made: blueprint(3), present: 4),
            InventoryProblem.leased(
                "lab", by: RunLease(run: "r-3", plan: "p-1", holder: "ann", epoch: 2, since: time(1))),
            InventoryProblem.noRun("r-9"),
            InventoryProblem.planExists("p1"),
            InventoryProblem.hostConflict("h1", expected: 2, present: 3),
            InventoryProblem.noHost("h9"),
            InventoryProblem.hostKeyPinned("h1", present: "SHA256:a", since: time(1_800_000_000)),
            InventoryProblem.tokenExists("ci"),
            InventoryProblem.noToken("ci"),
            InventoryProblem.badDigest("ci"),
        ]
    }

    /// What SQLite may say, and what becomes of it.
    private static var causes: [FleetProblem] {
        let codes: [(ResultCode, String)] = [
            (.SQLITE_BUSY, "database is locked"), (.SQLITE_LOCKED, "database table is locked"),
            (.SQLITE_FULL, "database or disk is full"), (.SQLITE_CANTOPEN, "unable to open database file"),
            (.SQLITE_READONLY, "attempt to write a readonly database"), (.SQLITE_IOERR, "disk I/O error"),
            (.SQLITE_NOTADB, "file is not a database"), (.SQLITE_CORRUPT, "database disk image is malformed"),
        ]
        return codes.map { code, message in
            InventoryProblem.from(
                DatabaseError(resultCode: code, message: message), path: path, doing: "note step `join-swarm/h1`")
        }
    }
}
