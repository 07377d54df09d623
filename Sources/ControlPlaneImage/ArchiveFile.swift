// The archive on disk: it is there whole or not at all, two commands that want it at once make it once, and one that is
// there is believed only after its contents were compared.
import FleetModel
import Glibc

struct ArchiveFile {
    let path: String
    /// One name for all who make this archive: the lock on it lets one work while the others wait, and what a killed
    /// one left is written over by the next.
    private var draft: String { path + ".part" }
    private var folder: String {
        (path.hasPrefix("/") ? "/" : "") + path.split(separator: "/").dropLast().joined(separator: "/")
    }

    /// Puts a new file into place. True if it did; false if, once the lock was had, another had made a valid one.
    func replace(
        unless isValid: (String) throws(FleetProblem) -> Bool,
        with fill: (@escaping ByteSink) throws(FleetProblem) -> Void
    ) throws(FleetProblem) -> Bool {
        let file = try lockedDraft()
        defer { close(file) }
        var isDone = false
        defer { if !isDone { unlink(draft) } }
        if try isValid(path) { return false }
        try fill { (bytes) throws(FleetProblem) in try self.write(bytes, to: file) }
        // Not synced: after a power cut a damaged archive is found by its contents and made again.
        guard rename(draft, path) == 0 else { throw problem(errno) }
        isDone = true
        return true
    }

    /// The draft, empty, locked, and still the file of that name.
    private func lockedDraft() throws(FleetProblem) -> Int32 {
        while true {
            let file = open(draft, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard file >= 0 else { throw folderProblem(folder, errno) }
            var held = stat()
            var named = stat()
            while flock(file, LOCK_EX) != 0 && errno == EINTR {}
            if fstat(file, &held) == 0, lstat(draft, &named) == 0, held.st_ino == named.st_ino,
                ftruncate(file, 0) == 0
            {
                return file
            }
            close(file)
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, to file: Int32) throws(FleetProblem) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw problem(errno) }
            rest = rest.dropFirst(count)
        }
    }

    private func problem(_ code: Int32) -> FleetProblem {
        let isFull = code == ENOSPC || code == EDQUOT
        return FleetProblem(
            .failed, isFull ? "disk-full" : "archive-unwritten", subject: "image", "cannot write the archive `\(path)`",
            cause: errorText(code),
            hint: isFull ? "free some 100 MB there, or name another folder" : "check the disk that holds this folder")
    }
}
