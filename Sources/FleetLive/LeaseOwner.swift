// By which name a run asks hosts for the lease: whoever it names is kept to one run at a time by a lock of his own, so
// that a lease with this name is either this run's or left by one that is dead.
package import FleetModel
import FleetReconciler
import Glibc

/// The names of those who may hold leases.
package enum LeaseOwner {
    /// Runs from this region folder, which its lock keeps apart: `ana@desk/1f0c9a2e`. A copy of the folder, on another
    /// machine or beside it, is another owner: the id covers the file's inode and not only what it says.
    package static func text(of folder: RegionFolder) throws(FleetProblem) -> String {
        if folder.text(.identity) == nil {
            try folder.write(String(UInt64.random(in: .min ... .max), radix: 16), to: .identity)
        }
        var file = stat()
        _ = stat(folder.path(of: .identity), &file)
        let id = hash("\(folder.text(.identity) ?? "") \(file.st_ino)")
        return LeaseTerms.plain("\(user)@\(machine)/\(id)")
    }

    /// The control plane of a region, of which one volume at a time serves.
    package static func controlPlane(of region: RegionID) -> String { "control-plane/\(region)" }

    private static var user: String {
        getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? String(getuid())
    }

    private static var machine: String {
        var name = utsname()
        uname(&name)
        return withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// FNV-1a, 32 bits: enough to tell the folders of one user on one machine apart.
    private static func hash(_ text: String) -> String {
        let sum = text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
