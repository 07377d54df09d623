// Every trouble that an inventory can have, as the problem that a person reads: one place, so that the texts are read
// together (F40). SQLite's own words are the cause, never the message.

import FleetModel
import GRDB

/// The problems of the inventory by name; each is a `FleetProblem` with a code of its own.
enum InventoryProblem {
    static func notAnInventory(_ path: String) -> FleetProblem {
        FleetProblem(
            .rejected, "inventory-not-ours", subject: "inventory `\(path)`",
            "cannot open: the file is not an inventory of Muster",
            hint: "check the path; nothing was changed in the file")
    }

    static func corrupt(_ path: String, cause: String) -> FleetProblem {
        FleetProblem(
            .broken, "inventory-corrupt", subject: "inventory `\(path)`", "cannot read: the file is damaged",
            cause: cause,
            hint: "keep the file as it is, and restore the newest copy with `muster inventory restore`")
    }

    static func newerSchema(_ path: String, version: Int, current: Int) -> FleetProblem {
        FleetProblem(
            .refused, "inventory-newer", subject: "inventory `\(path)`",
            "cannot open: its schema is \(version), this tool knows up to \(current)",
            hint: "use the version of `muster` that wrote it, or a newer one; there is no way back to an older schema")
    }

    static func otherSchema(_ path: String) -> FleetProblem {
        FleetProblem(
            .broken, "inventory-altered", subject: "inventory `\(path)`",
            "cannot trust: its tables are not those that this tool makes",
            hint: "somebody altered the file by hand; restore the newest copy with `muster inventory restore`")
    }

    static func danglingRows(_ path: String, count: Int) -> FleetProblem {
        FleetProblem(
            .broken, "inventory-corrupt", subject: "inventory `\(path)`",
            "cannot trust: \(count) rows refer to rows that do not exist",
            hint: "keep the file as it is, and restore the newest copy with `muster inventory restore`")
    }

    static func unreadable(_ path: String, what: String, cause: String) -> FleetProblem {
        FleetProblem(
            .broken, "inventory-unreadable", subject: "inventory `\(path)`",
            "cannot read \(what): the stored value is not what this tool writes", cause: cause,
            hint: "keep the file as it is, and restore the newest copy with `muster inventory restore`")
    }

    static func cannotCreate(_ path: String, cause: String) -> FleetProblem {
        FleetProblem(
            .failed, "inventory-unwritable", subject: "inventory `\(path)`", "cannot create the file", cause: cause,
            hint: "make the folder and let this user write in it, or name another path")
    }

    static func closed(_ path: String) -> FleetProblem {
        FleetProblem(
            .broken, "inventory-closed", subject: "inventory `\(path)`", "cannot go on: it was closed before",
            hint: "this is a mistake in Muster; please report it")
    }

    static func noRegion(_ path: String) -> FleetProblem {
        FleetProblem(
            .refused, "inventory-empty", subject: "inventory `\(path)`", "cannot go on: it holds no region yet",
            hint: "adopt a region first: `muster up REGION.yaml` does")
    }

    static func otherRegion(_ path: String, held: RegionID, asked: RegionID) -> FleetProblem {
        FleetProblem(
            .refused, "inventory-other-region", subject: "inventory `\(path)`",
            "cannot take region `\(asked)`: it holds region `\(held)`",
            hint: "one file holds one region; use another file for `\(asked)`")
    }

    static func ownedByOther(_ region: RegionID, present: Ownership, since: Timestamp, expected: Int) -> FleetProblem {
        FleetProblem(
            .refused, "owner-conflict", subject: "region `\(region)`",
            "cannot hand over: epoch \(expected) was expected, `\(present.owner.rawValue)` holds it in epoch "
                + "\(present.epoch) since \(since)",
            hint: "look at `muster status`, then ask again")
    }

    static func targetConflict(_ region: RegionID, made: Blueprint, present: Int) -> FleetProblem {
        FleetProblem(
            .refused, "blueprint-conflict", subject: "region `\(region)`",
            "cannot set blueprint \(made.generation) as the target: it was made from \(made.parent), "
                + "the target is \(present) now",
            hint: "plan again from what is there now")
    }

    static func leased(_ region: RegionID, by lease: RunLease) -> FleetProblem {
        FleetProblem(
            .refused, "run-going-on", subject: "region `\(region)`",
            "cannot begin another run: `\(lease.holder)` began run `\(lease.run)` of plan `\(lease.plan)` at "
                + "\(lease.since), and it goes on",
            hint: "watch it with `muster runs follow`, or end it with `muster runs cancel`")
    }

    static func noRun(_ run: RunID) -> FleetProblem {
        FleetProblem(
            .rejected, "run-unknown", subject: "run `\(run)`", "there is no such run that goes on",
            hint: "`muster runs` names them")
    }

    static func planExists(_ id: PlanID) -> FleetProblem {
        FleetProblem(
            .refused, "plan-exists", subject: "plan `\(id)`", "cannot save: another plan has this id already",
            hint: "give it an id of its own")
    }

    static func hostConflict(_ host: HostID, expected: Int, present: Int) -> FleetProblem {
        FleetProblem(
            .refused, "host-conflict", subject: "host `\(host)`",
            "cannot update: generation \(expected) was expected, it is \(present) now",
            hint: "somebody changed it in between; read it again")
    }

    static func noHost(_ host: HostID) -> FleetProblem {
        FleetProblem(
            .rejected, "host-unknown", subject: "host `\(host)`", "cannot update: the inventory has no such host",
            hint: "`muster hosts list` names those it has")
    }

    static func hostKeyPinned(_ host: HostID, present: String, since: Timestamp) -> FleetProblem {
        FleetProblem(
            .refused, "host-key-pinned", subject: "host `\(host)`",
            "cannot pin its key: `\(present)` is pinned since \(since)",
            hint: "when the host was really installed anew, say so with `muster hosts trust \(host)`")
    }

    static func tokenExists(_ name: String) -> FleetProblem {
        FleetProblem(
            .refused, "token-exists", subject: "token `\(name)`", "cannot add: the name or the token is in use",
            hint: "revoke it first, or choose another name")
    }

    static func noToken(_ name: String) -> FleetProblem {
        FleetProblem(
            .rejected, "token-unknown", subject: "token `\(name)`", "cannot revoke: no living token has this name",
            hint: "`muster token list` names them")
    }

    static func badDigest(_ name: String) -> FleetProblem {
        FleetProblem(
            .broken, "token-digest", subject: "token `\(name)`",
            "cannot add: its digest is not 64 lower-case hexadecimal digits",
            hint: "this is a mistake in Muster; please report it")
    }
}

extension InventoryProblem {
    /// What SQLite says, in our words. `doing` ends the sentence "cannot …".
    static func from(_ error: any Error, path: String, doing: String) -> FleetProblem {
        if let problem = error as? FleetProblem { return problem }
        guard let error = error as? DatabaseError else {
            return unreadable(path, what: "a row while it should \(doing)", cause: "\(error)")
        }
        let cause = error.message ?? "\(error.resultCode)"
        return switch error.resultCode {
        case .SQLITE_NOTADB: notAnInventory(path)
        case .SQLITE_CORRUPT: corrupt(path, cause: cause)
        case .SQLITE_MISUSE: closed(path)
        case .SQLITE_BUSY, .SQLITE_LOCKED: locked(path, doing: doing, cause: cause)
        case .SQLITE_FULL: diskFull(path, doing: doing, cause: cause)
        case .SQLITE_CANTOPEN: cannotOpen(path, doing: doing, cause: cause)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            unwritable(path, doing: doing, cause: cause)
        default: failed(path, doing: doing, cause: "\(cause) (SQLite \(error.extendedResultCode.rawValue))")
        }
    }

    private static func locked(_ path: String, doing: String, cause: String) -> FleetProblem {
        FleetProblem(
            .unavailable, "inventory-locked", subject: "inventory `\(path)`",
            "cannot \(doing): another process holds its lock", cause: cause,
            hint: "`fuser \(path)` names who has it open; try again when that has ended")
    }

    private static func diskFull(_ path: String, doing: String, cause: String) -> FleetProblem {
        FleetProblem(
            .failed, "inventory-disk-full", subject: "inventory `\(path)`",
            "cannot \(doing): there is no space left; nothing of it was written", cause: cause,
            hint: "make room on its file system (`df` shows it), then repeat")
    }

    private static func cannotOpen(_ path: String, doing: String, cause: String) -> FleetProblem {
        FleetProblem(
            .failed, "inventory-unopened", subject: "inventory `\(path)`",
            "cannot \(doing): the file, or one that SQLite keeps beside it, cannot be opened", cause: cause,
            hint: "check that the path names a file in a folder that this user can write")
    }

    private static func unwritable(_ path: String, doing: String, cause: String) -> FleetProblem {
        FleetProblem(
            .failed, "inventory-unwritable", subject: "inventory `\(path)`",
            "cannot \(doing): the file or its folder cannot be written", cause: cause,
            hint: "let this user write the file and create files beside it, or name another path")
    }

    private static func failed(_ path: String, doing: String, cause: String) -> FleetProblem {
        FleetProblem(
            .failed, "inventory-failed", subject: "inventory `\(path)`", "cannot \(doing)", cause: cause,
            hint: "look at the disk and its file system, then repeat")
    }
}
