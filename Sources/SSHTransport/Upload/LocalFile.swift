// Reads of local files without Foundation: key files, known_hosts, and the sources of uploads.
import CLibSSH2
import Glibc

enum LocalFile {
    /// The whole file, refused above `limit`.
    static func read(
        _ path: String, limit: Int, _ failure: (_ reason: String) -> SSHError
    ) throws(SSHError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw failure(SystemError.text(errno)) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            let chunk = try read(descriptor, failure)
            if chunk.isEmpty { return bytes }
            bytes += chunk
            if bytes.count > limit { throw failure("it is larger than \(limit) bytes") }
        }
    }

    private static func read(
        _ descriptor: Int32, _ failure: (_ reason: String) -> SSHError
    ) throws(SSHError) -> [UInt8] {
        var problem: Int32 = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
            var result = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            while result < 0 && errno == EINTR { result = Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
            if result < 0 { problem = errno }
            count = max(0, result)
        }
        if problem != 0 { throw failure(SystemError.text(problem)) }
        return chunk
    }
}

enum SystemError {
    /// The kernel's words in lower case, as our errors are written.
    static func text(_ number: Int32) -> String { String(cString: strerror(number)).lowercased() }
}
