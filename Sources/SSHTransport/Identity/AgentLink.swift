// Talks to the ssh agent without blocking the loop: one socket, one request at a time, the rest wait in line.
// libssh2's own agent calls block; an agent that asks its user would stop every session of the fleet.
import CLibSSH2
import Glibc

/// The agent as one identity: the key that was named (F02).
final class AgentLink: Descriptor {
    typealias Answer = (Result<[UInt8], SSHError>) -> Void

    private struct Request {
        let bytes: [UInt8]
        let done: Answer
    }

    private let loop: EventLoop
    private let path: String
    private let fingerprint: SSHFingerprint
    private var descriptor: Int32 = -1
    private var token: UInt64 = 0
    private var waiting: [Request] = []
    private var isBusy = false
    private var isScheduled = false
    private var outgoing: ArraySlice<UInt8> = []
    private var incoming: [UInt8] = []
    private var identity: SSHPublicKey?

    init(loop: EventLoop, path: String, fingerprint: SSHFingerprint) {
        self.loop = loop
        self.path = path
        self.fingerprint = fingerprint
    }

    /// Calls back with the named key, once the agent has said that it holds it.
    func withIdentity(_ done: @escaping (Result<SSHPublicKey, SSHError>) -> Void) {
        if let identity { return done(.success(identity)) }
        ask([11]) { [self] answer in  // SSH_AGENTC_REQUEST_IDENTITIES
            switch answer {
            case .failure(let error): done(.failure(error))
            case .success(let bytes):
                guard let key = Self.keys(bytes).first(where: { $0.fingerprint == fingerprint }) else {
                    return done(.failure(unavailable("it does not hold the key `\(fingerprint)`")))
                }
                if key.type == "ssh-rsa" { return done(.failure(unsupported(key.type))) }
                identity = key
                done(.success(key))
            }
        }
    }

    /// The bare signature, without the name of its algorithm.
    func sign(_ data: [UInt8], with key: SSHPublicKey, _ done: @escaping Answer) {
        var request = WireWriter()
        request.string(key.blob)
        request.string(data)
        request.number(0)
        ask([13] + request.bytes) { [self] answer in  // SSH_AGENTC_SIGN_REQUEST
            guard case .success(let bytes) = answer else { return done(answer) }
            var reader = WireReader(bytes)
            guard reader.take(1) == [14], let blob = reader.string() else {
                return done(.failure(unavailable("it refused to sign")))
            }
            var inner = WireReader(blob)
            guard inner.string() == Array(key.type.utf8), let signature = inner.string() else {
                return done(.failure(unavailable("its signature is of another type")))
            }
            done(.success(signature))
        }
    }

    func close() {
        if descriptor >= 0 {
            loop.remove(descriptor, token: token)
            Glibc.close(descriptor)
            descriptor = -1
        }
        outgoing = []
        incoming = []
    }

    private func ask(_ body: [UInt8], _ done: @escaping Answer) {
        var frame = WireWriter()
        frame.string(body)
        waiting.append(Request(bytes: frame.bytes, done: done))
        schedule()
    }

    /// In a turn of its own: an answer must never come while its question is still being asked, in the midst of libssh2.
    private func schedule() {
        if isScheduled { return }
        isScheduled = true
        _ = loop.after(.zero) { [weak self] in
            guard let self else { return }
            isScheduled = false
            if !isBusy { begin() }
        }
    }

    private func begin() {
        guard let request = waiting.first else { return }
        isBusy = true
        outgoing = request.bytes[...]
        if descriptor < 0, let problem = connect() {
            // A full backlog is the one thing that cures itself.
            if problem == EAGAIN {
                _ = loop.after(.milliseconds(50)) { [weak self] in self?.begin() }
                return
            }
            return fail(SystemError.text(problem))
        }
        work()
    }

    private func connect() -> Int32? {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if number < 0 { return errno }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            Glibc.close(number)
            return ENAMETOOLONG
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result != 0 {
            let problem = errno
            Glibc.close(number)
            return problem
        }
        descriptor = number
        token = loop.add(number, self)
        return nil
    }

    func ready(isGone: Bool) { work() }

    private func work() {
        while !outgoing.isEmpty {
            let count = outgoing.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EAGAIN { break }
            if count <= 0 { return fail(SystemError.text(errno)) }
            outgoing = outgoing.dropFirst(count)
        }
        receive()
    }

    private func receive() {
        while descriptor >= 0 {
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, filled in
                count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                filled = max(0, count)
            }
            if count < 0 && errno == EAGAIN { return }
            if count <= 0 { return fail("it closed the connection") }
            incoming += chunk
            var reader = WireReader(incoming)
            // An agent of many keys answers with some tens of KiB; a length of 16 MiB is noise.
            if let length = reader.number(), length > 1 << 24 { return fail("its answer makes no sense") }
            reader = WireReader(incoming)
            guard let answer = reader.string() else { continue }
            incoming = []
            finish(.success(answer))
        }
    }

    private func fail(_ reason: String) {
        close()
        finish(.failure(unavailable(reason)))
    }

    private func finish(_ answer: Result<[UInt8], SSHError>) {
        guard isBusy else { return }
        isBusy = false
        let request = waiting.removeFirst()
        if !waiting.isEmpty { schedule() }
        request.done(answer)
    }

    private static func keys(_ answer: [UInt8]) -> [SSHPublicKey] {
        var reader = WireReader(answer)
        guard reader.take(1) == [12], let count = reader.number() else { return [] }
        var keys: [SSHPublicKey] = []
        for _ in 0..<min(count, 1024) {
            guard let blob = reader.string(), reader.string() != nil else { break }
            if let key = SSHPublicKey(blob: blob) { keys.append(key) }
        }
        return keys
    }

    private func unavailable(_ reason: String) -> SSHError {
        SSHError(subject: "ssh agent `\(path)`", .agentUnavailable(reason: reason))
    }

    private func unsupported(_ type: String) -> SSHError {
        SSHError(subject: "ssh agent `\(path)`", .keyUnsupported(type: type))
    }
}
