// A local file that is to be uploaded, measured and hashed once for all the hosts that will get it.
import CLibSSH2
import Glibc

package struct SSHFile: Sendable, Equatable {
    package let path: String
    package let size: Int
    /// In hexadecimal.
    package let sha256: String
    let stamp: Stamp

    /// What changes when a file does: so that nobody has to hash it again to know that it is the one that was measured.
    struct Stamp: Sendable, Equatable {
        private let device: UInt64
        private let inode: UInt64
        private let size: Int
        private let seconds: Int
        private let nanoseconds: Int

        init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            size = Int(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }

        /// nil when the descriptor cannot be asked.
        init?(of descriptor: Int32) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return nil }
            self.init(status)
        }
    }

    /// Reads the whole file once; call it off the cooperative pool when the file is large.
    package init(path: String) throws(SSHError) {
        func failure(_ reason: String) -> SSHError {
            SSHError(subject: "file `\(path)`", .sourceUnreadable(reason: reason))
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        if descriptor < 0 { throw failure(SystemError.text(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw failure("it is not a regular file")
        }
        guard let context = muster_sha256_begin() else { throw failure("out of memory") }
        // 1 MiB: past the point where the system call shows beside the hashing.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var total = 0
        var count = read(descriptor, buffer.baseAddress, buffer.count)
        while count > 0 || (count < 0 && errno == EINTR) {
            muster_sha256_add(context, buffer.baseAddress, max(0, count))
            total += max(0, count)
            count = read(descriptor, buffer.baseAddress, buffer.count)
        }
        let problem = errno
        let digest = [UInt8](unsafeUninitializedCapacity: 32) { out, filled in
            muster_sha256_end(context, out.baseAddress!)
            filled = 32
        }
        if count < 0 { throw failure(SystemError.text(problem)) }
        guard Stamp(of: descriptor) == Stamp(status), total == Int(status.st_size) else {
            throw failure("it changed while it was read")
        }
        self.path = path
        size = total
        stamp = Stamp(status)
        sha256 = Digest.hexadecimal(digest)
    }
}
