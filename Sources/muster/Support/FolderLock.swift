// Two runs on one machine must not act for the same region at once: the second is told, and stops.
import FleetLive
import FleetModel
import Glibc

/// An advisory lock on a region's folder, gone with the process.
struct FolderLock {
    private let descriptor: Int32

    init(_ folder: RegionFolder) throws(FleetProblem) {
        let path = "\(folder.path)/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw FleetProblem(
                .refused, "locked", subject: "region `\(folder.region)`",
                "another `muster` is at work on it from this machine", hint: "wait for it to end")
        }
    }

    func release() { _ = close(descriptor) }
}
