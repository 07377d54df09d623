// Files are read in chunks and never held whole: an executable of 150 MB must not cost as much memory.
import FleetModel
import Glibc

/// Takes the next bytes of a stream; they are gone when it returns.
typealias ByteSink = (UnsafeRawBufferPointer) throws(FleetProblem) -> Void

/// 256 KiB a read: at a quarter of it system calls begin to show, at four times of it nothing is gained.
let chunkBytes = 1 << 18

func errorText(_ code: Int32) -> String { String(cString: strerror(code)) }

/// Gives an array to a sink.
func send(_ bytes: [UInt8], to sink: ByteSink) throws(FleetProblem) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(FleetProblem) in
        try sink(UnsafeRawBufferPointer(buffer))
    }
}

/// An open regular file.
final class ReadableFile {
    let path: String
    let size: Int
    private let descriptor: Int32

    init(_ path: String) throws(FleetProblem) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            size = 0
            throw Self.unreadable(path, errorText(errno))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            size = 0
            throw Self.unreadable(path, "it is no regular file")
        }
        size = Int(status.st_size)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Up to `count` bytes; fewer only at the file's end.
    func bytes(at offset: Int, count: Int) throws(FleetProblem) -> [UInt8] {
        guard offset >= 0, offset <= size else { return [] }
        var bytes: [UInt8] = []
        try stream(from: offset, to: min(offset + count, size)) { bytes += $0 }
        return bytes
    }

    /// Sends the bytes of a range in order. A file that has become shorter is a problem, not a short stream.
    func stream(from start: Int, to end: Int, _ sink: ByteSink) throws(FleetProblem) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 64)
        defer { buffer.deallocate() }
        var offset = start
        while offset < end {
            let count = pread(descriptor, buffer.baseAddress, min(buffer.count, end - offset), off_t(offset))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                throw Self.unreadable(path, count < 0 ? errorText(errno) : "it became shorter while it was read")
            }
            try sink(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += count
        }
    }

    private static func unreadable(_ path: String, _ cause: String) -> FleetProblem {
        FleetProblem(
            .rejected, "image-source-unreadable", subject: "image", "cannot read `\(path)`", cause: cause,
            hint: "check that the file is there and that this user may read it")
    }
}
