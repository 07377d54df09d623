// Public key authentication with one identity. libssh2 asks for the signature through a call-back, which may say
// "would block": so an agent, however slow, never stops the loop.
import CLibSSH2
import Glibc

struct AuthenticationState {
    var key: SSHPublicKey?
    /// The agent's signature, once it has come.
    var answer: [UInt8]?
    var isAsking = false
    /// Set after a refusal: the methods that the host would accept are still to be asked for.
    var isRefused = false
}

private typealias SignCallback =
    @convention(c) (
        OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, UnsafeMutablePointer<Int>?,
        UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int32

private let sign: SignCallback = { _, signature, count, data, dataCount, context in
    guard let signature, let count, let raw = context?.pointee else { return -1 }
    let connection = Unmanaged<Connection>.fromOpaque(raw).takeUnretainedValue()
    guard let bytes = connection.signature(over: UnsafeBufferPointer(start: data, count: dataCount)) else {
        return LIBSSH2_ERROR_EAGAIN
    }
    if bytes.isEmpty { return -1 }
    // libssh2 frees it with the session's allocator, which is malloc's.
    guard let copy = malloc(bytes.count) else { return -1 }
    bytes.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    signature.pointee = copy.assumingMemoryBound(to: UInt8.self)
    count.pointee = bytes.count
    return 0
}

extension Connection {
    func beginAuthentication() {
        phase = .authenticating
        restartStageTimer(plan.deadlines.authentication) { $0.authenticationTimedOut() }
        switch plan.signer {
        case .key(let key, _): authentication.key = key.publicKey
        case .agent(let agent):
            authentication.isAsking = true
            agent.withIdentity { [weak self] result in
                guard let self, phase == .authenticating else { return }
                authentication.isAsking = false
                switch result {
                case .success(let key):
                    authentication.key = key
                    step()
                case .failure(let error): fail(error, .none)
                }
            }
        }
    }

    private func authenticationTimedOut() {
        if authentication.isAsking {
            fail(.agentUnavailable(reason: "no answer before the deadline"), .none)
        } else {
            fail(.timedOut(.authentication), .none)
        }
    }

    func authenticate() {
        guard let session, let key = authentication.key else { return }
        if authentication.isRefused { return refused(session, key) }
        var context: UnsafeMutableRawPointer? = Unmanaged.passUnretained(self).toOpaque()
        let result = libssh2_userauth_publickey(session, endpoint.user, key.blob, key.blob.count, sign, &context)
        if result == LIBSSH2_ERROR_EAGAIN { return }
        guard phase == .authenticating else { return }
        if result == 0 {
            loop.cancel(stageTimer)
            phase = .ready
            return owner.connectionIsReady(self)
        }
        // −19 with these words is "the peer went away", not "no": the stream's end is told by the socket, a protocol
        // error by nothing else.
        let reason = SessionText.lastError(session)
        if reason.hasPrefix("waiting") || result == LIBSSH2_ERROR_SOCKET_SEND {
            return fail(.connectionLost(inMidCommand: false), .retry(wasReset: false))
        }
        if reason.hasPrefix("callback") {
            return fail(.keyUnreadable(reason: "libcrypto could not sign with it"), .none)
        }
        authentication.isRefused = true
        refused(session, key)
    }

    /// nil: not yet.
    fileprivate func signature(over data: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        switch plan.signer {
        case .key(let key, _): return key.signature(over: data)
        case .agent(let agent):
            if let answer = authentication.answer { return answer }
            guard let key = authentication.key, !authentication.isAsking else { return nil }
            authentication.isAsking = true
            agent.sign(Array(data), with: key) { [weak self] result in
                guard let self, phase == .authenticating else { return }
                authentication.isAsking = false
                switch result {
                case .success(let bytes):
                    authentication.answer = bytes
                    step()
                case .failure(let error): fail(error, .none)
                }
            }
            return nil
        }
    }

    /// Asks which methods would do, for the error's sake only: one round trip more, and only after a refusal.
    private func refused(_ session: OpaquePointer, _ key: SSHPublicKey) {
        let list = libssh2_userauth_list(session, endpoint.user, UInt32(endpoint.user.utf8.count))
        if list == nil, libssh2_session_last_errno(session) == LIBSSH2_ERROR_EAGAIN, socket?.pointee.ended == 0 {
            return
        }
        let methods = list.map { String(cString: $0).split(separator: ",").map(String.init) } ?? []
        let name =
            switch plan.signer {
            case .key(_, let name): name
            case .agent: "the ssh agent"
            }
        let tried = Signer.words(key, name: name)
        fail(.authenticationRefused(user: endpoint.user, tried: tried, offered: methods), .none)
    }
}
