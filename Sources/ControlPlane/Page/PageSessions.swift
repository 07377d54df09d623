// Browsers that may look: a token is traded for a one-time code, the code for a cookie. The cookie reads and changes
// nothing, whatever the token may; all of it lives in memory and ends with the process.

import Crypto
import FleetModel
import FoundationEssentials
import Hummingbird

/// One-time codes and the sessions they opened.
actor PageSessions {
    /// Long enough to switch to a browser; the code stands in its history.
    static let codeLifetime = Duration.seconds(60)
    /// A working day; the next morning `muster open` again.
    static let sessionLifetime = Duration.seconds(12 * 3600)
    /// More than a team opens; the oldest makes room, so that nobody can fill the memory.
    static let most = 256
    /// `__Host-` makes browsers insist on Secure, on the path `/` and on this very host.
    static let cookieName = "__Host-muster"

    private struct Entry {
        let tokenSHA256: String
        let expires: Duration
    }

    private let elapsed: @Sendable () -> Duration
    private var codes: [String: Entry] = [:]
    private var sessions: [String: Entry] = [:]

    init(elapsed: @escaping @Sendable () -> Duration) { self.elapsed = elapsed }

    func makeCode(for tokenSHA256: String) -> Secret {
        let code = Self.randomText()
        codes = Self.pruned(codes, now: elapsed())
        codes[TokenText.sha256(of: code.exposed)] = Entry(
            tokenSHA256: tokenSHA256, expires: elapsed() + Self.codeLifetime)
        return code
    }

    /// Trades a code for a session's cookie value; a code is good once.
    func redeem(_ code: String) -> Secret? {
        guard let entry = codes.removeValue(forKey: TokenText.sha256(of: code)), entry.expires > elapsed() else {
            return nil
        }
        let session = Self.randomText()
        sessions = Self.pruned(sessions, now: elapsed())
        sessions[TokenText.sha256(of: session.exposed)] = Entry(
            tokenSHA256: entry.tokenSHA256, expires: elapsed() + Self.sessionLifetime)
        return session
    }

    /// The digest of the token behind a request's cookie; nil when it has no session.
    func token(of request: Request) -> String? {
        guard let value = request.cookies[Self.cookieName]?.value,
            let entry = sessions[TokenText.sha256(of: value)], entry.expires > elapsed()
        else { return nil }
        return entry.tokenSHA256
    }

    private static func pruned(_ entries: [String: Entry], now: Duration) -> [String: Entry] {
        var living = entries.filter { $0.value.expires > now }
        while living.count >= most, let oldest = living.min(by: { $0.value.expires < $1.value.expires }) {
            living[oldest.key] = nil
        }
        return living
    }

    private static func randomText() -> Secret {
        Secret(Base64URL.text(of: SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }))
    }
}
